"""`plainfilm course`: the notebooks and their phantoms, in a folder."""

from pathlib import Path

from plainfilm.course import PHANTOMS
from plainfilm.course.chapters import CHAPTERS, notebook
from plainfilm.data import phantom
from plainfilm.io import files, tables

SIZE_PX = 128
PER_CLASS = 120
PER_CLASS_ELSEWHERE = 40
NUM_COPIES = 6
FILMS_A_PATIENT = 2  # two films after each other show one patient, as far as the table goes


def write_course(folder: Path, language: str) -> list[Path]:
    """Write the notebooks in a language into the new folder, and the phantoms that they train on.

    Returns the paths of the notebooks, in order. Raises OutputError where anything is there.
    """
    files.new_folder(folder)
    write_phantoms(folder / PHANTOMS)
    paths = []
    for chapter in CHAPTERS:
        paths.append(folder / f"{chapter.name}.ipynb")
        files.write_text(paths[-1], notebook(chapter, language))
    return paths


def write_phantoms(folder: Path) -> None:
    """Three sets of phantoms: `films`, with copies and a table of patients; `marked`, in which most COVID films and few
    others have a marker; `elsewhere`, in which most normal ones have it.
    """
    phantom.write_folder(folder / "films", seed=1, per_class=PER_CLASS, size=SIZE_PX, duplicates=NUM_COPIES)
    rows = [
        (phantom.file_name(label, number), label, f"{label}-{(number - 1) // FILMS_A_PATIENT}", "school")
        for label in phantom.CLASSES
        for number in range(1, PER_CLASS + 1)
    ]
    files.write_text(folder / "films.csv", tables.to_csv([("path", "label", "patient", "source"), *rows]))
    for name, seed, per_class, share in (
        ("marked", 2, PER_CLASS, {"COVID": 0.95, "NORMAL": 0.05, "Viral_Pneumonia": 0.05}),
        ("elsewhere", 3, PER_CLASS_ELSEWHERE, {"COVID": 0.05, "NORMAL": 0.95, "Viral_Pneumonia": 0.05}),
    ):
        phantom.write_folder(folder / name, seed=seed, per_class=per_class, size=SIZE_PX, marker_share=share)
