"""The rule for subjects of commits: what it refuses, and which commits it looks at."""

import importlib.util
import subprocess
from pathlib import Path

import pytest
from builders import program

SCRIPT = Path(__file__).parents[1] / ".ci" / "subjects.py"


@pytest.fixture(scope="module")
def rule():
    spec = importlib.util.spec_from_file_location("subjects", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(folder: Path, *words: str) -> None:
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, *subjects: str) -> None:
    for subject in subjects:
        run(folder, "commit", "--allow-empty", "--no-verify", "-m", subject)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One with the rule, which came with its third commit, and a branch from before."""
    program("git")
    run(tmp_path, "init")
    commit(tmp_path, "First", "Older")
    run(tmp_path, "branch", "side")
    (tmp_path / "rule").touch()
    run(tmp_path, "add", "rule")
    commit(tmp_path, "Add the rule")
    return tmp_path


@pytest.mark.parametrize("subject", ["Add a figure", "Need no network", "A" * 72, "Page: show the map", "Bring ends"])
def test_a_good_subject_passes(rule, subject: str) -> None:
    assert list(rule.faults(subject)) == []


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("A" * 73, "73 characters"),
        ("add a figure", "capital"),
        ("Add a figure.", "full stop"),
        ("Added a figure", "'Added'"),
        ("Adding: a figure", "'Adding'"),
        ("", "capital"),
    ],
)
def test_a_bad_subject_is_refused(rule, subject: str, fault: str) -> None:
    (found,) = rule.faults(subject)
    assert fault in found


def test_only_what_came_after_the_rule_is_judged(rule, repository: Path) -> None:
    assert rule.subjects(repository, "rule") == []
    run(repository, "checkout", "-b", "onward")
    commit(repository, "Add one")
    run(repository, "checkout", "side")
    commit(repository, "begun before the rule")
    run(repository, "checkout", "onward")
    run(repository, "merge", "--no-ff", "--no-edit", "side")
    commit(repository, "Add two")
    assert rule.subjects(repository, "rule") == ["Add two", "Add one"]


def test_nothing_is_judged_without_a_history(rule, repository: Path) -> None:
    commit(repository, "newer")
    assert rule.subjects(repository, "rule") == ["newer"]
    run(repository, "clone", "--depth", "1", repository.as_uri(), "shallow")
    assert rule.subjects(repository / "shallow", "rule") == []
    inside = repository / "sources"
    inside.mkdir()
    assert rule.subjects(inside, "rule") == []  # the history around it is another project's
