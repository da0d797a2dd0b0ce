"""A data set that moved: what needs its films takes them from the new place, and no others for them."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plainfilm.data.film_index import read_index
from plainfilm.errors import SourceError, UsageError
from plainfilm.workflows.prepare import check_films, moved
from tests.conftest import Cli, Ran, command


@pytest.fixture
def settled(trained: tuple[Path, Ran], phantoms: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A run and its data set, both of this test alone."""
    run, data = tmp_path / "run", tmp_path / "data"
    shutil.copytree(trained[0], run, ignore=shutil.ignore_patterns("audit"))
    shutil.copytree(phantoms, data)
    side = json.loads((run / "index.json").read_text())
    (run / "index.json").write_text(json.dumps(side | {"sources": [str(data)]}))
    return run, data


@pytest.fixture(scope="module")
def audited(trained: tuple[Path, Ran], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the audit of the run says where its films have not moved."""
    run = tmp_path_factory.mktemp("unmoved") / "run"
    shutil.copytree(trained[0], run)
    out, err = command("audit", run, "--json").communicate()
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    return found


def zipped(data: Path) -> Path:
    """The data set as an archive beside it; the folder is gone."""
    path = data.parent / "films.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for film in sorted(data.rglob("*.png")):
            archive.write(film, film.relative_to(data).as_posix())
    shutil.rmtree(data)
    return path


def linked(data: Path) -> Path:
    """A link to the data set, which has moved."""
    data.rename(data.parent / "moved")
    (data.parent / "link").symlink_to(data.parent / "moved")
    return data.parent / "link"


WAYS: dict[str, Callable[[Path], Path]] = {
    "renamed": lambda data: data.rename(data.parent / "moved"),
    "deeper": lambda data: Path(shutil.move(data, data.parent / "disk" / "2" / "x")),
    "zipped": zipped,
    "linked": linked,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_run_is_audited_where_its_films_are_now(
    cli: Cli, settled: tuple[Path, Path], audited: dict[str, Any], way: str
) -> None:
    """With the pixels in the run's store, and without."""
    run, data = settled
    (data.parent / "disk" / "2").mkdir(parents=True)
    if way != "renamed":
        (run / "pixels-64.json").unlink()
    there = WAYS[way](data)
    refused = cli("audit", run, "--lang", "en")
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert str(data) in refused.err
    assert "--source" in refused.err
    assert not (run / "audit").exists()
    after = cli("audit", run, "--source", there, "--json")
    assert after.code == 0, after.err
    assert json.loads(after.out) == audited


@pytest.mark.parametrize("language", ["en", "zh"])
def test_other_films_are_not_taken_for_them(
    cli: Cli, settled: tuple[Path, Path], strangers: Path, language: str
) -> None:
    run, _ = settled
    ran = cli("audit", run, "--source", strangers, "--lang", language)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert str(strangers) in ran.err
    assert "--source" in ran.err


@pytest.mark.parametrize("how", ["changed", "swapped", "missing", "emptied"])
@pytest.mark.parametrize("is_given", [True, False])
def test_one_film_that_is_not_there_or_another_is_noticed(
    cli: Cli, settled: tuple[Path, Path], how: str, is_given: bool
) -> None:
    """Also where the pixels are in the run's store, and where the data set has not moved."""
    run, data = settled
    first, second = sorted(data.rglob("*.png"))[:2]
    if how == "changed":
        first.write_bytes(first.read_bytes() + b"\0")
    elif how == "swapped":
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
    elif how == "missing":
        first.unlink()
    else:
        shutil.rmtree(data)
        data.mkdir()
    ran = cli("audit", run, *(("--source", data) if is_given else ()), "--lang", "en")
    assert (ran.code, ran.out) == (1, "")
    assert str(data) in ran.err
    assert first.name in ran.err
    counts = {"changed": (0, 1), "swapped": (0, 2), "missing": (1, 0), "emptied": (120, 0)}[how]
    assert "of 120, {} are not there and {} are other files".format(*counts) in ran.err


def test_a_run_goes_on_where_its_films_are_now(cli: Cli, settled: tuple[Path, Path]) -> None:
    run, data = settled
    there = data.rename(data.parent / "moved")
    (run / "pixels-64.json").unlink()
    refused = cli("train", "--resume", run, "--lang", "en")
    assert (refused.code, refused.out) == (1, "")
    assert str(data) in refused.err
    assert "--source" in refused.err
    assert cli("train", "--resume", run, "--source", there).code == 0
    assert json.loads((run / "index.json").read_text())["sources"] == [str(data)]


def test_a_source_for_each_of_the_runs_own(trained: tuple[Path, Ran], phantoms: Path, tmp_path: Path) -> None:
    index = read_index(trained[0] / "index.csv")
    check_films(index)
    assert moved(index, [phantoms]).rows == index.rows
    for given in ([phantoms, phantoms], []):
        with pytest.raises(UsageError, match="moved-count"):
            moved(index, given)
    with pytest.raises(SourceError, match="source-missing"):
        moved(index, [tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "words", [("audit", "{films}", "--source", "{films}"), ("train", "{films}", "--source", "{films}")]
)
def test_without_a_run_there_is_no_new_place(cli: Cli, phantoms: Path, words: tuple[str, ...]) -> None:
    ran = cli(*(word.format(films=phantoms) for word in words), "--lang", "en")
    assert (ran.code, ran.out) == (2, "")
    assert "--source" in ran.err


def test_an_index_whose_films_moved_says_where_they_were(
    cli: Cli, settled: tuple[Path, Path], short_recipe: Path
) -> None:
    run, data = settled
    data.rename(data.parent / "moved")
    for words in (("train",), ("audit",)):
        ran = cli(*words, run / "index.csv", "--recipe", short_recipe, "--out", data.parent / "out", "--lang", "en")
        assert ran.code == 1
        assert str(data) in ran.err
        assert "--source" in ran.err
