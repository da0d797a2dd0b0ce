import subprocess
import sys

import pytest

from plainfilm.errors import OutputError
from plainfilm.io import files
from plainfilm.io import run_folder as lock

HOLDER = """
import sys
from pathlib import Path
from plainfilm.io import run_folder as lock
with Path(sys.argv[1]).open("r+") as file:
    assert lock._lock(file.fileno())
    print("locked", flush=True)
    for _ in sys.stdin:
        file.seek(0)
        file.truncate()
        file.write("42 here")
        file.flush()
        print("told", flush=True)
"""


def test_a_refusal_names_the_process_that_holds_the_folder_not_one_that_was_killed_in_it(tmp_path, monkeypatch):
    path = tmp_path / files.LOCK_NAME
    path.write_text("41 elsewhere")  # what the killed one left
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "locked\n"

        def sleep(_: float) -> None:
            print(file=holder.stdin, flush=True)
            holder.stdout.readline()

        monkeypatch.setattr(lock.time, "sleep", sleep)
        with pytest.raises(OutputError) as refused, lock.held(tmp_path):
            pass
        holder.stdin.close()
    assert refused.value.parameters == {"path": str(tmp_path), "process": "42", "host": "here"}


def test_the_lock_and_a_folder_made_for_it_vanish(tmp_path):
    with lock.held(tmp_path / "run"):
        assert (tmp_path / "run" / files.LOCK_NAME).exists()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError) as refused, lock.held(tmp_path / "file"):
        pass
    assert refused.value.code == "output-exists"
