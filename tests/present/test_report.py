"""The report: whole, in both languages, escaped, honest about what is missing, the same twice."""

import itertools
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from builders import change_card, program

from plainfilm.audits.shortcuts import Shortcuts
from plainfilm.config import load_recipe
from plainfilm.data.film_index import read_index
from plainfilm.errors import PlainfilmError
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation.evaluation import evaluate
from plainfilm.io.run_folder import Run
from plainfilm.messages import say
from plainfilm.model.card import ClassName, InLungs
from plainfilm.model.predictor import Predictor
from plainfilm.present.blocks import Bar, Lines, Link, Table
from plainfilm.present.gather import gather
from plainfilm.present.in_html import drawn
from plainfilm.present.in_markdown import markdown
from plainfilm.present.maps import typical_answers, worst_errors
from plainfilm.present.markup import markup
from plainfilm.present.report_sections import CLASS_CARD, CLASS_PAGE
from plainfilm.present.run_page import write_report
from plainfilm.present.sections.claim import NUM_ITEMS, STATUSES, Filling, claim, status
from plainfilm.present.sections.headline import tutorial_leak
from plainfilm.present.sections.shortcuts import verdict
from plainfilm.present.words import figure
from plainfilm.records import as_dict, from_dict
from plainfilm.training.history import RunLog
from plainfilm.workflows.auditing import audit
from plainfilm.workflows.prepare import fill_store
from plainfilm.workflows.reporting import describe
from tests.present.artefacts import estimate, make_audit, make_external, make_subgroups
from tests.present.pages import Page

HAN = re.compile(r"[\u4e00-\u9fff]")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def run(trained, tmp_path_factory):
    """A run with an audit, an external test and subgroups."""
    folder = tmp_path_factory.mktemp("reports") / "run"
    shutil.copytree(trained[0], folder, ignore=shutil.ignore_patterns("checkpoints", "report.html", "MODEL_CARD.md"))
    (folder / "audit/audit.json").write_text(json.dumps(make_audit()))
    (folder / "external/elsewhere").mkdir(parents=True)
    (folder / "external/elsewhere/metrics.json").write_text(json.dumps(make_external()))
    metrics = json.loads((folder / "evaluation/metrics.json").read_text())
    metrics |= {"subgroups": make_subgroups(), "brier": estimate(0.03)}
    (folder / "evaluation/metrics.json").write_text(json.dumps(metrics))
    write_report(Run(folder))
    return folder


@pytest.fixture(scope="module")
def html(run):
    return (run / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture
def copy(run, tmp_path):
    """A copy of the run, to change."""
    return shutil.copytree(run, tmp_path / "copy")


def test_training_writes_the_report(trained):
    assert (trained[0] / "MODEL_CARD.md").is_file()
    found = from_dict(Shortcuts, json.loads((trained[0] / "audit/audit.json").read_text())["shortcuts"])
    shown = Page((trained[0] / "report.html").read_text(encoding="utf-8")).shown("en")
    assert shown.index(verdict(found).words.shown("en")) < shown.index("accuracy of")


def test_the_page_is_well_formed_and_accessible(page):
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert len(page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attrs["alt"] for attrs in page.all("img"))
    assert len(page.all("caption")) == len(page.all("table")) > 15
    assert all(attrs["scope"] in ("row", "col") for attrs in page.all("th"))
    assert all(attrs.get("aria-label") or attrs.get("aria-hidden") == "true" for attrs in page.all("svg"))
    named = {attrs[key] for _, attrs in page.elements for key in ("aria-labelledby", "for") if key in attrs}
    assert named <= set(ids)


def test_the_page_asks_nothing_of_a_network(html, page):
    for tag, attrs in page.elements:
        for name, value in attrs.items():
            assert name not in ("srcset", "action", "data", "poster", "style") or tag == "meta", (tag, name)
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href"):
                assert value is not None
                assert value.startswith(("#", "data:image/jpeg;base64,")), (tag, value[:60])
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in page.elements}
    assert not re.search(r"url\(|@import|https?:|fetch\(|XMLHttp", html)
    assert len(html) < 5_000_000


def test_links_lead_to_sections(page):
    ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    links = [str(attrs["href"])[1:] for attrs in page.all("a")]
    assert len(links) > len(CLASS_PAGE)
    assert set(links) <= ids


def test_every_sentence_stands_in_both_languages(page):
    english, chinese = page.shown("en"), page.shown("zh-Hans")
    assert HAN.findall(english.replace("中文", "")) == []
    texts = [text for tag, of, text in page.texts if of == "" and tag not in ("title", "style", "script")]
    prose = [text for text in texts if len(re.findall(r"[A-Za-z]{2,} ", text)) > 4]
    assert [text for text in prose if "{" not in text and "=" not in text and "plainfilm" not in text] == []
    counts = [sum(of == language for _, of, _ in page.texts) for language in ("en", "zh-Hans")]
    assert counts[0] > 300
    assert len(chinese) > 3000


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_without_a_script_the_page_shows_the_language_asked_for(copy, language, tag):
    shown = Page(write_report(Run(copy), language=language).read_text(encoding="utf-8"))
    assert shown.all("html") == [{"lang": tag}]
    assert [attrs["id"] for attrs in shown.all("input") if "checked" in attrs] == [f"choose-{language}"]


def test_the_verdict_comes_first(html):
    main = html[html.index("<main>") :]
    told = [
        "gets 89 % of what the model adds",
        "This score cannot be trusted",
        "91.0 %",
        "89.0 %",
        "28.5 %",
        say("report.first.table").shown("en"),
        '<section id="data"',
    ]
    places = [main.index(words) for words in told]
    assert places == sorted(places)


def test_an_audit_without_flags_does_not_accuse(copy):
    (copy / "audit/audit.json").write_text(json.dumps(make_audit(flagged=False)))
    shown = Page(write_report(Run(copy)).read_text(encoding="utf-8")).shown("en")
    assert "cannot be trusted" not in shown
    assert "no view without lungs beats chance" in shown


def test_what_the_user_named_is_escaped(copy):
    audit = make_audit()
    audit["leaks"]["clusters"][0] |= {"classes": {HOSTILE: 2}, "image_ids": [HOSTILE]}
    audit["shortcuts"]["views"][0]["name"] = HOSTILE
    (copy / "audit/audit.json").write_text(json.dumps(audit))
    metrics = json.loads((copy / "evaluation/metrics.json").read_text())
    metrics["left_out"] = {HOSTILE: 3}
    (copy / "evaluation/metrics.json").write_text(json.dumps(metrics))
    (copy / "external" / HOSTILE.replace("/", "")).mkdir()
    (copy / "external" / HOSTILE.replace("/", "") / "metrics.json").write_text(json.dumps(make_external()))
    told = f"[report]\ntitle = '''{HOSTILE}'''\nauthors = '''{HOSTILE}'''\n[report.claim]\n16 = '''{HOSTILE}'''\n"
    (copy / "recipe.toml").write_text((copy / "recipe.toml").read_text() + told)
    page = Page(write_report(Run(copy)).read_text(encoding="utf-8"))
    assert len(page.all("script")) == 1
    assert all(str(attrs["src"]).startswith("data:") for attrs in page.all("img"))
    assert HOSTILE in page.shown("en")
    card = (copy / "MODEL_CARD.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in card if "<" in line and not line.startswith("    ")] == []  # four spaces: code


def test_markdown_escapes_what_it_would_take_for_its_own():
    assert markdown("# a", "en") == "\\# a"
    assert markdown("1. a|b [x](y)", "en") == "\\1. a\\|b \\[x\\](y)"
    assert markdown(ClassName("a", {"en": "see `a_b`_", "zh": "见"}), "en") == "see `a_b`\\_"
    assert markdown("a\nb", "en") == "a\\\\nb"


def test_no_path_and_no_file_name_is_told(run, html):
    card = (run / "MODEL_CARD.md").read_text(encoding="utf-8")
    for row in gather(Run(run)).predictions[:5]:
        assert row["image_id"] != row["path"]
        assert row["path"] not in html + card
    assert ".png" not in html + card
    assert str(run) not in html + card
    assert str(run.parent) not in html + card


def test_the_share_of_evidence_in_the_lungs_is_shown_beside_the_area(run, copy, page):
    measured = gather(Run(run)).card.maps.lungs
    assert measured.evidence.percent("en") in page.shown("en")
    assert measured.area.percent("zh") in page.shown("zh-Hans")
    lungs = InLungs(evidence=Estimate(0.512, 0.481, 0.543, 60), area=Estimate(0.334, 0.321, 0.347, 60))
    card = change_card(copy / "model.onnx", maps=replace(gather(Run(run)).card.maps, lungs=lungs))
    changed = Page(write_report(Run(copy)).read_text(encoding="utf-8"))
    assert "51.2 % (48.1 to 54.3, n 60) lies in the lung field, which covers 33.4 %" in changed.shown("en")
    assert lungs.evidence.percent("zh") in changed.shown("zh-Hans")
    change_card(copy / "model.onnx", maps=replace(card.maps, lungs=None))
    assert "lung field, which covers" not in Page(write_report(Run(copy)).read_text(encoding="utf-8")).shown("en")


def test_equal_runs_have_equal_reports(run, copy, html):
    card = (run / "MODEL_CARD.md").read_bytes()
    write_report(Run(copy))
    assert (copy / "report.html").read_text(encoding="utf-8") == html
    assert (copy / "MODEL_CARD.md").read_bytes() == card


def test_the_figures_are_those_of_the_artefacts(run, page):
    figures = gather(Run(run)).figures
    assert figures is not None
    value, interval, n = figure(figures.overall["accuracy"])
    shown = page.shown("en")
    assert f"{value}\n{interval}\n{n}" in shown
    assert "65.0\n59.0–71.0" in shown  # the generalisation gap
    assert "too few" in shown


@pytest.mark.parametrize(
    "kept", [["model.onnx"], ["evaluation"], ["recipe.toml"], ["recipe.toml", "index.csv", "index.json"]]
)
def test_a_missing_part_is_named_with_the_command_that_makes_it(run, tmp_path, kept):
    folder = tmp_path / "part"
    folder.mkdir()
    for name in kept:
        source = run / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    page = Page(write_report(Run(folder)).read_text(encoding="utf-8"))
    missing = [attrs for attrs in page.all("p") if attrs.get("class") == "note missing"]
    assert len(missing) >= 5
    assert len(page.all("section")) == len(CLASS_PAGE)
    assert all(f"plainfilm {command}" in page.shown("en") for command in ("audit", "evaluate"))
    assert (folder / "MODEL_CARD.md").read_text(encoding="utf-8").count("\n## ") == 2 * len(CLASS_CARD)


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(PlainfilmError, match="report-no-run"):
        write_report(Run(tmp_path))


@pytest.mark.parametrize("content", ["{", "[]", '{"accuracy": 1'])
def test_a_damaged_part_is_named_and_the_old_report_stays(copy, html, content):
    (copy / "audit/audit.json").write_text(content)
    with pytest.raises(PlainfilmError, match=r"report-damaged: .*audit\.json"):
        write_report(Run(copy))
    assert (copy / "report.html").read_text(encoding="utf-8") == html


def test_an_audit_or_report_that_cannot_be_written_does_not_fail_a_training(copy):
    index, recipe = read_index(copy / "index.csv"), load_recipe(str(copy / "recipe.toml"))
    films, predictor = fill_store(index, recipe, copy), Predictor(copy / "model.onnx")
    test = evaluate(predictor, films, films.part("test"), name="test")
    given = (Run(copy), films, predictor, RunLog(copy / "log.jsonl"), test)
    assert describe(*given, language="en") == ()
    found = json.loads((copy / "audit/audit.json").read_text())
    assert found["shortcuts"]["method"]["cheap"]
    assert found == json.loads(json.dumps(as_dict(audit(films, predictor, None, language="en", cheap=True))))
    for path in (copy / "report.html", copy / "audit/audit.json"):
        path.unlink()
        path.mkdir()
    assert describe(*given, language="en") == ("audit-failed", "report-failed")
    assert '"code": "report-failed"' in (copy / "log.jsonl").read_text()


def test_films_come_from_the_store_else_from_the_source_else_it_is_said(run, copy, html):
    assert "data:image/jpeg" in html
    for path in copy.glob("pixels-*"):
        path.unlink()
    assert write_report(Run(copy)).read_text(encoding="utf-8") == html
    side = (copy / "index.json").read_text()
    (copy / "index.json").write_text(side.replace("phantoms", "gone"))
    shown = Page(write_report(Run(copy)).read_text(encoding="utf-8")).shown("en")
    assert "neither the run's pixel store nor the sources" in shown


def answer(image_id, label, predicted, probability):
    return {"image_id": image_id, "label": label, "predicted": predicted, f"p_{predicted}": str(probability)}


def test_the_worst_errors_are_the_surest_ones():
    answers = [answer("1", "a", "b", 0.6), answer("2", "a", "b", 0.9), answer("3", "a", "a", 1.0)]
    assert [entry["image_id"] for entry in worst_errors(answers)] == ["2", "1"]


def test_typical_answers_are_those_of_middle_probability():
    answers = [answer(str(place), "a", "a", place / 10) for place in range(1, 8)]
    assert [entry["image_id"] for entry in typical_answers(answers, ["a", "b"])] == ["3", "4"]


def test_the_tutorials_split_leaks_as_many_films_as_are_counted_by_hand(run):
    index = gather(Run(run)).index
    assert index is not None
    shared, tested = tutorial_leak(index)
    assert tested == 3 * 4
    assert 0 <= shared <= 12


def test_the_checklist_has_44_items_and_its_counts_add_up(run):
    found = gather(Run(run))
    section = claim(found)
    table = section.blocks[-1]
    assert table.kind == "table"
    assert [row[0] for row in table.rows] == [str(number) for number in range(1, NUM_ITEMS + 1)]
    told = [int(number) for number in re.findall(r"\d+", section.blocks[0].words.shown("en"))]
    assert told[0] == NUM_ITEMS == 44
    assert sum(told[1:]) == NUM_ITEMS
    shown = [row[3].shown("en") for row in table.rows]
    assert told[1:] == [shown.count(say(f"claim.status.{name}").shown("en")) for name in STATUSES]


def test_an_item_is_filled_only_by_what_is_there(run, tmp_path):
    shutil.copy(run / "recipe.toml", tmp_path)
    rows = claim(gather(Run(tmp_path))).blocks[-1].rows
    by_number = {row[0]: row[3].shown("en") for row in rows}
    assert by_number["22"] == "program"
    for number in ("7", "23", "28", "30", "31", "32", "33", "36", "37", "39"):
        assert by_number[number] == "for the author", number


def test_the_recipe_fills_items(run, tmp_path):
    recipe = (run / "recipe.toml").read_text() + '[report.claim]\n16 = "Two radiologists."\n22 = "More."\n'
    (tmp_path / "recipe.toml").write_text(recipe)
    rows = {row[0]: row for row in claim(gather(Run(tmp_path))).blocks[-1].rows}
    assert rows["16"][3].shown("en") == "recipe"
    assert "Two radiologists." in rows["16"][4].cells
    assert rows["22"][3].shown("en") == "program"
    assert "More." in rows["22"][4].cells


def test_who_filled_an_item():
    whole, part = Filling(say("report.yes"), "data"), Filling(say("report.yes"), "data", whole=False)
    given = [(whole, None), (part, "x"), (None, "x"), (part, None), (None, None)]
    assert [status(*pair) for pair in given] == ["program", "recipe", "recipe", "partly", "author"]


def test_cells_of_a_figure():
    assert figure(None) == ("–", "–", "–")
    assert figure(NOT_ESTIMABLE) == (say("report.not-estimable"), "–", "0")
    assert figure(Estimate(-0.001, -0.0014, -0.0006, 9))[:2] == ("−0.1 %", "−0.1 … −0.1")
    assert figure(Estimate(0.5, 0.25, 0.75, 9), scale=1) == ("0.500", "0.250–0.750", "9")


def test_a_text_of_one_language_needs_no_switch():
    assert markup(ClassName("F1", {"en": "F1 <b>"})) == "F1 &lt;b&gt;"
    assert markup("a\u202eb") == "a\\u202eb"


def test_a_typed_cell_is_drawn_on_the_page_and_said_elsewhere():
    cell = Lines((say("report.yes"), Link("data", "see <b>"), "a <b>"))
    assert str(drawn(cell)).endswith('<br><a href="#data">see &lt;b&gt;</a><br>a &lt;b&gt;')
    assert cell.shown("en") == "yes see <b> a <b>"
    assert str(drawn(Bar(0.5, 0.4, 0.6, mark=0.3))).startswith('<svg class="bar"')


def test_a_table_in_words_has_no_drawn_column():
    table = Table("t", ("name", "bar", "value"), (("a", Bar(0.5, 0.4, 0.6), "50 %"), ("b", "–", "–")), left=2)
    assert table.in_words() == Table("t", ("name", "value"), (("a", "50 %"), ("b", "–")), left=1)


CHECK = """<!doctype html><body style="margin:0"><iframe id="f" style="width:390px;height:900px;border:0"></iframe>
<p id="found"></p><script>
var frame = document.getElementById("f");
function count(page, tag) {
  return [...page.querySelectorAll('main [lang="' + tag + '"]')].filter((one) => one.getClientRects().length).length;
}
frame.onload = function () {
  var page = frame.contentDocument, found = {over: page.documentElement.scrollWidth - page.documentElement.clientWidth, en: count(page, "en"),
    zh: count(page, "zh-Hans")};
  page.querySelector('label[for="choose-zh"]').click();
  Object.assign(found, {en2: count(page, "en"), zh2: count(page, "zh-Hans"), lang: page.documentElement.lang,
    title: page.title, images: [...page.images].every((one) => one.naturalWidth > 50), number: page.images.length});
  document.getElementById("found").textContent = JSON.stringify(found);
};
frame.src = "report.html";
</script>"""


def test_in_a_browser_the_switch_works_and_nothing_overflows_a_phone(run, tmp_path):
    browser = program("chromium")
    shutil.copy(run / "report.html", tmp_path)
    (tmp_path / "check.html").write_text(CHECK)
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--allow-file-access-from-files", "--enable-logging=stderr", "--virtual-time-budget=8000"),
            *("--proxy-server=127.0.0.1:9", "--window-size=600,900", "--dump-dom", f"file://{tmp_path}/check.html"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    match = re.search(r'<p id="found">(.+?)</p>', done.stdout)
    assert match, done.stdout[-500:]
    found = json.loads(match[1])
    assert found["over"] == 0
    assert found["en"] > 200
    assert found["zh"] == 0
    assert found["en2"] == 0
    assert found["zh2"] > 200
    assert found["lang"] == "zh-Hans"
    assert HAN.search(found["title"])
    assert found["images"]
    assert found["number"] > 4
