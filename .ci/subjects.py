"""Do the subjects of the commits say in the imperative, in at most 72 characters, what each does?

    python .ci/subjects.py

Looks at the commits that come after the one that added this file (in a shallow clone, after the oldest one); at none
where there is no history, as in an archive of the sources. Prints what is wrong and exits with 1. A machine knows few
verbs: it finds a first word without a capital, or in the past tense or the gerund.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULE = Path(__file__).resolve().relative_to(ROOT).as_posix()
LONGEST = 72  # what `git log --oneline` shows in 80 columns
VERBS = {"Bring", "Embed", "Exceed", "Feed", "Need", "Ping", "Proceed", "Seed", "Shed", "Speed", "String", "Succeed"}
"""Imperatives that look like another form."""


def main() -> None:
    """Judge the subjects of this repository."""
    found = [f"{subject!r}: {fault}" for subject in subjects(ROOT) for fault in faults(subject)]
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    sys.exit(1 if found else 0)


def subjects(folder: Path, rule: str = RULE) -> list[str]:
    """The subjects of the commits to judge, newest first; merges are named by git."""
    added = (git(folder, "log", "--diff-filter=A", "--format=%H", "--", rule) or "").split()
    if not added:
        return []
    after = git(folder, "log", "--no-merges", "--format=%s", "--ancestry-path", f"{added[-1]}..HEAD")
    return (after or "").splitlines()


def git(folder: Path, *words: str) -> str | None:
    """What git prints in that folder; None if it fails, is not there, or the folder is no repository."""
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}  # not the history of a folder around it
    try:
        done = subprocess.run(["git", *words], cwd=folder, env=alone, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def faults(subject: str) -> Iterator[str]:
    """What is wrong with a subject."""
    first = re.split(r"\W", subject)[0]
    if len(subject) > LONGEST:
        yield f"{len(subject)} characters; at most {LONGEST}"
    if not subject[:1].isupper():
        yield "begin with a capital letter"
    if subject.endswith("."):
        yield "end without a full stop"
    if first.endswith(("ed", "ing")) and first not in VERBS:
        yield f"say what the commit does, in the imperative, instead of {first!r}"


if __name__ == "__main__":
    main()
