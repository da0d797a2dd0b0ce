"""A third language made of the English one: accented, half as long again, in a copy of the package.

What a machine reads stays as it is: options, names of files and keys, what stands between backticks or braces.
"""

import pprint
import re
import shutil
from pathlib import Path

import plainfilm
from plainfilm.config import recipe_names

NAME, TAG = "Pšéüdö", "x-pseudo"
LANGUAGE = "qps"
VALUES = {"NORMAL", "Viral", "Pneumonia", "COVID", "normal", "lungs", "viral", "pneumonia"}  # classes and their names
NAMES = {  # of programs, libraries, recipes, settings, files
    *(
        "python",
        "plainfilm",
        *recipe_names(),
        "train",
        "validation",
        "test",
        "strangers",
        "unbroken",
    ),
    *(
        "numpy",
        "pillow",
        "onnx",
        "onnxruntime",
        "torch",
        "cpu",
        "squash",
        "letterbox",
        "NVIDIA",
        "dicom",
        "linux",
        "Python",
        "Loss",
        "Acc",
        "Eval",
    ),
    *("default", "none", "cosine", "radiograph", "adamw", "grouped", "reference"),
}
ACCENTED = str.maketrans("aceinosuyzACEINOSUYZ", "áçéíñöšüýžÁÇÉÍÑÖŠÜÝŽ")
LONGER = "ëé"  # what every word gets more of
KEPT = re.compile(
    r"\{[^{}]*\}"  # what a value is put into
    r"|`[^`]*`"
    r"|--?[a-zA-Z][\w-]*"  # options
    r"|https?://\S+"
    r"|[\w*.-]*[._/][\w*./-]*\w"  # names of files, paths, keys
    r"|\b[A-Z0-9][A-Z0-9_:@-]+\b"  # SOURCE, DICOM, A,B,C
    r"|\w*\d[\w.]*"
)
WORD = re.compile(r"[A-Za-z]+")


def pseudo(sentence: str) -> str:
    """A sentence of the pseudo-language.

    >>> pseudo("give --out {folder} again")
    'gívéëé --out {folder} ágáíñëé'
    """
    parts, start = [], 0
    for kept in KEPT.finditer(sentence):
        parts += [_words(sentence[start : kept.start()]), kept[0]]
        start = kept.end()
    return "".join([*parts, _words(sentence[start:])])


def _words(plain: str) -> str:
    return WORD.sub(lambda word: word[0].translate(ACCENTED) + LONGER * (len(word[0]) // 4 or 1), plain)


def package_with_it(folder: Path) -> Path:
    """A copy of the package that has the language; returns the folder to put on the path. Nothing else is changed."""
    copy = folder / "plainfilm"
    shutil.copytree(Path(plainfilm.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    target = copy / "locales" / LANGUAGE
    target.mkdir()
    about = f'"""A language for tests."""\n\nNAME = {NAME!r}\nTAG = {TAG!r}\nDICOM = ("en", "English")\n'
    (target / "__init__.py").write_text(about, encoding="utf-8")
    for path in sorted((copy / "locales" / "en").glob("[!_]*.py")):
        scope: dict[str, dict[str, str]] = {}
        exec(path.read_text(encoding="utf-8"), scope)
        sentences = {key: pseudo(words) for key, words in scope["SENTENCES"].items()}
        (target / path.name).write_text(f"SENTENCES = {pprint.pformat(sentences, width=200)}\n", encoding="utf-8")
    return folder


def english_left(shown: str, allowed: set[str]) -> set[str]:
    """The words of a text that the pseudo-language would have accented, and that are neither allowed nor kept."""
    plain = KEPT.sub(" ", shown)
    found = {word for word in re.findall(r"[^\W\d_]+", plain) if len(word) > 2 and word.isascii()}
    return {word for word in found if word.translate(ACCENTED) != word} - allowed
