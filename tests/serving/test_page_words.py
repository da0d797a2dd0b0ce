"""The page's catalogues: complete in both languages, every sentence used, none of them in the files of the page."""

import re
import string
from graphlib import TopologicalSorter

import pytest

from plainfilm.locales import page_words
from plainfilm.locales.en.page import SENTENCES as EN
from plainfilm.locales.zh.page import SENTENCES as ZH
from plainfilm.serving.api.http import WEB

HAN = re.compile("[\u4e00-\u9fff]")
OURS = [path for path in sorted(WEB.iterdir()) if path.suffix in (".js", ".html") and "training" not in path.name]
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(WEB.glob("*.js"))}
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in OURS)
WHOLE = set(re.findall(r"""["'`]([a-z]+(?:[.-][a-z-]+)*)["'`]""", SOURCE))
BEGINNINGS = set(re.findall(r"`([a-z]+\.[a-z-]*)\$\{", SOURCE))


def parameters(sentence: str) -> set[str | None]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_have_the_same_sentences() -> None:
    assert list(EN) == list(ZH)


@pytest.mark.parametrize("key", EN)
def test_a_sentence_has_the_same_parameters_in_both(key: str) -> None:
    assert parameters(EN[key]) == parameters(ZH[key])


def test_chinese_sentences_are_chinese_with_full_width_punctuation() -> None:
    for key, sentence in ZH.items():
        if len(EN[key].split()) > 4:
            assert HAN.search(sentence), key
        assert not re.search("[\u4e00-\u9fff][,;:?!(]|[,;:?!)][\u4e00-\u9fff]", sentence), key
        assert not HAN.search(EN[key]), key


def test_every_sentence_is_used() -> None:
    assert [key for key in EN if key not in WHOLE and not key.startswith(tuple(BEGINNINGS))] == []


def test_every_sentence_that_is_asked_for_is_there() -> None:
    asked = re.findall(r"""(?:say\(|data-say=|data-name=)["']([^"']+)["']""", SOURCE)
    assert len(asked) > 80
    assert [key for key in asked if key not in page_words()["en"]] == []


def test_the_files_of_the_page_hold_no_words_and_no_address_outside() -> None:
    """Between tags of index.html stand names and signs alone; the line for browsers without scripts says it twice."""
    html = (WEB / "index.html").read_text(encoding="utf-8")
    html = re.sub("<noscript>.*?</noscript>", "", html)
    texts = {text.strip() for text in re.findall(r">([^<]+)<", html)} - {""}
    assert texts <= {"plainfilm", "?", "−", "+", "35 %"}
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", SOURCE)
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", SOURCE)


def test_the_modules_of_the_page_import_in_no_circle() -> None:
    imports = {name: re.findall(r'from "\./([^"]+)";', source) for name, source in MODULES.items()}
    assert {name: len(re.findall(r"\bimport\b(?!\.meta)", source)) for name, source in MODULES.items()} == {
        name: len(found) for name, found in imports.items()
    }
    assert {other for found in imports.values() for other in found} <= MODULES.keys()
    list(TopologicalSorter(imports).static_order())


@pytest.mark.parametrize(
    ("means", "homes"),
    [
        (r"\bfetch\(", {"api.js", "report.js", "words.js"}),  # report.js takes a style sheet
        (r"\bAuthorization\b", {"api.js"}),
        (r"zh-Hans", set()),  # the catalogues say which languages there are
        (r"language\.tag", {"words.js"}),
        (r"function (say|fill|visible)\b", {"words.js"}),
    ],
)
def test_asking_and_speaking_have_one_home_for_both_pages(means: str, homes: set[str]) -> None:
    assert {name for name, source in MODULES.items() if re.search(means, source)} == homes
