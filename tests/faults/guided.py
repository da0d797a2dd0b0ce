"""Mutants guided by coverage: atheris changes what reached a new line of the decoders, again and again.

    python guided.py RUNS FOLDER

Atheris is a program's own main loop, so it runs in a process of its own; it ends at the first input that raises what it
should not, hangs or crashes, and leaves it in FOLDER.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

LONGEST_S = 5
MOST_MB = 2048  # of memory, the instrumented program and all that it imports


def guided(runs: int, folder: Path) -> list[str]:
    """What came of `runs` inputs that should not have; nothing where atheris is not there, which CI does not accept."""
    if importlib.util.find_spec("atheris") is None:
        return ["atheris is not installed: CI has to install it"] if os.environ.get("CI") else []
    done = subprocess.run([sys.executable, __file__, str(runs), folder], capture_output=True, text=True, check=False)
    (folder / "guided.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode == 0 and f"Done {runs} runs" in done.stderr:
        return []
    found = [line for line in done.stderr.splitlines() if "Error" in line or "ERROR" in line or "Test unit" in line]
    return [f"guided by coverage: ended with {done.returncode}: {' / '.join(found)[:300]}"]


def main() -> None:
    """Start from the good films, and take RUNS inputs."""
    import atheris

    with atheris.instrument_imports(include=["plainfilm.data", "PIL"]):
        from faults.film_seeds import film_seeds
        from faults.mutation import changed
        from plainfilm.data.decoding.film_file import decode
        from plainfilm.errors import FilmError
        from plainfilm.randomness import generator

    runs, folder = sys.argv[1], Path(sys.argv[2])
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    good = film_seeds()
    for number, data in enumerate(good.values()):
        (corpus / f"{number:02d}").write_bytes(data)
    films = [*good.values()]

    def decode_or_refuse(data: bytes) -> None:
        try:
            decode(data)
        except FilmError:
            return

    def change(data: bytes, most_bytes: int, seed: int) -> bytes:
        """Half of the changes know what a film is made of; the others are libFuzzer's."""
        draws = generator(seed, "guided")
        if draws.random() < 0.5:
            return changed(data, films, draws)[:most_bytes]
        return atheris.Mutate(data, most_bytes)

    longest = max(map(len, films)) * 2
    options = [f"-runs={runs}", f"-timeout={LONGEST_S}", f"-rss_limit_mb={MOST_MB}", f"-max_len={longest}", "-seed=1"]
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={folder}/", str(corpus)], decode_or_refuse, custom_mutator=change
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
