"""The generator of data sets: what it calls the truth is what lies on the disk."""

import os
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from faults import wild, wild_cells, wild_damages, wild_oracle, wild_tables
from faults import wild_films as films
from faults import wild_skins as skins
from faults.wild_layouts import LAYOUTS, lay
from faults.wild_truth import ALWAYS, NEVER, Draft
from plainfilm.data.decoding.film_file import decode
from plainfilm.data.duplicates import search
from plainfilm.randomness import generator
from tests.conftest import Ran

SEEDS = range(3 * len(LAYOUTS))


@pytest.fixture(scope="module")
def drafts() -> list[Draft]:
    """Each layout three times, the first of them plain."""
    return [wild.draw(seed) for seed in SEEDS]


def test_there_are_sixty_layouts_and_each_is_drawn_three_times_in_200_seeds(drafts):
    assert 60 <= len(LAYOUTS) <= 200 // 3
    names = [draft.words[0] for draft in drafts]
    assert {name: names.count(name) for name in LAYOUTS} == dict.fromkeys(LAYOUTS, 3)


def test_a_seed_draws_the_same_data_set_again(drafts):
    for seed in range(0, len(SEEDS), 7):
        again = wild.draw(seed)
        assert (again.truth(), again.tables, again.options) == (
            drafts[seed].truth(),
            drafts[seed].tables,
            drafts[seed].options,
        )


def test_no_film_of_the_pool_is_a_copy_of_another():
    pool = [films.pixels(number) for number in range(films.NUM_FILMS)]
    thumbnails = np.stack([search.thumbnail(pixels) for pixels in pool])
    assert search.find_pairs(thumbnails, [str(number) for number in range(len(pool))]) == []


@pytest.mark.parametrize("form", [*films.FORMS, "dicom"])
def test_every_form_keeps_the_picture(form):
    data = films.film_bytes(0, form, "17")
    found = decode(data).pixels
    difference = found.astype(int) - films.pixels(0).astype(int)
    assert np.corrcoef(found.ravel(), films.pixels(0).ravel())[0, 1] > 0.98
    assert form not in ("png", "bmp", "webp", "jp2", "tiff") or not difference.any()


def test_what_is_used_and_what_is_not_is_what_lies_there(drafts, tmp_path):
    for seed, draft in enumerate(drafts):
        folder = tmp_path / str(seed)
        skins.write(draft, folder)
        for origin, source in enumerate(draft.sources):
            truth = {path: file for (place, path), file in draft.truth().items() if place == origin}
            assert len(truth) == len(source.files), "two names are one"
            if source.skin == "folder":
                expected = {path for path, file in source.files.items() if not file.is_behind}
                assert set(_listed(folder / source.name)) == expected
            else:
                assert _num_members(folder / source.name) == len(source.files)


def _listed(root: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in [*names, *links]]
    return found


def _num_members(path: Path) -> int:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return sum(not info.is_dir() for info in archive.infolist())
    with tarfile.open(path) as archive:
        return len(archive.getnames())


def test_every_film_that_must_be_used_has_a_class_and_bytes_of_its_own(drafts):
    for draft in drafts:
        used = [file for _, _, file in draft.all_files() if file.use == ALWAYS]
        assert all(file.film and file.film.label and file.content for file in used)
        numbers = {file.content: file.film.number for file in used}
        assert len(set(numbers.values())) == len(numbers)


def test_no_patient_is_given_for_two_parts(drafts):
    for draft in drafts:
        parts: dict[str, set[str]] = {}
        for film in draft.films:
            parts.setdefault(film.patient or f"film {film.number}", set()).add(film.part)
        assert all(len(names) == 1 for names in parts.values())


def test_rows_are_counted_as_they_are_written(drafts):
    for draft in drafts:
        for table in draft.tables:
            encoding = "utf-16" if table.data[:2] == b"\xff\xfe" else "utf-8-sig"
            lines = [line for line in table.data.decode(encoding).splitlines() if line.strip()]
            has_headings = not table.name.endswith(("train.txt", "val.txt", "test.txt"))
            assert len(lines) - has_headings == table.fit + table.unfit + table.twice


def test_every_oddity_and_every_damage_is_drawn():
    said = " ".join(word for seed in range(6 * len(LAYOUTS)) for word in wild.draw(seed).words)
    assert [name for name in (*wild_cells.ODDITIES, *wild_damages.DAMAGES) if name not in said] == []


def test_plain_data_sets_are_drawn_without_damage(drafts):
    for draft in drafts[: len(LAYOUTS)]:
        assert len(draft.words) <= 2
        assert not draft.recipe


def test_pipes_are_pipes(tmp_path):
    draft = next(draft for seed in range(2000) if "a pipe" in (draft := wild.draw(seed)).words)
    skins.write(draft, tmp_path / "set")
    pipes = [path for _, path, file in draft.all_files() if file.is_pipe]
    found = [path for path in tmp_path.rglob("*") if stat.S_ISFIFO(path.lstat().st_mode)]
    assert len(found) == len(pipes) == 1


# --- the oracle ------------------------------------------------------------------------------------------------------


def _told_rightly(draft: Draft) -> wild_oracle.Found:
    """What a program that makes no mistake says of a data set of class folders."""
    used = [(path, file) for _, path, file in draft.all_files() if file.use == ALWAYS]
    rows = [
        {
            "path": path,
            "origin": "0",
            "label": file.film.label,
            "split": "train",
            "sha256": wild_oracle.sha256(file.content),
        }
        for path, file in used
    ]
    summary = {
        "classes": sorted({row["label"] for row in rows}),
        "split": {},
        "balance": {"files": len(rows), "used": len(rows), "left_out": [], "tables": [], "warnings": []},
    }
    return wild_oracle.Found(summary, rows)


def test_a_right_answer_is_right():
    draft = wild.draw(0)
    assert wild_oracle.judge(draft, _told_rightly(draft), Ran(0, "[]", "")) == []


def _without_a_film(found: wild_oracle.Found) -> None:
    del found.rows[0]
    for name in ("files", "used"):
        found.summary["balance"][name] -= 1


def _without_two_and_a_word(found: wild_oracle.Found) -> None:
    del found.rows[:2]
    found.summary["balance"]["used"] -= 2
    found.summary["balance"]["left_out"] = [{"reason": "hidden", "files": 2}]


def _under_another_class(found: wild_oracle.Found) -> None:
    found.rows[0]["label"] = next(row["label"] for row in found.rows if row["label"] != found.rows[0]["label"])


def _with_a_class_of_a_folder(found: wild_oracle.Found) -> None:
    found.summary["classes"].append(".ipynb_checkpoints")


def _with_a_needless_warning(found: wild_oracle.Found) -> None:
    found.summary["balance"]["warnings"].append({"code": "x", "message": "x"})


@pytest.mark.parametrize(
    ("harm", "kinds"),
    [
        (_without_a_film, {"UNUSED", "SUMS", "SILENT"}),
        (_without_two_and_a_word, {"UNUSED", "REASON", "SILENT"}),
        (_under_another_class, {"LABEL"}),
        (_with_a_class_of_a_folder, {"CLASS"}),
        (_with_a_needless_warning, {"ALARM"}),
    ],
)
def test_a_wrong_answer_is_found(harm, kinds):
    draft = wild.draw(0)
    found = _told_rightly(draft)
    harm(found)
    lines = wild_oracle.judge(draft, found, Ran(0, "[]", ""))
    assert kinds <= {line.partition(":")[0] for line in lines}


def test_a_parted_patient_and_a_changed_part_are_found():
    draft = lay(LAYOUTS["class folders"], generator(0, "test"), "class folders", 8)
    wild_tables.add_table(draft, wild_tables.Style(oddities=("a column split",)), names_classes=True)
    wild.keep_split(draft)
    truth = draft.truth()
    found = _told_rightly(draft)
    patients = [truth[0, row["path"]].patient for row in found.rows]
    twice = next(place for place, patient in enumerate(patients) if patient and patients.count(patient) > 1)
    for row in found.rows:
        row["split"] = truth[0, row["path"]].part
    found.rows[twice]["split"] = "test"
    kinds = {line.partition(":")[0] for line in wild_oracle.judge(draft, found, None)}
    assert {"PARTED", "PART"} <= kinds


def test_a_plain_data_set_must_not_be_refused():
    draft = wild.draw(0)
    refusal = wild_oracle.read(Ran(1, "", "error: it cannot be read"), Path())
    assert wild_oracle.judge(draft, refusal, None) == ["REFUSED: error: it cannot be read"]
    draft.may_refuse = "nobody can tell"
    assert wild_oracle.judge(draft, refusal, None) == []


@pytest.mark.parametrize("ran", [Ran(-9, "", ""), Ran(1, "", "Traceback (most recent call last)"), Ran(1, "", "")])
def test_a_crash_is_no_refusal(ran):
    draft = wild.draw(0)
    draft.may_refuse = "nobody can tell"
    lines = wild_oracle.judge(draft, wild_oracle.read(ran, Path()), None)
    assert [line.partition(":")[0] for line in lines] == ["CRASH"]


def test_what_is_left_out_is_never_used(drafts):
    for draft in drafts:
        assert all(file.reasons for _, _, file in draft.all_files() if file.use == NEVER)
