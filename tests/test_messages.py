"""Messages: two complete catalogues, and nothing said that is not in them."""

import ast
import re
import string
from pathlib import Path

import numpy as np
import pytest

import plainfilm
from plainfilm import errors
from plainfilm.messages import CATALOGUES, sentence, system_language, text

ROOT = Path(plainfilm.__file__).parent
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)} | {"demand"}
SAYING = {"text", "say", "warn"}  # functions whose first argument is a key
HAN = range(0x4E00, 0xA000)


def parameters(line: str) -> set[tuple[str, str | None]]:
    """Names and format specifications of a sentence's parameters."""
    return {(name, spec) for _, name, spec, _ in string.Formatter().parse(line) if name is not None}


def calls() -> list[tuple[str, str, ast.expr]]:
    """Of all calls in the package with a first argument: where, the function's last name, the argument.

    Of `demand` the second one, after its condition.
    """
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", name, node.args[name == "demand"]))
    return found


def literals(argument: ast.expr) -> list[str]:
    """The strings that an argument may be: a literal, or either side of a conditional."""
    if isinstance(argument, ast.IfExp):
        return literals(argument.body) + literals(argument.orelse)
    return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []


def all_strings() -> tuple[set[str], set[str]]:
    """All string literals and keys in templates outside the catalogues, and the beginnings of all f-strings."""
    whole, beginnings = set(), set()
    for path in ROOT.rglob("*.py"):
        if "locales" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            if isinstance(node, ast.JoinedStr) and literals(node.values[0]):
                beginnings.update(literals(node.values[0]))
    beginnings.update(key for _, name, first in calls() if name == "label" for key in literals(first))
    for path in ROOT.rglob("templates/*"):
        whole.update(re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8")))
    return whole, {beginning for beginning in beginnings if beginning.endswith(".")}


def test_the_catalogues_have_the_same_keys():
    assert CATALOGUES["en"].keys() == CATALOGUES["zh"].keys()


@pytest.mark.parametrize("key", CATALOGUES["en"])
def test_the_catalogues_have_the_same_parameters(key):
    assert all(parameters(CATALOGUES["en"][key]) == parameters(catalogue[key]) for catalogue in CATALOGUES.values())


def test_every_literal_code_and_key_is_in_the_catalogues():
    used = [
        (where, key) for where, name, first in calls() if name in ERRORS or name in SAYING for key in literals(first)
    ]
    missing = [f"{where}: {key}" for where, key in used if key not in CATALOGUES["en"]]
    assert len(used) > 80
    assert missing == []


def test_every_error_gives_the_parameters_of_its_sentence():
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ERRORS or not node.args:
                continue
            given = {keyword.arg for keyword in node.keywords}
            for code in literals(node.args[node.func.id == "demand"]):
                wanted = {name for name, _ in parameters(CATALOGUES["en"][code])}
                assert None in given or wanted <= given, f"{path.name}:{node.lineno} {code}: {wanted - given}"


def test_every_error_class_gets_a_code_that_can_be_checked():
    """An error's code is a literal; a computed one could miss the catalogues."""
    computed = [
        where for where, name, first in calls() if name in ERRORS and not literals(first) and "errors.py" not in where
    ]
    assert computed == []


def test_every_key_is_used():
    whole, beginnings = all_strings()
    unused = [key for key in CATALOGUES["en"] if key not in whole and not key.startswith(tuple(beginnings))]
    assert unused == []


def test_the_chinese_catalogue_is_chinese_and_the_english_is_not():
    prose = [key for key, line in CATALOGUES["en"].items() if len(line.split()) > 4]
    for key in prose:
        assert any(ord(character) in HAN for character in CATALOGUES["zh"][key]), key
        assert not any(ord(character) in HAN for character in CATALOGUES["en"][key]), key


def test_parameters_are_escaped_whatever_their_type():
    for value in ("a\x1bb", Path("a\x1bb"), OSError("a\x1bb"), ["a\x1bb"]):
        assert "\x1b" not in text("source-missing", "en", path=value)


def test_numbers_keep_their_format():
    for number in (0.5, np.float32(0.5), np.float64(0.5)):
        assert text("figure.percent", "en", value=number) == "0.5 %"


def test_braces_in_a_value_are_no_parameters():
    assert "{reason}" in text("output-unwritable", "en", path="{reason}", reason="full")


def test_an_error_speaks_both_languages():
    error = errors.FilmError("film-too-small", width=8, height=9, minimum=32)
    assert all("8x9" in sentence(error, language).replace("×", "x") for language in ("en", "zh"))


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "xx_XX.UTF-8"}, "en"),
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_language_of_the_environment(monkeypatch, environment, language):
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert system_language() == language
