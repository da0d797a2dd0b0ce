"""A film's answer as a DICOM Structured Report: an Enhanced SR by template 1500, Measurement Report.

Notable choices:
- one measurement group of the whole film (template 1501): probabilities are numbers, the set and every sentence are
  texts; nothing is drawn, so neither a region nor a segmentation is needed, and Enhanced SR is the plainest class that
  holds numbers. Basic Text SR holds none;
- a model of findings has a group more for each finding, tracked by its name, in the order in which they are shown: its
  probability, the thresholds that it has, and what the model calls it;
- no "finding" is stated: "most probable class" and "probability" are concepts of this program, and a concept of
  SNOMED CT stands beside them where the class is well known, so that nobody's software takes them for a diagnosis;
- a film that was not answered has the same report, without classes, with the reason;
- highdicom sees UIDs and our own words alone; the patient's attributes are copied afterwards, by `Filing.file`.

Source: DICOM PS3.16, TID 1500, 1501, 300, 1004, 4019; PS3.3, A.35.2.
"""

import importlib.metadata
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from highdicom import UID, sr
from pydicom import Dataset

from plainfilm.errors import PlainfilmError
from plainfilm.locales import dicom_code_of
from plainfilm.messages import Text, Words, say, shown, told
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card, ClassName
from plainfilm.model.findings import PRESENT
from plainfilm.model.predictor import Prediction
from plainfilm.model.shift import Placed
from plainfilm.present.findings_answer import Shown, findings_of
from plainfilm.present.statements import about_model, reasons
from plainfilm.records import Object
from plainfilm.serving.dicom.filing import MAKER, Filing
from plainfilm.serving.dicom.finding_codes import STATE_CODES, finding_code
from plainfilm.task import task_of
from plainfilm.text import printable

SCHEME = "99PLAINFILM"
SERIES_NUMBER = 9001
MAX_MEANING = 64  # characters of a code's meaning
CLASS_CODES = {  # SNOMED CT
    "NORMAL": ("17621005", "Normal"),
    "Viral_Pneumonia": ("75570004", "Viral pneumonia"),
    "COVID": ("840539006", "COVID-19"),
}
_SET = ("set", "Classes that the film may well be of")
NAMESPACE = uuid.UUID("5b9d5a3c-6c0f-4f6e-9e0b-3f0f6a1c7d52")  # of the UIDs of models


@dataclass(frozen=True)
class Author:
    """The model that answers, and how its reports speak."""

    card: Card
    model_id: str  # the beginning of the digest of the model file
    language: str  # of its sentences
    with_map: bool  # whether a map goes along
    place: Callable[[], str] = str  # where the films that come are from, see `place_of`


def software_version() -> str:
    """The version of this package."""
    return importlib.metadata.version(MAKER)


def structured_report(filing: Filing, outcome: Prediction | PlainfilmError, author: Author) -> Dataset:
    """The report on one film: what the model says of it, or why it says nothing."""
    code, meaning = dicom_code_of(author.language)
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=_observer(author)),
        procedure_reported=sr.CodedConcept("399208008", "SCT", "Plain chest X-ray"),
        imaging_measurements=list(_groups(filing, outcome, author)),
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(
            sr.CodedConcept(code, "RFC5646", meaning)
        ),
    )
    report: Dataset = sr.EnhancedSR(
        evidence=[_evidence(filing)],
        content=content,
        series_instance_uid=UID(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=UID(),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=author.model_id,
        software_versions=software_version(),
        series_description="plainfilm report, not for diagnosis",
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    filing.file(report)
    return report


def _groups(
    filing: Filing, outcome: Prediction | PlainfilmError, author: Author
) -> Iterator[sr.MeasurementsAndQualitativeEvaluations]:
    """The measurement groups: of the whole film, and of each finding."""
    card = author.card
    prediction = outcome if isinstance(outcome, Prediction) and outcome.verdict.passed else None
    answer = None if prediction is None else Answer.of(prediction, override=False)
    said = {} if answer is None else task_of(card.task_kind).showing.answer_json(answer, card, author.language, {})
    found = findings_of(answer, card) if answer is not None and "findings" in said else []
    probabilities = None if prediction is None or found else _probabilities(prediction, card)
    film = _group(filing, author, "film", probabilities, list(_evaluations(prediction, said, card)))
    for name, meaning, words in _sentences(outcome, said, author):
        text, kind = shown(words, author.language), sr.RelationshipTypeValues.CONTAINS
        film[0].ContentSequence.append(sr.TextContentItem(_own(name, meaning), text, relationship_type=kind))
    yield film
    for one in found:
        yield _finding_group(filing, author, one)


def _group(
    filing: Filing,
    author: Author,
    tracked: str,
    measurements: list[sr.Measurement] | None,
    evaluations: list[sr.QualitativeEvaluation],
) -> sr.MeasurementsAndQualitativeEvaluations:
    """One measurement group: `tracked` says what of the film it is about."""
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=UID(), identifier=tracked),
        algorithm_id=sr.AlgorithmIdentification(
            name=MAKER,
            version=software_version(),
            parameters=(f"model {author.model_id}", f"weights {author.card.weights_sha256}"),
        ),
        measurements=measurements,
        qualitative_evaluations=evaluations,
        source_images=[sr.SourceImageForMeasurementGroup(filing.sop_class, filing.sop_instance)],
    )


def _probabilities(prediction: Prediction, card: Card) -> list[sr.Measurement]:
    """A number from 0 to 1 for each class."""
    return [
        _share(_probability_of(number, entry), probability, _class_code(entry, number))
        for number, (entry, probability) in enumerate(zip(card.classes, prediction.probabilities.tolist(), strict=True))
    ]


def _finding_group(filing: Filing, author: Author, one: Shown) -> sr.MeasurementsAndQualitativeEvaluations:
    """What is said of one finding."""
    code, decision = _finding_code(one), one.decision
    cuts = {
        "present-above": ("Called present above", None if decision is None else decision.called_present_above),
        "absent-below": ("Called absent below", None if decision is None else decision.called_absent_below),
    }
    raw = _own(f"output-{one.number}", f"Output for {one.name.shown('en')}, not calibrated")
    number = _probability_of(one.number, one.name) if one.is_calibrated else raw
    measurements = [
        _share(number, one.probability, code),
        *(_share(_own(name, meaning), cut, code) for name, (meaning, cut) in cuts.items() if cut is not None),
    ]
    called = sr.QualitativeEvaluation(_own("called", "What the model calls it"), _own(*STATE_CODES[one.state]))
    return _group(filing, author, printable(one.name.name), measurements, [called])


def _share(name: sr.CodedConcept, share: float, code: sr.CodedConcept) -> sr.Measurement:
    """A number from 0 to 1 that is about a class or finding."""
    measurement = sr.Measurement(name=name, value=round(share, 6), unit=sr.CodedConcept("1", "UCUM", "no units"))
    measurement[0].ContentSequence = [
        sr.CodeContentItem(
            sr.CodedConcept("121071", "DCM", "Finding"),
            code,
            relationship_type=sr.RelationshipTypeValues.HAS_CONCEPT_MOD,
        )
    ]
    return measurement


def _evaluations(prediction: Prediction | None, said: Object, card: Card) -> Iterator[sr.QualitativeEvaluation]:
    """Whether the film passed the input check, and its most probable class where it is of exactly one."""
    yes, no = sr.CodedConcept("373066001", "SCT", "Yes"), sr.CodedConcept("373067005", "SCT", "No")
    yield sr.QualitativeEvaluation(_own("judged", "Passed the input check"), no if prediction is None else yes)
    if prediction is not None and said.get("predicted") is not None:
        code = _class_code(card.classes[prediction.predicted], prediction.predicted)
        yield sr.QualitativeEvaluation(_own("most-probable", "Most probable class"), code)


def _sentences(outcome: Prediction | PlainfilmError, said: Object, author: Author) -> Iterator[tuple[str, str, Text]]:
    """The texts of a report: a code's value, its meaning, the words."""
    card = author.card
    not_for_diagnosis, *about = about_model(card)
    yield "intended-use", "Intended use", not_for_diagnosis
    if isinstance(outcome, PlainfilmError):
        yield "not-judged", "Why the film is not judged", told(outcome)
    else:
        if not outcome.verdict.passed:
            yield "not-judged", "Why the film is not judged", reasons(outcome.verdict)
        elif said.get("set_words") is not None:
            name = ("findings", "What is said of the findings") if "findings" in said else _SET
            yield *name, str(said["set_words"])
            if "findings" in said and PRESENT in (outcome.set or ()):
                worth = say("findings.no-diagnosis", count=len(card.classes))
                yield "call-warning", "Warning about what is called present", worth
        place = author.place()
        if outcome.verdict.passed and (outcome.placed is not None or place == "abroad"):
            yield "shift", "Whether films are like those of the test", _shift_words(outcome.placed, place)
        for code in outcome.film.warnings:
            yield "film-warning", "Warning about the film", say(code)
        if author.with_map and outcome.verdict.passed and card.map_health != "card.maps-faithful":
            yield "map-warning", "Warning about the map", card.map_warning
    for statement in about:
        yield "model", "About the model", statement


def _shift_words(placed: Placed | None, place: str) -> Words:
    """Whether a film, and those that came with it, are like the films of the test."""
    if place == "abroad":
        return say("shift.stream")
    if placed is not None and placed.is_unlike:
        return say("shift.film")
    return say("shift.at-home" if place == "home" else "shift.unknown")


def _own(code: str, meaning: str) -> sr.CodedConcept:
    """A concept of this program; a backslash in its meaning would part two values."""
    return sr.CodedConcept(code, SCHEME, meaning.replace("\\", "/")[:MAX_MEANING])


def _probability_of(number: int, entry: ClassName) -> sr.CodedConcept:
    """The concept of the probability of a class or finding."""
    return _own(f"probability-{number}", f"Probability of {entry.shown('en')}")


def _finding_code(one: Shown) -> sr.CodedConcept:
    """A finding as a concept of SNOMED CT where there is one of just that, else of this program."""
    found = finding_code(one.name.name)
    return _own(f"finding-{one.number}", one.name.shown("en")) if found is None else _sct(found)


def _sct(found: tuple[str, str]) -> sr.CodedConcept:
    code, meaning = found
    return sr.CodedConcept(code, "SCT", meaning)


def _class_code(entry: ClassName, number: int) -> sr.CodedConcept:
    """A class as a concept of SNOMED CT where it is well known, else of this program."""
    if entry.name in CLASS_CODES:
        return _sct(CLASS_CODES[entry.name])
    return _own(f"class-{number}", entry.shown("en"))


def _observer(author: Author) -> sr.ObserverContext:
    """This program with its model, as the device that observed."""
    device = uuid.uuid5(NAMESPACE, author.model_id)
    return sr.ObserverContext(
        observer_type=sr.CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=UID.from_uuid(str(device)),
            name=f"{MAKER} {software_version()}",
            manufacturer_name=MAKER,
            model_name=author.model_id,
        ),
    )


def _evidence(filing: Filing) -> Dataset:
    """The film as highdicom wants to see it: what it is, and nothing of the patient."""
    film = Dataset()
    film.SOPClassUID, film.SOPInstanceUID = filing.sop_class, filing.sop_instance
    film.StudyInstanceUID, film.SeriesInstanceUID = filing.study, filing.series
    for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
        setattr(film, name, "")
    for name in ("AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
        setattr(film, name, "")
    return film
