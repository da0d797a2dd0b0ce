"""Parts of the body and views as hospitals write them: the chest is read, other parts and side views are refused."""

import re
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainfilm import messages
from plainfilm.data.decoding import dicom_words
from plainfilm.data.decoding.body_words import (
    BESIDE,
    CHEST,
    CHESTS,
    LATERAL,
    OBLIQUE,
    OTHER_PARTS,
    OTHERS,
    SPINE,
    VIEWS,
)
from plainfilm.data.decoding.dicom_words import UNKNOWN, decoded, folded, part_meanings
from plainfilm.data.decoding.film import WARNINGS
from plainfilm.data.decoding.film_file import decode
from plainfilm.errors import FilmError
from plainfilm.randomness import generator
from tests.dicom_files import film, patched

GREY = generator(0, "kinds").integers(0, 256, (40, 50)).astype(np.uint8)
PLAIN = film(GREY, SpecificCharacterSet="ISO_IR 100", BodyPartExamined="CHEST", ViewPosition="PA")
TAGS = {"charset": 0x00080005, "part": 0x00180015, "view": 0x00185101}
LANGUAGES = {"en", "es", "pt", "it", "fr", "de", "nl", "ru", "pl", "tr", "zh", "ja", "ko"}


def named(part: str | bytes = "CHEST", view: str | bytes = "PA", charset: str = "ISO_IR 192") -> bytes:
    """A film whose header says so, whatever the standard says of it."""
    data = PLAIN
    for tag, value in (("charset", charset), ("part", part), ("view", view)):
        data = patched(data, TAGS[tag], value.encode() if isinstance(value, str) else value)
    return data


def said(data: bytes) -> str:
    """What is said of a film: the warnings, or the code of the refusal and the part that it names."""
    try:
        found = decode(data)
    except FilmError as error:
        for language in messages.LANGUAGES:
            messages.sentence(error, language)
        return " ".join([error.code, *map(str, error.parameters.values())])
    assert np.array_equal(found.pixels, GREY)
    assert decode(data, assume_chest=True).warnings == ()
    return " ".join(found.warnings)


def of_table(words: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    """Meaning, language and word; of a stem, the stem."""
    return [
        (meaning, language, word.strip(" *"))
        for meaning, languages in words.items()
        for language, listed in languages.items()
        for word in listed.split(",")
    ]


# --- parts of the body -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        *("CHEST", "Chest", "CHEST PA", "CHEST_PA", "PORT CHEST", "2- TORAX", "CHESTPA", "CHEST1VIEW", "CXR", "THX"),
        *("THORAX_PA", "TORACE", "PECHO", "POITRINE", "POUMON", "PULMAO", "BRUSTKORB", "LUNGE", "TORACICA", "CHST"),
        *("CHESTABDOMEN", "CHEST_TO_ABDOMEN", "CHEST-ABDOMEN", "NECKCHESTABDPELV", "CHEST.PA", "XR CHEST 2 VIEWS"),
        *("CHEST\\ABDOMEN", "RX TÓRAX", "tórax p.a.", "Thorax de face", "Röntgen-Thorax", "LungenAufnahme", "RIB CHEST"),
        *("胸部正位", "左侧胸部", "胸腹部", "X線胸部", "ﾑﾈ", "흉부정면", "ОГК обзорная", "Akciğer grafisi", "AKCİĞER", "PŁUCA"),
        *("", "DEFAULT", "OTHER", "NONE", "NA", "N/A", "n.a.", "UNDEFINED", "GENERAL", "-", "ALL", "UNKNOWN", "未知", "1"),
    ],
)  # fmt: skip
def test_the_chest_is_read_without_a_word_and_so_is_what_names_nothing(part: str) -> None:
    assert said(named(part)) == ""


@pytest.mark.parametrize(
    "part", ["RIB", "RIBS", "HEART", "TRUNK", "Rippen", "COSTILLAS", "côtes", "肋骨", "心臟", "L RIBS"]
)
def test_what_shows_the_chest_as_well_is_read_with_a_warning(part: str) -> None:
    assert said(named(part)) == "film-body-part-near"


@pytest.mark.parametrize(
    "part", ["XQZ", "TRUNKLIKE", "EARLY", "THUMBNAIL", "HANDLE", "DORSAL", "ARMY", "SHIP", "HRUDNÍQ", "Ω", "龘"]
)
def test_an_unknown_word_is_read_with_a_warning_and_matches_nothing_within(part: str) -> None:
    assert said(named(part)) == "film-body-part-unknown"


@pytest.mark.parametrize(
    ("part", "key"),
    [
        *((part, "spine") for part in ("TSPINE", "T-SPINE", "LSPINE", "CTSPINE", "THORACIC SPINE", "THORACOLUMBAR")),
        *((part, "spine") for part in ("COLUMNA TORÁCICA", "columna dorsal", "colonne thoracique", "Rachide toracico")),
        *((part, "spine") for part in ("Brustwirbelsäule", "BWS", "THORAKALE WIRBELSÄULE", "borstwervelkolom")),
        *((part, "spine") for part in ("胸椎", "胸椎正侧位", "胸腰椎", "흉추", "грудной отдел позвоночника", "Torakal omurga")),
        *((part, "spine") for part in ("kręgosłup piersiowy", "coluna torácica", "CHEST SPINE")),
        *((part, "abdomen") for part in ("ABDOMEN", "ABDOMENPELVIS", "KUB", "Bauch", "腹部")),
        *((part, "arm") for part in ("FOREARM", "LEFT ARM", "UPPEREXTREMITY", "Ellenbogengelenk", "R FOREARM", "上肢")),
        *((part, "leg") for part in ("LONG LEG", "KNEE_AP", "LEFTKNEE", "LOWER EXTREMITY", "무릎", "무릎관절")),
        *((part, "hand") for part in ("Hände", "HAENDE", "Handgelenk", "Main gauche", "SOL EL", "BONE AGE", "MÃO")),
        *((part, "foot") for part in ("PÉ", "Füße", "FUSS", "pied", "足部")),
        *((part, "breast") for part in ("BREAST", "молочная железа", "乳腺")),
        *((part, "head") for part in ("SKULL", "FACE", "SENOS PARANASALES", "EAR", "BAŞ")),
        *((part, "shoulder") for part in ("AC JOINT", "CLAVICLE", "胸锁关节", "RIBS AND SHOULDER")),
        *((part, "whole-body") for part in ("WHOLEBODY", "WHOLE BODY", "whole_body", "全身")),
        *((part, "other") for part in ("EXTREMITY", "STERNUM", "ГРУДИНА", "胸骨")),
        *((part, "neck") for part in ("NECK", "HALS", "목")),
    ],
)  # fmt: skip
def test_other_parts_are_refused_by_name(part: str, key: str) -> None:
    assert said(named(part)) == f"film-dicom-body-part dicom.part.{key}"


@pytest.mark.parametrize("part", OTHER_PARTS)
def test_each_part_is_refused_in_each_language(part: str) -> None:
    words = [(language, word) for meaning, language, word in of_table(OTHER_PARTS) if meaning == part]
    assert {language for language, _ in words} >= LANGUAGES
    for language, word in words:
        found = part_meanings(word.upper().encode(), "ISO_IR 192")
        assert found & OTHER_PARTS.keys(), (language, word)
        assert CHEST not in found, (language, word)


def test_the_chest_is_known_in_each_language() -> None:
    words = [(language, word) for meaning, language, word in of_table(CHESTS) if meaning == CHEST]
    assert {language for language, _ in words} >= LANGUAGES
    assert all(CHEST in part_meanings(word.upper().encode(), "ISO_IR 192") for _, word in words)


@pytest.mark.parametrize("tables", [(CHESTS, OTHER_PARTS, OTHERS), (VIEWS, OTHERS)], ids=["parts", "views"])
def test_no_word_has_two_meanings(tables: tuple[dict[str, dict[str, str]], ...]) -> None:
    found: dict[str, set[str]] = {}
    for meaning, _, word in chain.from_iterable(map(of_table, tables)):
        found.setdefault(folded(word), set()).add(meaning)
    assert {word: meanings for word, meanings in found.items() if len(meanings) > 1} == {}


def test_no_word_of_the_chest_or_beside_it_is_made_up_of_other_parts() -> None:
    """Nor does one part's word hold another part's: what stands in the tables is found whole."""
    known = dicom_words.vocabulary(CHESTS, OTHER_PARTS, OTHERS, VIEWS)
    for meaning, _, word in chain.from_iterable(map(of_table, (CHESTS, OTHER_PARTS, OTHERS))):
        if " " not in word:
            assert dicom_words.meanings(word, known) <= {meaning, BESIDE, UNKNOWN}, word


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([word for meaning, _, word in of_table(CHESTS) if meaning == CHEST and word.isascii()]),
    st.sampled_from([word for meaning, _, word in of_table(OTHERS) if meaning == BESIDE and word.isascii()]),
    st.sampled_from([" ", "_", "-", "/", ",", " 2 ", "1", "(", "\\", "^"]),
    st.booleans(),
    st.booleans(),
)
def test_a_chest_beside_other_words_is_a_chest(
    chest: str, beside: str, between: str, first: bool, capital: bool
) -> None:
    if re.fullmatch("thorac|torac|pleura|bronch|mediastin|pulm|thorak|polmon", chest):  # a stem is no word
        return
    text = f"{chest}{between}{beside}" if first else f"{beside}{between}{chest}"
    found = part_meanings((text.upper() if capital else text).encode(), "")
    assert CHEST in found
    assert not found & OTHER_PARTS.keys()


# --- character sets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "codec", "chest", "spine"),
    [
        ("ISO_IR 100", "latin_1", "TÓRAX", "WIRBELSÄULE"),
        ("ISO_IR 101", "iso8859_2", "PŁUCA", "KRĘGOSŁUP"),
        ("ISO_IR 109", "iso8859_3", "GÖĞÜS", "vertèbres"),
        ("ISO_IR 144", "iso8859_5", "ГРУДНАЯ КЛЕТКА", "ПОЗВОНОЧНИК"),
        ("ISO_IR 148", "iso8859_9", "Göğüs", "omurga"),
        ("ISO_IR 13", "shift_jis", "ﾑﾈ", "ｾｷﾂｲ"),
        ("ISO_IR 192", "utf_8", "胸部", "胸椎"),
        ("GB18030", "gb18030", "胸部", "胸椎"),
        ("GBK", "gbk", "胸片", "腰椎"),
        ("\\ISO 2022 IR 87", "iso2022_jp", "胸部", "胸椎"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", "iso2022_jp", "胸部", "頚椎"),
    ],
)
def test_texts_are_decoded_as_declared(charset: str, codec: str, chest: str, spine: str) -> None:
    assert decoded(chest.encode(codec), charset) == chest
    assert said(named(chest.encode(codec), charset=charset)) == ""
    assert said(named(spine.encode(codec), charset=charset)) == f"film-dicom-body-part {SPINE}"


@pytest.mark.parametrize(
    ("charset", "value"),
    [
        ("\\ISO 2022 IR 149", b"\x1b$)C" + "흉부".encode("euc_kr")),
        ("\\ISO 2022 IR 58", b"\x1b$)A" + "胸部".encode("gb2312")),
        ("ISO 2022 IR 6\\ISO 2022 IR 144", b"X \x1b-L" + "лёгкие".encode("iso8859_5")),
        ("\\ISO 2022 IR 87", b"\x1b$B6;It\x1b(B AP"),
    ],
)
def test_code_extensions(charset: str, value: bytes) -> None:
    assert said(named(value, charset=charset)) == ""


@pytest.mark.parametrize("charset", ["", "ISO_IR 6", "ISO_IR 100", "ISO_IR 192", "NONSENSE"])
@pytest.mark.parametrize("value", ["胸部".encode("gb18030"), "胸部".encode(), "TÓRAX".encode(), b"T?RAX", b"T??RAX"])
def test_a_wrong_character_set_costs_no_chest(charset: str, value: bytes) -> None:
    assert said(named(value, charset=charset)) == ""


@pytest.mark.parametrize("value", ["胸椎".encode("gb18030"), "胸椎".encode(), b"WIRBELS?ULE", "足".encode("gbk")])
def test_nor_does_it_read_another_part(value: bytes) -> None:
    assert said(named(value, charset="ISO_IR 100")).startswith("film-dicom-body-part")


@pytest.mark.parametrize("value", [b"?", b"????", b"\xff\xfe\xff", b"A?", b"?AND?????", b"H\xffP"])
def test_a_text_of_which_too_little_is_left_is_unknown(value: bytes) -> None:
    assert said(named(value)) == "film-body-part-unknown"


@settings(max_examples=300, deadline=500)
@given(st.binary(max_size=1000), st.binary(max_size=60), st.booleans())
def test_any_bytes_are_read_or_refused_soon(value: bytes, charset: bytes, is_part: bool) -> None:
    data = patched(PLAIN, TAGS["charset"], charset)
    said(patched(data, TAGS["part" if is_part else "view"], value))


@pytest.mark.parametrize("value", ["A?" * 500, "A" * 1000, "PA" * 500, "胸" * 330, "A?" * 19, "? " * 500])
def test_the_longest_texts_are_read_soon(value: str) -> None:
    said(named(value.encode()[:1000], value.encode()[:1000]))


# --- views -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        *(
            "",
            "PA",
            "AP",
            "AP SUPINE",
            "ANTERO-POSTERIOR",
            "POSTERO-ANTERIOR",
            "P-A",
            "A.P.",
            "AP_PORTABLE",
            "PA ERECT",
        ),
        *(
            "FRONTAL",
            "face",
            "正位",
            "後前位",
            "정면",
            "прямая",
            "DECUBITUS DORSAL",
            "Décubitus dorsal",
            "UNKNOWN",
            "NA",
        ),
        *("BILATERAL AP", "FRENTE", "ön arka", "立位", "CHEST PA"),
    ],
)
def test_frontal_views_are_read_without_a_word(view: str) -> None:
    assert said(named(view=view)) == ""


@pytest.mark.parametrize(
    "view",
    [
        *(
            "LL",
            "RL",
            "LLAT",
            "L LAT",
            "LAT L",
            "LATERAL LEFT",
            "LATERAL",
            "PERFIL",
            "Profil",
            "seitlich",
            "侧位",
            "側面",
        ),
        *(
            "OBLIQUE",
            "RAO",
            "LAO",
            "LLO",
            "RLO",
            "OBL",
            "Oblicua",
            "schräg",
            "斜位",
            "左侧位",
            "측면",
            "боковая",
            "косая",
        ),
        *("boczne", "yan", "LATERO-LATERALE", "Lat.", "CHEST LAT", "AP LATERAL", "PA OBLIQUE", "CHESTLAT"),
    ],
)
def test_side_views_are_refused(view: str) -> None:
    assert said(named(view=view)) == "film-dicom-view"


@pytest.mark.parametrize("words", [VIEWS[LATERAL], VIEWS[OBLIQUE]], ids=[LATERAL, OBLIQUE])
def test_side_views_are_refused_in_each_language(words: dict[str, str]) -> None:
    assert words.keys() >= LANGUAGES
    for _, _, word in of_table({"": words}):
        assert said(named(view=word.upper())) == "film-dicom-view", word


@pytest.mark.parametrize("view", ["RLD", "LLD", "DECUBITUS", "LEFT LATERAL DECUBITUS", "decúbito lateral", "侧卧位"])
def test_who_lies_on_one_side_is_taken_from_the_front(view: str) -> None:
    assert said(named(view=view)) == "film-view-decubitus"


@pytest.mark.parametrize("view", ["XQZ", "LEFT", "LATERALITY L", "COLLATERAL", "龘"])
def test_an_unknown_view_is_read_with_a_warning(view: str) -> None:
    assert said(named(view=view)) == "film-view-unknown"


@pytest.mark.parametrize(
    ("part", "view", "expected"),
    [
        ("CHEST LAT", "", "film-dicom-view"),
        ("胸部侧位", "", "film-dicom-view"),
        ("TORAX PERFIL", "UNKNOWN", "film-dicom-view"),
        ("CHESTLATERAL", "LEFT", "film-dicom-view"),
        ("CHEST PA AND LATERAL", "", "film-view-unknown"),
        ("CHEST PA AND LATERAL", "PA", ""),
        ("CHEST PA AND LATERAL", "LL", "film-dicom-view"),
        ("CHEST LAT DECUB", "", "film-view-decubitus"),
        ("BILATERAL LUNGS", "", ""),
        ("左侧胸部", "", ""),
        ("CHEST LEFT SIDE", "", ""),
        ("XQZ", "XQZ", "film-body-part-unknown film-view-unknown"),
        ("HAND", "LATERAL", "film-dicom-body-part dicom.part.hand"),
    ],
)
def test_words_for_a_view_beside_the_part_count_where_the_view_is_missing(part: str, view: str, expected: str) -> None:
    assert said(named(part, view)) == expected


# --- what kind of object ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", ["", "DX", "CR", "DR", "RG", "XR", "X-RAY", "XRAY", "X RAY", "xr"])
def test_spellings_of_a_radiograph(modality: str) -> None:
    data = film(GREY, Modality="CR ", BodyPartExamined=None)
    assert said(patched(data, 0x00080060, modality.encode())) == ""


@pytest.mark.parametrize("modality", ["OT", "SC"])
def test_a_modality_that_says_nothing_needs_the_chest_named(modality: str) -> None:
    assert said(film(GREY, Modality=modality, BodyPartExamined="TORAX")) == ""
    for part in (None, "UNKNOWN", "XQZ", "RIBS"):
        bare = film(GREY, Modality=modality, BodyPartExamined=part)
        assert said_refused(bare) == "film-dicom-kind"
        assert decode(bare, assume_chest=True).warnings == ()


@pytest.mark.parametrize("modality", ["CT", "MR", "RF", "PX", "MG", "XA", "IO", "CTX"])
def test_other_objects_stay_refused_whatever_the_owner_says(modality: str) -> None:
    data = film(GREY, Modality=modality)
    with pytest.raises(FilmError, match="film-dicom-kind"):
        decode(data)
    with pytest.raises(FilmError, match="film-dicom-kind"):
        decode(data, assume_chest=True)


def said_refused(data: bytes) -> str:
    with pytest.raises(FilmError) as caught:
        decode(data)
    return caught.value.code


@pytest.mark.parametrize(("part", "view"), [("HAND", "PA"), ("CHEST", "LL"), ("胸椎", "侧位"), ("XQZ", "XQZ")])
def test_the_owners_word_counts_for_part_and_view(part: str, view: str) -> None:
    found = decode(named(part, view), assume_chest=True)
    assert np.array_equal(found.pixels, GREY)
    assert found.warnings == ()


def test_warnings_have_their_sentences_and_quote_nothing() -> None:
    token = "XTOKENX"
    found = decode(named(token, token))
    assert found.warnings == ("film-body-part-unknown", "film-view-unknown")
    for code in WARNINGS:
        for language in messages.LANGUAGES:
            assert token not in messages.text(code, language) + messages.text(f"problem.{code}", language)
