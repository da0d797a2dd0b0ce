"""A model of findings served: the API, the structured report, the secondary capture, the node and an archive."""

import base64
import io
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import SAID, png, program, random_film, shown_film, write_findings_model
from clients import PREDICTIONS, ask, post
from dicom_files import written
from dicom_peers import archive, send, wait_until
from dicom_peers import film as sent_film
from PIL import Image
from pydicom import Dataset

from plainfilm.messages import LANGUAGES, text
from plainfilm.model.answer import Answer
from plainfilm.model.card import ClassName
from plainfilm.model.findings import UNDECIDED
from plainfilm.model.overlay import draw_overlay
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.present.film_json import film_json
from plainfilm.serving.api import schema
from plainfilm.serving.api.guard import App
from plainfilm.serving.api.http import create_app
from plainfilm.serving.dicom.filing import Filing, read_filing
from plainfilm.serving.dicom.node import start_node
from plainfilm.serving.dicom.secondary_capture import MAX_DERIVATION
from plainfilm.serving.dicom.structured_report import Author, structured_report
from plainfilm.serving.limits import NodeSettings, parse_destination
from plainfilm.serving.server import open_services
from tests.clients import encoded
from tests.conftest import Cli
from tests.serving.test_orthanc import free_port, orthanc

ORDER = [  # of the film that is shown: present and undecided by log-odds above the threshold, absent, too few
    *("Effusion", "Infiltration"),
    *("Pneumothorax", "Nodule", "Atelectasis", "Mass", "Consolidation"),
    *("Pneumonia", "Cardiomegaly", "Emphysema", "Edema", "Pleural_Thickening"),
    *("Fibrosis", "Hernia"),
]
STATES = ["present"] * 2 + ["undecided"] * 5 + ["absent"] * 5 + ["too-few", "undecided"]


@pytest.fixture(scope="module")
def findings_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_findings_model(tmp_path_factory.mktemp("findings") / "findings.onnx")


@pytest.fixture(scope="module")
def findings(findings_model: Path) -> Predictor:
    return Predictor(findings_model, threads=1)


@pytest.fixture(scope="module")
def prediction(findings: Predictor) -> Prediction:
    return findings.predict_bytes(encoded(shown_film(), "PNG"))


@pytest.fixture(scope="module")
def findings_app(findings_model: Path) -> Iterator[App]:
    with open_services([findings_model], token=None, run=None) as services:
        yield create_app(services)


# --- the API ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_api_gives_the_findings_in_their_order(
    findings_app: App, findings: Predictor, prediction: Prediction, language: str
) -> None:
    response = post(findings_app, encoded(shown_film(), "PNG"), accept_language=language)
    (shaped,) = schema.Predictions.model_validate_json(response.content).predictions
    (found,) = response.json()["predictions"]
    expected = film_json(Answer.of(prediction, override=False), findings.card, language, place="")
    assert [one["name"] for one in found["findings"]] == ORDER
    assert [one["state"] for one in found["findings"]] == STATES
    assert [one["too_few"] for one in found["findings"]] == [False] * 12 + [True] * 2
    assert (found["predicted"], found["set"]) == (None, None)
    assert found["headline"] == expected["headline"]
    assert found["set_words"] == expected["set_words"]
    for one, other in zip(found["findings"], expected["findings"], strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    first = shaped.findings[0]
    assert (first.probability, first.threshold, first.absent_below) == pytest.approx((0.62, 0.31, 0.2), abs=1e-6)
    assert first.shown == {"en": "Pleural effusion", "zh": "胸腔积液"}[language]
    hernia = shaped.findings[-1]
    assert (hernia.absent_below, hernia.calibrated, hernia.positives) == (None, False, 14)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_of_a_finding_that_was_hardly_tested_is_marked(
    findings: Predictor, prediction: Prediction, language: str
) -> None:
    card, answer = findings.card, Answer.of(prediction, override=False)
    evaluation = replace(card.evaluation, others={"macro_over": ["Effusion"]})
    said = film_json(answer, replace(card, evaluation=evaluation), language, place="")
    assert [one["name"] for one in said["findings"] if one["tested"]] == ["Effusion"]
    marked = text("findings.untested", language, minimum=10, names={"en": "Infiltration", "zh": "浸润影"}[language])
    assert marked in said["set_words"]
    untested = film_json(answer, replace(card, evaluation=None), language, place="")
    assert {one["tested"] for one in untested["findings"]} == {None}
    assert marked not in untested["set_words"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_headline_counts_as_undecided_what_is_listed_so(
    findings: Predictor, prediction: Prediction, language: str
) -> None:
    answer = replace(Answer.of(prediction, override=False), set=(UNDECIDED,) * 14)
    said = film_json(answer, findings.card, language, place="home")
    undecided = [one for one in said["findings"] if one["state"] == "undecided"]
    assert said["headline"] == text("findings.undecided-count", language, count=len(undecided), of=14)


def test_a_model_of_classes_has_no_findings(app: App, film: bytes) -> None:
    """Its answers are what they were; the entry is left out."""
    found = post(app, film).json()["predictions"][0]
    assert found["predicted"] is not None
    assert "findings" not in found
    assert schema.Prediction.model_validate(found).findings is None
    (model, *_) = schema.Models.model_validate(ask(app, "GET", "/v1/models").json()).models
    assert (model.task, model.headline, model.macro_over) == ("classes", "accuracy", None)


def test_the_api_and_the_command_line_agree(findings_app: App, cli: Cli, findings_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(encoded(shown_film(), "PNG"))
    (ours,) = json.loads(cli("predict", findings_model, path, "--json", "--lang", "en").out)["predictions"]
    (theirs,) = post(findings_app, path.read_bytes(), accept_language="en").json()["predictions"]
    assert list(ours) == list(theirs)
    assert ours["findings"] == [pytest.approx(one, abs=1e-6) for one in theirs["findings"]]


def test_a_model_says_which_task_it_is_of(findings_app: App) -> None:
    found = schema.Models.model_validate(ask(findings_app, "GET", "/v1/models").json()).models[0]
    assert (found.task, found.headline) == ("findings", "macro_auc")
    assert list(found.evaluation) == ["macro_auc"]
    assert found.macro_over == list(SAID)[:13]
    assert [entry.name for entry in found.classes] == list(SAID)
    assert found.classes[2].names == {"en": "Pleural effusion", "zh": "胸腔积液"}


def test_the_map_is_that_of_the_first_finding_or_of_the_one_asked_for(
    findings_app: App, prediction: Prediction
) -> None:
    data = encoded(shown_film(), "PNG")
    for asked, name in (("", "Effusion"), ("&map_of=Mass", "Mass"), ("&map_of=Hernia", "Hernia")):
        drawn = post(findings_app, data, f"{PREDICTIONS}?map=png{asked}").json()["predictions"][0]["map"]
        comment = text("card.maps-not-checked", "en")
        cells = prediction.class_maps[list(SAID).index(name)]
        assert drawn["class"] == name
        assert base64.b64decode(drawn["png"]) == draw_overlay(shown_film(), cells, comment=comment)
    cells = post(findings_app, data, f"{PREDICTIONS}?map=array").json()["predictions"][0]["map"]["maps"]
    assert list(cells) == list(SAID)
    refused = post(findings_app, data, f"{PREDICTIONS}?map=png&map_of=Fracture")
    assert (refused.status_code, refused.json()["code"]) == (400, "request-parameter")
    assert "map_of" in refused.json()["detail"]


def test_a_refused_film_has_no_findings_unless_insisted_on(findings_app: App) -> None:
    colours = np.stack([random_film(seed=seed) for seed in range(3)], axis=2)
    colours[..., 0] //= 4
    photograph = png(colours)
    refused = post(findings_app, photograph).json()
    assert refused["status"] == 422
    assert refused["prediction"]["findings"] is None
    (insisted,) = post(findings_app, photograph, f"{PREDICTIONS}?override=true").json()["predictions"]
    assert len(insisted["findings"]) == 14
    assert insisted["stance"] == "refused"
    schema.Prediction.model_validate(insisted)
    counted = ask(findings_app, "GET", "/metrics").text
    assert 'plainfilm_films_total{outcome="refused"}' in counted


def test_a_model_that_is_not_calibrated_calls_nothing(tmp_path: Path) -> None:
    model = write_findings_model(tmp_path / "raw.onnx", calibrated=False)
    with open_services([model], token=None, run=None) as services:
        (found,) = post(create_app(services), encoded(shown_film(), "PNG")).json()["predictions"]
    shaped = schema.Prediction.model_validate(found)
    assert {(one.state, one.threshold, one.calibrated) for one in shaped.findings} == {(None, None, False)}
    probabilities = [one.probability for one in shaped.findings]
    assert probabilities == sorted(probabilities, reverse=True)


# --- the structured report -------------------------------------------------------------------------------------------


def items(content: Dataset) -> Iterator[Dataset]:
    """The content items one level below."""
    yield from content.get("ContentSequence", ())


def code(item: Dataset, name: str = "ConceptNameCodeSequence") -> tuple[str, str]:
    """Value and scheme of a code of an item."""
    entry = item[name].value[0]
    return entry.CodeValue, entry.CodingSchemeDesignator


def groups(report: Dataset) -> list[Dataset]:
    """The measurement groups (125007)."""
    (measured,) = [item for item in items(report) if code(item) == ("126010", "DCM")]
    return [item for item in items(measured) if code(item) == ("125007", "DCM")]


def tracked(group: Dataset) -> str:
    (found,) = [item.TextValue for item in items(group) if code(item) == ("112039", "DCM")]
    return str(found)


def numbers(group: Dataset) -> dict[str, float]:
    """The numbers of a group by the values of their codes."""
    kinds = [item for item in items(group) if item.ValueType == "NUM"]
    return {code(item)[0]: float(item.MeasuredValueSequence[0].NumericValue) for item in kinds}


def called(group: Dataset) -> tuple[str, str]:
    (found,) = [item for item in items(group) if code(item) == ("called", "99PLAINFILM")]
    return code(found, "ConceptCodeSequence")


def sentences(group: Dataset) -> dict[str, str]:
    """The texts of this program's own concepts."""
    found = [item for item in items(group) if item.ValueType == "TEXT" and code(item)[1] == "99PLAINFILM"]
    return {code(item)[0]: str(item.TextValue) for item in found}


@pytest.fixture(scope="module")
def filing() -> Filing:
    sent = sent_film()
    return read_filing(written(sent)[132:], "1.2.840.10008.1.2.1")


def report_of(filing: Filing, prediction: Prediction, findings: Predictor, language: str = "en") -> Dataset:
    return structured_report(filing, prediction, Author(findings.card, "0" * 12, language, with_map=True))


def test_the_report_has_a_group_for_the_film_and_one_for_each_finding(
    filing: Filing, prediction: Prediction, findings: Predictor
) -> None:
    whole, *of_findings = groups(report_of(filing, prediction, findings))
    assert tracked(whole) == "film"
    assert numbers(whole) == {}
    assert [tracked(group) for group in of_findings] == ORDER
    by_name = {tracked(group): group for group in of_findings}
    for name, (wanted, present, absent, _) in SAID.items():
        found, number = numbers(by_name[name]), list(SAID).index(name)
        probability = prediction.probabilities[number] if wanted is None else wanted
        name_of_number = f"output-{number}" if wanted is None else f"probability-{number}"
        assert found.pop(name_of_number) == pytest.approx(probability, abs=1e-6)
        cuts = [cut for cut in (present, absent) if cut is not None]
        expected = {} if absent is None else {"present-above": max(cuts)}
        assert found == expected | ({} if present is None else {"absent-below": min(cuts)})
    called_by = {"present": "called-present", "absent": "called-absent"}
    assert [called(group) for group in of_findings] == [
        (called_by.get(state, state), "99PLAINFILM") for state in STATES
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_that_calls_a_finding_present_says_what_that_is_worth(
    filing: Filing, prediction: Prediction, findings: Predictor, language: str
) -> None:
    worth = text("findings.no-diagnosis", language, count=14)
    assert sentences(groups(report_of(filing, prediction, findings, language))[0])["call-warning"] == worth
    nothing_present = replace(prediction, set=(UNDECIDED,) * 14)
    assert "call-warning" not in sentences(groups(report_of(filing, nothing_present, findings, language))[0])


def test_a_report_says_that_the_film_passed_the_input_check(
    filing: Filing, prediction: Prediction, findings: Predictor
) -> None:
    """And not that it can be judged, which nobody knows."""
    (checked,) = [
        item for item in items(groups(report_of(filing, prediction, findings))[0]) if code(item)[0] == "judged"
    ]
    assert checked.ConceptNameCodeSequence[0].CodeMeaning == "Passed the input check"
    assert code(checked, "ConceptCodeSequence") == ("373066001", "SCT")


def test_a_number_says_which_finding_it_is_of(filing: Filing, prediction: Prediction, findings: Predictor) -> None:
    """By SNOMED CT where there is a concept of just that, else by a code of this program."""
    concepts = {}
    for group in groups(report_of(filing, prediction, findings))[1:]:
        of_group = {
            code(modifier, "ConceptCodeSequence")
            for item in items(group)
            if item.ValueType == "NUM"
            for modifier in items(item)
            if code(modifier) == ("121071", "DCM")
        }
        (concepts[tracked(group)],) = of_group
    assert concepts["Pneumothorax"] == ("36118008", "SCT")
    assert concepts["Effusion"] == ("60046008", "SCT")
    assert concepts["Infiltration"] == ("finding-3", "99PLAINFILM")
    assert len(set(concepts.values())) == len(SAID)


def test_a_name_with_a_backslash_is_one_value(filing: Filing, prediction: Prediction, findings: Predictor) -> None:
    """A backslash parts the values of an attribute; a hidden character is shown as an escape, which has one."""
    odd = tuple(ClassName(f"a\\b\x1b{entry.name}", {}) for entry in findings.card.classes)
    author = Author(replace(findings.card, classes=odd), "0" * 12, "en", with_map=True)
    report = structured_report(filing, prediction, author)
    meanings = [element.value for element in report.iterall() if element.keyword == "CodeMeaning"]
    assert {type(meaning) for meaning in meanings} == {str}
    assert any("a/b/x1bHernia" in meaning for meaning in meanings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_film_s_sentences_are_in_the_language(
    filing: Filing, prediction: Prediction, findings: Predictor, language: str
) -> None:
    said = sentences(groups(report_of(filing, prediction, findings, language))[0])
    assert said["intended-use"] == text("card.not-for-diagnosis", language)
    words = [
        text(
            "findings.state.present",
            language,
            names={"en": "Pleural effusion, Infiltration", "zh": "胸腔积液、浸润影"}[language],
        ),
        {"en": "Called absent: Pneumonia, ", "zh": "判为不存在：肺炎、"}[language],
    ]
    assert all(part in said["findings"] for part in words)
    assert said["map-warning"] == text("card.maps-not-checked", language)
    assert "set" not in said


# --- through the node ------------------------------------------------------------------------------------------------


def test_a_png_wrapped_as_dicom_gets_report_and_map(findings: Predictor, prediction: Prediction) -> None:
    """The film that is shown comes as DX; the map is that of the finding that is shown first, and says so."""
    author = Author(findings.card, "0" * 12, "en", with_map=True)
    with archive() as there:
        node = start_node(NodeSettings(0, there.destination, with_map=True), findings.predict_bytes, author)
        try:
            assert send(node.port, sent_film()) == [0]
            (report,) = there.reports(1)
            wait_until(lambda: len(there.maps()) == 1)
        finally:
            node.close()
    assert [tracked(group) for group in groups(report)] == ["film", *ORDER]
    (picture,) = there.maps()
    assert picture.DerivationDescription.startswith(text("dicom.map", "en", name="Pleural effusion"))
    assert len(picture.DerivationDescription) < MAX_DERIVATION
    drawn = draw_overlay(shown_film(), prediction.class_maps[list(SAID).index("Effusion")])
    assert np.array_equal(picture.pixel_array, np.asarray(Image.open(io.BytesIO(drawn))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_orthanc_takes_the_report_and_dsrdump_reads_it(findings: Predictor, tmp_path: Path, language: str) -> None:
    program("dsrdump")
    http, dicom = free_port(), free_port()
    settings = NodeSettings(0, parse_destination(f"ORTHANC@127.0.0.1:{dicom}"), callers=("ORTHANC",), with_map=True)
    node = start_node(settings, findings.predict_bytes, Author(findings.card, "0" * 12, language, True))
    try:
        with orthanc(tmp_path, node.port, http, dicom) as there:
            study = json.loads(there.ask("/instances", written(sent_film())))["ParentStudy"]
            there.ask("/modalities/plainfilm/store", json.dumps({"Resources": [study], "Synchronous": True}).encode())

            def of_kind(modality: str) -> list[str]:
                series = there.get(f"/studies/{study}/series")
                return [one["Instances"][0] for one in series if one["MainDicomTags"]["Modality"] == modality]

            wait_until(lambda: of_kind("SR") and of_kind("OT"))
            path = tmp_path / "report.dcm"
            path.write_bytes(there.ask(f"/instances/{of_kind('SR')[0]}/file"))
    finally:
        node.close()
    done = subprocess.run([program("dsrdump"), "+Pl", "+Pc", path], capture_output=True, check=True)
    assert b"E: " not in done.stderr
    printed = done.stdout.decode()
    assert printed.count('"Tracking Identifier")=') == 15
    assert '"Probability of Pleural effusion")="0.62' in printed
    assert printed.count('"What the model calls it")=(called-present,99PLAINFILM,"Called present")') == 2
    assert text("card.not-for-diagnosis", language) in printed
