"""`plainfilm audit`: of sources, of a run, with a model of the same split; nothing about a patient or a file leaves."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def run(trained, tmp_path_factory):
    """A copy of a run that was trained on phantoms, audited in the full form."""
    folder = tmp_path_factory.mktemp("audit") / "run"
    shutil.copytree(trained[0], folder)
    shutil.rmtree(folder / "audit", ignore_errors=True)
    return folder


def test_a_run_is_audited_with_its_model_into_its_own_folder(cli, run):
    ran = cli("audit", run, "--lang", "en")
    assert ran.code == 0, ran.err
    found = json.loads((run / "audit" / "audit.json").read_text())
    assert found["shortcuts"]["method"]["split"] == "test"
    assert found["shortcuts"]["model"]["n"] == found["shortcuts"]["method"]["films"]
    assert not found["shortcuts"]["method"]["cheap"]
    assert found["leaks"]["near"]["films"] == 6  # of the three planted copies
    assert {path.name for path in (run / "audit").iterdir()} == {
        *("audit.json", "pairs.html", "clusters.csv", "shortcuts.png")
    }
    assert ran.out.index("Shortcuts") < ran.out.index("Exact")


def test_the_trained_run_has_a_cheap_audit_and_a_report(trained):
    found = json.loads((trained[0] / "audit" / "audit.json").read_text())
    assert found["shortcuts"]["method"]["cheap"]
    assert (trained[0] / "report.html").is_file()


def test_sources_are_audited_without_a_model(cli, phantoms, tmp_path):
    ran = cli("audit", phantoms, "--out", tmp_path / "a", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found == json.loads((tmp_path / "a" / "audit.json").read_text())
    assert found["model"] is None
    assert found["shortcuts"]["model"] is None
    assert all(view["share"] is None for view in found["shortcuts"]["views"])
    assert str(phantoms) not in ran.out
    assert ".png" not in ran.out


@pytest.mark.parametrize(("language", "words"), [("en", "with another split"), ("zh", "另一种划分")])
def test_a_model_of_another_split_is_refused(cli, model, phantoms, tmp_path, language, words):
    ran = cli("audit", phantoms, "--model", model, "--recipe", "fast", "--out", tmp_path / "a", "--lang", language)
    assert ran.code == 2
    assert words in ran.err
    assert not (tmp_path / "a").exists()


def test_a_model_is_audited_on_the_index_of_its_run(cli, run, tmp_path):
    ran = cli("audit", run / "index.csv", "--model", run / "model.onnx", "--lang", "zh")
    assert ran.code == 0, ran.err
    assert "捷径" in ran.out
