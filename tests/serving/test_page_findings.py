"""The page with a model of findings in Chromium: the order, what is folded, maps, reading with several findings."""

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import clients
import numpy as np
import pytest
from browser import NARROW, WIDE, Visit, visiting
from builders import SAID, installed, png, random_film, shown_film, write_findings_model
from clients import Server
from playwright.sync_api import Browser
from sklearn.metrics import cohen_kappa_score

from plainfilm.data.phantom import CLASSES, draw
from plainfilm.locales.en.page import SENTENCES as EN
from plainfilm.locales.zh.page import SENTENCES as ZH
from plainfilm.model.answer import Answer
from plainfilm.model.predictor import Predictor
from plainfilm.present.showing import FindingShowing
from tests.serving.test_page_access import violations

FILM = {"shown.png": png(shown_film())}
ORDER = ["Effusion", "Infiltration", "Pneumothorax", "Nodule", "Atelectasis"]
SEEN = ["Pleural effusion", "Infiltration", "Pneumothorax", "Nodule", "Atelectasis"]  # before anything is opened
LONG_NAMES = (
    *("COPD", "Enlarged Cardiomediastinum", "Pleural Other", "Support Devices", "vertebral degenerative changes"),
    *("tuberculosis sequelae", "diaphragmatic eventration", "central venous catheter", "Aortic enlargement"),
    *("a_finding_with_a_name_without_a_single_space_in_it", "Fracture", "Lung cavity", "Lung cyst", "ILD"),
    *("kyphosis", "scoliosis"),
)
THIRTY = SAID | dict.fromkeys(LONG_NAMES, (0.3, 0.2, 0.25, 40))
UNDECIDED = 4  # the film at this place of the reading


@pytest.fixture(scope="module")
def findings_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_findings_model(tmp_path_factory.mktemp("findings") / "findings.onnx")


@pytest.fixture(scope="module")
def findings_server(findings_model: Path) -> Iterator[Server]:
    """It also serves a model of classes, of another network than the one for samples."""
    with clients.started(findings_model) as running:
        yield running
    assert running.err == []


@pytest.fixture
def page(chromium: Browser, findings_server: Server) -> Iterator[Visit]:
    with visiting(chromium) as visit:
        visit.open(findings_server.address)
        yield visit


@pytest.fixture(scope="module")
def films() -> dict[str, bytes]:
    """Twenty-four films on which the drawn network says different things."""
    drawn = [(label, number) for number in range(8) for label in CLASSES]
    return {
        f"{label}-{number}.png": png(draw(label, seed=31, number=number, size=96).pixels) for label, number in drawn
    }


def seen(visit: Visit, selector: str) -> list[str]:
    """The texts of the elements that are to be seen."""
    return [
        part.inner_text().replace("\N{NO-BREAK SPACE}", " ")
        for part in visit.page.locator(selector).all()
        if part.is_visible()
    ]


def empty_words(name: str, words: str) -> str:
    """What is said of an empty map: nothing that contradicts a finding that is called present without it."""
    wanted, lower, upper, _ = SAID[name]
    if wanted is None or upper is None or wanted <= upper:
        return EN["map.empty"].format(name=words)
    numbers = {"share": f"{100 * wanted:.1f} %", "threshold": f"{100 * max(lower, upper):.1f} %"}
    return EN["map.empty-present"].format(name=words, **numbers)


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


# --- what is seen ----------------------------------------------------------------------------------------------------


def test_present_findings_come_first_and_absent_ones_are_folded(page: Visit) -> None:
    page.answer(FILM)
    assert seen(page, ".bar .class") == SEEN
    assert seen(page, ".findings h3") == [EN["finding.present"], EN["finding.undecided"]]
    assert seen(page, ".bar .number")[:2] == ["62.0 %", "24.0 %"]
    assert seen(page, ".bar .limits")[:2] == ["present above 31.0 %", "present above 17.0 %"]
    assert seen(page, ".bar .limits")[2] == "present above 3.21 %, absent below 3.00 %"
    assert seen(page, "summary")[:3] == [
        "2 more undecided: Mass, Consolidation",
        "5 called absent",
        "Undecided, as too few films had it: Fibrosis, Hernia",
    ]
    page.page.get_by_text("5 called absent").click()
    assert seen(page, ".bar.absent .class") == [
        "Pneumonia",
        "Cardiomegaly",
        "Emphysema",
        "Pulmonary edema",
        "Pleural thickening",
    ]
    assert seen(page, ".bar.absent .limits")[0] == "absent below 22.0 %"


def test_a_bar_has_its_mark_at_its_own_threshold(page: Visit) -> None:
    page.answer(FILM)
    widths = page.page.eval_on_selector_all(".bar.present .fill", "parts => parts.map(part => part.style.width)")
    marks = page.page.eval_on_selector_all(".bar.present .tick", "parts => parts.map(part => part.style.left)")
    assert [float(width.rstrip("%")) for width in widths] == pytest.approx([62, 24], abs=1e-3)
    assert [float(mark.rstrip("%")) for mark in marks] == pytest.approx([31, 17], abs=1e-3)
    page.page.get_by_text("too few films had it").first.click()
    assert seen(page, ".bar.few .number") == ["–", "–"]
    assert page.page.locator(".bar.few .track").count() == 0


def test_states_are_told_apart_without_colour(page: Visit) -> None:
    """Words above, weight and outline beside them."""
    page.answer(FILM)
    style = "part => [getComputedStyle(part.querySelector('.class')).fontWeight, getComputedStyle(part.querySelector('.fill')).boxShadow === 'none']"
    assert page.page.eval_on_selector(".bar.present", style) == ["650", True]
    assert page.page.eval_on_selector(".bar.undecided", style) == ["400", False]


def test_the_headline_the_strip_and_the_promise(page: Visit) -> None:
    page.answer(FILM)
    assert (
        page.text(".verdict")
        == "Called present: Pleural effusion, Infiltration, if this film is like those of the test"
    )
    assert page.texts("#strip .caption") == ["Pleural effusion, Infiltration, if like the test"]
    assert EN["finding.promise"].format(missed=5) in page.text("#answer")
    assert EN["finding.not-promised"].format(count=14) in page.text("#answer")
    assert page.text("#called").startswith(
        "Pleural effusion: 62.0 %, so about 62 of 100 films with such a number have it;"
    )
    assert page.text(".findings .note") == EN["finding.minority"]  # infiltration is called present at 24 %


def test_nothing_is_said_of_a_number_whose_promise_is_withdrawn(page: Visit) -> None:
    """Of a film that is refused, and answered because somebody insisted; in its headline no colon follows another."""
    colours = np.stack([random_film(seed=seed) for seed in range(3)], axis=2)
    colours[..., 0] //= 4
    page.answer({"photograph.png": png(colours)})
    page.page.get_by_role("button", name=EN["action.override"]).click()
    page.page.wait_for_selector(".bars.findings")
    name, share = seen(page, ".bar .class")[0], seen(page, ".bar .number")[0]
    assert page.text("#called") == EN["finding.number-unpromised"].format(name=name, share=share)
    assert page.text(".verdict").startswith("Refused, and not reliable. ")
    assert page.text(".verdict").count(":") <= 1
    page.page.click("#language")
    page.page.get_by_text("未通过检查，结果不可靠。").first.wait_for()
    assert page.text(".verdict").count("：") <= 1


def test_a_finding_above_a_low_threshold_is_not_praised(page: Visit) -> None:
    """Pneumothorax is undecided, and above what is set to find 90 % of the films with it."""
    page.answer(FILM)
    page.page.keyboard.press("3")
    assert EN["finding.called-all"].format(positive="90 %") in page.text("#called")
    assert "Such thresholds are low" in page.text("#called")


def test_the_mean_of_the_test_is_said_to_be_over_some_findings(page: Visit) -> None:
    """At the start, beside an answer, and among the model's facts."""
    over = "over 13 of its 14 findings was 0.740"
    assert over in page.text("#tested")
    page.answer(FILM)
    assert over in page.text("#answer")
    page.page.click("#about")
    assert EN["model.auc-findings"].format(count=13, of=14) in page.texts("#models dt")


def test_a_sample_says_that_another_model_answers_it(page: Visit) -> None:
    page.page.locator("#samples button").first.click()
    page.page.wait_for_selector(".bars:not(.findings)")
    assert "The sample model answers it, not the model that answers your films." in page.text(".mark")


def test_each_finding_has_its_map_and_the_keys_choose(page: Visit, findings_model: Path) -> None:
    """A film opens as it is; the map is one key away, and is there where something speaks for the finding."""
    maps = Predictor(findings_model, threads=1).predict_bytes(FILM["shown.png"]).class_maps
    has_evidence = dict(zip(SAID, ((cells > 0).any() for cells in maps), strict=True))
    page.answer(FILM)
    without = page.picture()
    page.page.keyboard.press("m")
    pictures = []
    for key, (name, words) in enumerate(zip(ORDER, SEEN, strict=True), 1):
        page.page.keyboard.press(str(key))
        pictures.append(page.picture())
        assert (pictures[-1] != without) == has_evidence[name]
        if has_evidence[name]:
            assert page.text("#map-words").startswith(f"speaks for {words}")
            assert f"what speaks for {words}" in str(page.page.get_attribute("#canvas", "aria-label"))
            assert "the map is empty" not in page.text("#map-remark")
        else:
            assert not page.page.locator("#map-words").is_visible()
            assert page.page.get_attribute("#canvas", "aria-label") == EN["stage.film"].format(film="shown.png")
            assert empty_words(name, words) in page.text("#map-remark")
    assert len(set(pictures) - {without}) == sum(has_evidence[name] for name in ORDER) > 1
    page.page.locator(".bar.present").first.click()
    assert page.picture() == pictures[0]
    page.page.keyboard.press("m")
    assert page.picture() == without


def test_choosing_a_folded_finding_unfolds_it(page: Visit) -> None:
    page.answer(FILM)
    assert "Pneumonia" not in seen(page, ".bar .class")
    page.page.keyboard.press("8")
    assert "Pneumonia" in seen(page, ".bar.absent .class")
    assert page.text("#called").startswith("Pneumonia: 20.0 %, ")


def test_the_language_is_switched(page: Visit) -> None:
    page.answer(FILM)
    page.page.click("#language")
    page.page.get_by_text("判为存在：胸腔积液、浸润影（前提：与测试胶片相似）", exact=True).first.wait_for()
    assert seen(page, ".findings h3") == [ZH["finding.present"], ZH["finding.undecided"]]
    assert seen(page, ".bar .class") == ["胸腔积液", "浸润影", "气胸", "结节", "肺不张"]
    assert seen(page, ".bar .limits")[2] == "高于 3.21 % 判为存在，低于 3.00 % 判为不存在"
    assert "5 项判为不存在" in seen(page, "summary")


def test_thirty_findings_fit_on_a_telephone(chromium: Browser, tmp_path: Path) -> None:
    """In the answer, with everything opened, and in reader mode."""
    model = write_findings_model(tmp_path / "thirty.onnx", THIRTY)
    overflow = "() => [...document.querySelectorAll('#answer *')].filter(part => part.getBoundingClientRect().right > innerWidth + 1).length"
    with clients.started(model) as server, visiting(chromium, viewport=NARROW) as visit:
        visit.open(server.address)
        visit.answer(FILM)
        assert len(seen(visit, ".bar.present")) == 2 + 16
        for fold in visit.page.locator("details").all():
            fold.locator("summary").click()
        assert len(seen(visit, ".bar")) == 30
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
        assert visit.page.evaluate(overflow) == 0
        visit.page.keyboard.press("r")
        assert visit.page.locator(".tick-box").count() == 31
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
        assert visit.page.evaluate(overflow) == 0


def test_a_model_that_is_not_calibrated_shows_the_most_probable(chromium: Browser, tmp_path: Path) -> None:
    model = write_findings_model(tmp_path / "raw.onnx", calibrated=False)
    with clients.started(model) as server, visiting(chromium) as visit:
        visit.open(server.address)
        visit.answer(FILM)
        assert seen(visit, ".findings h3") == [EN["finding.most-probable"]]
        assert len(seen(visit, ".bar")) == 3
        assert EN["answer.uncalibrated"] in visit.text("#answer")
        assert seen(visit, "summary")[0].startswith("11 others: ")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(chromium: Browser, findings_server: Server, viewport: dict[str, int]) -> None:
    """Answered, unfolded, to be read, compared, summed up; dark and light. The policy is lifted here alone."""
    axe = (installed("PLAINFILM_AXE") / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    with visiting(chromium, viewport=viewport, bypass_csp=True, reduced_motion="reduce") as visit:
        visit.open(findings_server.address)
        visit.page.evaluate(f"() => {{ {axe} }}")
        found = {}

        def look(state: str) -> None:
            for theme in ("dark", "light"):
                visit.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                found[state, theme] = violations(visit)

        visit.answer(FILM)
        look("answered")
        for fold in visit.page.locator("details").all():
            fold.locator("summary").click()
        look("unfolded")
        visit.page.keyboard.press("r")
        visit.page.keyboard.press("3")
        look("to be read")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector(".compared")
        look("compared")
        visit.page.click("#finish")
        look("summed up")
    assert {where: what for where, what in found.items() if what} == {}


# --- to take away ----------------------------------------------------------------------------------------------------


def test_the_table_has_the_columns_of_the_command_line(
    page: Visit, findings_model: Path, films: dict[str, bytes]
) -> None:
    predictor, chosen = Predictor(findings_model, threads=1), dict(list(films.items())[:3])
    page.answer(chosen)
    found = rows(page.download("#export"))
    for row, data in zip(found, chosen.values(), strict=True):
        said, decided = FindingShowing().row(Answer.of(predictor.predict_bytes(data), override=False), predictor.card)
        assert list(row) == [
            *("path", "image_id", *said, "problem", *decided, "gate", "shift", "stance"),
            *("overridden", "warnings", "model", "sample"),
        ]
        assert {name: row[name] for name in decided} == decided
        assert [float(row[name]) for name in said] == pytest.approx(list(said.values()), abs=1e-6)


@contextlib.contextmanager
def reported(page: Visit, key: str, chromium: Browser, path: Path) -> Iterator[Visit]:
    """The report on the film, saved at `path`, after a key chose a finding."""
    page.answer(FILM)
    page.page.keyboard.press(key)
    path.write_bytes(page.download(f"text={EN['action.report']}"))
    with visiting(chromium) as reading:
        reading.page.goto(path.as_uri())
        yield reading


def test_the_report_has_every_finding_with_its_state(page: Visit, chromium: Browser, tmp_path: Path) -> None:
    with reported(page, "3", chromium, tmp_path / "report.html") as reading:
        assert reading.texts("tbody th")[:2] == ["Pleural effusion", "Infiltration"]
        assert reading.page.locator("tbody tr").count() == 14
        assert reading.texts("tbody tr:first-child td") == ["present", "62.0 %", "present above 31.0 %"]
        assert reading.texts("tbody tr:last-child td") == [
            "undecided",
            "–",
            "calibrated on 14 patients with it and 700 without",
        ]
        assert "Pneumothorax" in reading.texts("figcaption")[1]


def test_the_report_captions_no_map_that_is_empty(page: Visit, chromium: Browser, tmp_path: Path) -> None:
    """Infiltration is called present, though no place speaks for it."""
    with reported(page, "2", chromium, tmp_path / "report.html") as reading:
        assert reading.texts("figcaption") == [EN["report.film"]]
        assert empty_words("Infiltration", "Infiltration") in reading.texts(".remarks li")


# --- classes and findings --------------------------------------------------------------------------------------------


def test_a_model_of_classes_beside_it(chromium: Browser, findings_model: Path, model: Path) -> None:
    """The page switches between both; a table holds films of both."""
    with clients.started(findings_model, model) as server, visiting(chromium) as visit:
        visit.open(server.address)
        assert "14 findings, AUC over 13 of them 0.740" in visit.text("#model option")
        visit.answer(FILM)
        assert visit.page.locator(".findings").is_visible()
        visit.page.select_option("#model", server.models[1])
        assert (
            visit.text("#what").startswith(EN["empty.what"].partition("{")[0])
            or visit.page.locator("#what").is_hidden()
        )
        visit.page.get_by_role("button", name=EN["action.ask-chosen"]).click()
        visit.page.wait_for_selector(".bars:not(.findings)")
        visit.answer({"other.png": FILM["shown.png"]})
        visit.page.select_option("#model", server.models[0])
        visit.answer({"again.png": FILM["shown.png"]})
        first, other, again = rows(visit.download("#export"))
        assert first["predicted"] == other["predicted"] != ""
        assert (again["predicted"], again["state_Effusion"], other["state_Effusion"]) == ("", "present", "")


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_reader_ticks_findings_and_agreement_is_counted_by_finding(
    page: Visit, findings_model: Path, films: dict[str, bytes]
) -> None:
    """24 films; the reader ticks effusion in every second and mass in every third; one film is left undecided."""
    predictor = Predictor(findings_model, threads=1)
    names = list(SAID)
    states = [predictor.predict_bytes(data).set for data in films.values()]
    own = [[name for name, every in (("Pneumothorax", 2), ("Nodule", 3)) if place % every == 0] for place in range(24)]
    page.page.keyboard.press("r")
    page.answer(films)
    for place, ticked in enumerate(own):
        assert page.page.locator(".bars").count() == 0
        if place == UNDECIDED:
            page.page.keyboard.press("u")
        elif ticked:
            for name in ticked:
                page.page.keyboard.press(str(names.index(name) + 1))
            page.page.keyboard.press("Enter")
        else:
            page.page.get_by_label(EN["reader.no-finding"]).check()
            page.page.get_by_role("button", name=EN["reader.done"]).click()
        assert page.page.locator(".bars").is_visible()
        page.page.keyboard.press("Enter")  # the next film, or after the last the end
    figures = {(row["finding"], row["figure"]): row for row in rows(page.download("#figures-csv"))}
    for name in names:
        number = names.index(name)
        judged = [(name in own[place], states[place][number]) for place in range(24) if place != UNDECIDED]
        pairs = [(said, state == 1) for said, state in judged if state in (0, 1)]
        assert int(figures[name, "undecided"]["value"]) == len(judged) - len(pairs)
        assert int(figures[name, "agreement"]["n"]) == len(pairs)
        if len({*map(bool, sum(pairs, ()))}) > 1:
            kappa = cohen_kappa_score(*zip(*pairs, strict=True))
            assert float(figures[name, "kappa"]["value"]) == pytest.approx(kappa)
            assert float(figures[name, "agreement"]["value"]) == pytest.approx(
                sum(a == b for a, b in pairs) / len(pairs)
            )
        else:
            assert figures[name, "kappa"]["value"] == ""
    table = rows(page.download("#reading-csv"))
    assert list(table[0]) == [
        *("path", "image_id", *(f"own_{name}" for name in names), *(f"state_{name}" for name in names)),
        *("gate", "model", "answer_shown_before"),
    ]
    called = {1: "present", 0: "absent", -1: "undecided", -2: "too-few"}
    for place, row in enumerate(table):
        said = [row[f"own_{name}"] for name in names]
        expected = ["present" if name in own[place] else "absent" for name in names]
        assert said == (["undecided"] * 14 if place == UNDECIDED else expected)
        assert [row[f"state_{name}"] for name in names] == [called[state] for state in states[place]]
    assert page.text("#summary-body p") == EN["summary.counts"].format(read=24, all=24, undecided=1, unanswered=0)
    assert page.page.locator(".by-finding tbody tr").count() == 14
    assert page.page.locator("#summary-body dl").count() == 0


def test_the_reader_sees_where_the_model_differs(page: Visit) -> None:
    page.answer(FILM)
    page.page.keyboard.press("r")
    page.page.get_by_label("Cardiomegaly").check()
    page.page.get_by_label(EN["reader.no-finding"]).check()  # shuts the others out, and is shut out by them
    assert not page.page.get_by_label("Cardiomegaly").is_checked()
    page.page.get_by_label("Cardiomegaly").check()
    page.page.get_by_label("Infiltration").check()
    assert not page.page.get_by_label(EN["reader.no-finding"]).is_checked()
    page.page.get_by_role("button", name=EN["reader.done"]).click()
    assert page.texts(".compared p") == [
        *("You: Cardiomegaly, Infiltration", "You alone: Cardiomegaly", "The model alone: Pleural effusion"),
        EN["reader.open"].format(n=7),
    ]
    page.page.click("#finish")
    assert EN["summary.shown-before"].format(n=1) in page.text("#summary-body")


def test_a_finding_that_is_ticked_and_left_undecided_is_said_to_be_so(page: Visit) -> None:
    page.answer(FILM)
    page.page.keyboard.press("r")
    page.page.get_by_label("Pneumothorax").check()
    page.page.get_by_label("Pleural effusion").check()
    page.page.get_by_role("button", name=EN["reader.done"]).click()
    assert page.texts(".compared p") == [
        *("You: Pleural effusion, Pneumothorax", "The model alone: Infiltration"),
        EN["reader.open-ticked"].format(names="Pneumothorax"),
        EN["reader.open"].format(n=7),
    ]


def test_a_model_that_decides_nothing_is_said_to_agree_in_nothing(chromium: Browser, tmp_path: Path) -> None:
    model = write_findings_model(tmp_path / "undecided.onnx", dict.fromkeys(SAID, (0.05, 0.04, 0.06, 40)))
    with clients.started(model) as server, visiting(chromium) as visit:
        visit.open(server.address)
        for name, film in (("none", EN["reader.no-finding"]), ("one", "Cardiomegaly")):
            visit.answer({f"{name}.png": FILM["shown.png"]})
            visit.page.keyboard.press("r")
            visit.page.get_by_label(film).check()
            visit.page.get_by_role("button", name=EN["reader.done"]).click()
            ticked = EN["reader.open-ticked"].format(names=film)
            assert visit.texts(".compared p") == [
                *(f"You: {film}", EN["reader.none-decided"]),
                *([] if name == "none" else [ticked]),
            ]
            visit.page.keyboard.press("r")
            visit.page.click("#end-reading")
            visit.page.get_by_role("button", name=EN["action.remove"], exact=True).click()


def test_what_is_ticked_stays_while_the_answer_comes(page: Visit) -> None:
    """The panel is drawn anew when the language changes; the ticks are kept."""
    page.page.keyboard.press("r")
    page.answer(FILM)
    page.page.keyboard.press("3")
    page.page.click("#language")
    page.page.get_by_text(ZH["reader.question"]).wait_for()
    assert page.page.get_by_label("胸腔积液").is_checked()
