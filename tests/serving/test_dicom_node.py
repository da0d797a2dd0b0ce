"""The DICOM node: what it takes and what it refuses, what comes back, and that nothing of a patient goes elsewhere."""

import io
import logging
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import clients
import httpx
import numpy as np
import pytest
from builders import program
from dicom_files import CR
from dicom_peers import (
    DX,
    TOKENS,
    archive,
    film,
    overriding,
    send,
    wait_until,
    written_again,
    written_film,
)
from pydicom import Dataset
from pynetdicom import AE

from plainfilm.errors import RequestError, UsageError
from plainfilm.messages import sentence, text
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.serving.api.samples import PHANTOM_MODEL
from plainfilm.serving.dicom import sender as limited_socket
from plainfilm.serving.dicom.node import Node, start_node
from plainfilm.serving.dicom.sender import MeteredSocket
from plainfilm.serving.dicom.structured_report import Author
from plainfilm.serving.limits import Destination, NodeSettings, parse_destination

NOWHERE = Destination("NOWHERE", "127.0.0.1", 9)


@pytest.fixture(scope="module")
def predictor(model: Path) -> Predictor:
    return Predictor(model, threads=1)


@contextmanager
def node(
    predictor: Predictor,
    destination: Destination,
    *,
    answer: Callable[[bytes], Prediction] | None = None,
    language: str = "en",
    with_map: bool = False,
    **settings: Any,
) -> Iterator[Node]:
    author = Author(predictor.card, predictor.file_sha256[:12], language, with_map)
    given = {"retry_pauses_s": (0.05, 0.05)} | settings
    opened = start_node(NodeSettings(0, destination, **given), answer or overriding(predictor), author)
    try:
        yield opened
    finally:
        opened.close()


def items(report: Dataset) -> Iterator[Dataset]:
    """All content items, from the root down."""
    yield report
    for item in report.get("ContentSequence", ()):
        yield from items(item)


def texts(report: Dataset) -> dict[str, list[str]]:
    """The texts of this program's concepts, by code."""
    found: dict[str, list[str]] = {}
    for item in items(report):
        name = item.get("ConceptNameCodeSequence", [Dataset()])[0]
        if item.get("ValueType") == "TEXT" and name.get("CodingSchemeDesignator") == "99PLAINFILM":
            found.setdefault(name.CodeValue, []).append(item.TextValue)
    return found


def probabilities(report: Dataset) -> dict[str, float]:
    """The numbers of a report, by the meaning of their codes."""
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: float(item.MeasuredValueSequence[0].NumericValue)
        for item in items(report)
        if item.get("ValueType") == "NUM"
    }


# --- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_film_is_answered_with_a_report_in_its_study(predictor: Predictor, language: str) -> None:
    sent = film()
    with archive() as there, node(predictor, there.destination, language=language) as here:
        assert send(here.port, sent) == [0]
        (report,) = there.reports(1)
    prediction = predictor.predict_bytes(io_bytes(sent))
    expected = {
        f"Probability of {entry.shown('en')}": pytest.approx(probability, abs=1e-6)
        for entry, probability in zip(predictor.card.classes, prediction.probabilities.tolist(), strict=True)
    }
    assert probabilities(report) == expected
    for name in (*TOKENS, "StudyInstanceUID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
        assert report[name].value == sent[name].value, name
    assert report.SeriesInstanceUID != sent.SeriesInstanceUID
    (reference,) = [item for item in items(report) if item.get("ValueType") == "IMAGE"]
    assert reference.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == sent.SOPInstanceUID
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert evidence.SeriesInstanceUID == sent.SeriesInstanceUID
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    said = texts(report)
    assert said["intended-use"] == [text("card.not-for-diagnosis", language)]
    assert any("%" in statement for statement in said["model"])  # where it was tested
    assert report.SpecificCharacterSet == "ISO_IR 192"
    assert there.maps() == []


def io_bytes(data: Dataset) -> bytes:
    buffer = io.BytesIO()
    written_again(data).save_as(buffer)
    return buffer.getvalue()


def test_a_map_goes_along_where_it_is_asked_for(predictor: Predictor) -> None:
    sent = film()
    with archive() as there, node(predictor, there.destination, with_map=True) as here:
        send(here.port, sent, film(ViewPosition="LL"))
        reports = there.reports(2)
        wait_until(lambda: len(there.maps()) == 1)
    (picture,) = there.maps()  # none for the lateral film
    pixels = picture.pixel_array
    assert pixels.shape == (picture.Rows, picture.Columns, 3)
    assert np.abs(pixels[..., 0].astype(int) - pixels[..., 2]).max() > 50  # there is orange on it
    assert picture.StudyInstanceUID == sent.StudyInstanceUID
    assert picture.PatientName == sent.PatientName
    assert picture.SourceImageSequence[0].ReferencedSOPInstanceUID == sent.SOPInstanceUID
    assert "not for diagnosis" in picture.SeriesDescription
    warning = predictor.card.map_warning.shown("en")
    assert warning
    assert warning in picture.DerivationDescription
    assert texts(reports[0])["map-warning"] == [warning]
    assert "map-warning" not in texts(reports[1])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_film_that_cannot_be_judged_gets_a_report_that_says_why(predictor: Predictor, language: str) -> None:
    wrong = [
        film(ViewPosition="LL"),
        film(BodyPartExamined="HAND"),
        film(PixelData=b"\0" * 96 * 96),
        film(PixelData=b"\0" * 10),
        film(Modality="CT"),
    ]
    judge = predictor.predict_bytes
    with archive() as there, node(predictor, there.destination, answer=judge, language=language) as here:
        assert send(here.port, *wrong) == [0] * len(wrong)
        reports = there.reports(len(wrong))
    for sent, report in zip(wrong, reports, strict=True):
        assert probabilities(report) == {}
        try:
            verdict = predictor.predict_bytes(io_bytes(sent)).verdict
        except ValueError as error:
            expected = sentence(error, language)
        else:
            expected = text(verdict.reasons[0], language)
        assert texts(report)["not-judged"][0].startswith(expected)
        assert "set" not in texts(report)


@pytest.mark.parametrize("words", [(), ("--assume-chest",)])
def test_the_owners_word_counts_over_http_and_dicom(words: tuple[str, ...]) -> None:
    wrong = [film(BodyPartExamined="HAND"), film(ViewPosition="LL"), film(Modality="CT")]
    codes = ("film-dicom-body-part", "film-dicom-view", "film-dicom-kind")
    with archive() as there:
        to = f"ARCHIVE@127.0.0.1:{there.destination.port}"
        with clients.started(PHANTOM_MODEL, "--dicom", 0, "--dicom-to", to, *words) as server:
            assert server.dicom_port is not None
            assert send(server.dicom_port, *wrong) == [0] * 3
            answers = [
                httpx.post(server.address + clients.PREDICTIONS, content=io_bytes(sent), timeout=30).json()
                for sent in wrong
            ]
            reports = there.reports(3)
    about_header = [any("DICOM header" in said for said in texts(report).get("not-judged", ())) for report in reports]
    if words:
        assert about_header == [False, False, True]
        assert [answer.get("code") in codes for answer in answers] == [False, False, True]
    else:
        assert about_header == [True] * 3
        assert [answer["code"] for answer in answers] == list(codes)


@pytest.mark.parametrize(
    ("character_set", "codec", "name"),
    [
        ("ISO_IR 100", "latin-1", "Müller^Jörg"),
        ("GB18030", "gb18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 192", "utf-8", "Wang^XiaoDong=王^小东"),
        ("\\ISO 2022 IR 87", "iso2022_jp", "Yamada^Tarou=山田^太郎"),
        ("NO SUCH SET", "latin-1", "Doe^Jane"),
    ],
)
def test_names_keep_their_letters(predictor: Predictor, character_set: str, codec: str, name: str) -> None:
    sent = film(PatientName=name.encode(codec), SpecificCharacterSet=None)
    sent.add_new("SpecificCharacterSet", "CS", character_set.split("\\")) if character_set != "NO SUCH SET" else None
    with archive() as there, node(predictor, there.destination) as here:
        assert send(here.port, sent) == [0]
        (report,) = there.reports(1)
    assert str(report.PatientName) == name


def test_a_result_is_tried_again_and_then_dropped_without_a_name(
    predictor: Predictor, caplog: pytest.LogCaptureFixture
) -> None:
    sent = film()
    with archive(refusals=2) as there, node(predictor, there.destination) as here:
        send(here.port, sent)
        assert len(there.reports(1)) == 1
    assert not caplog.records
    with archive(refusals=3) as there:
        with node(predictor, there.destination) as here:
            send(here.port, sent)
        assert there.received == []
    (record,) = caplog.records
    image_id = predictor.predict_bytes(io_bytes(sent)).image_id
    assert record.getMessage() == text("dicom.dropped", "en", film=image_id, sop_class="Enhanced SR Storage")


def test_maps_that_come_back_are_not_answered(predictor: Predictor) -> None:
    with archive() as there, node(predictor, there.destination, with_map=True) as here:
        send(here.port, film())
        wait_until(lambda: len(there.maps()) == 1)
        assert send(here.port, there.maps()[0]) == [0]
        send(here.port, film())
        assert len(there.reports(2)) == 2
        wait_until(lambda: len(there.received) == 4)


# --- what is refused -------------------------------------------------------------------------------------------------


def echo(here: Node, *options: str) -> int:
    done = subprocess.run(
        [program("echoscu"), *options, "127.0.0.1", str(here.port)], capture_output=True, timeout=20, check=False
    )
    return done.returncode


def store(here: Node, path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    words = [program("storescu"), "-v", *options, "127.0.0.1", str(here.port), path]
    return subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=20, check=False)


def test_dcmtk_is_served_or_told_why_not(predictor: Predictor, tmp_path: Path) -> None:
    path = written_film(tmp_path / "film.dcm")
    titles = ("-aec", "PLAINFILM", "-aet", "SCANNER")
    with archive() as there, node(predictor, there.destination, callers=("SCANNER", "OTHER ONE")) as here:
        assert echo(here, *titles) == 0
        assert echo(here, "-aec", "PLAINFILM", "-aet", "OTHER ONE") == 0
        assert echo(here, "-aec", "PLAINFILM", "-aet", "STRANGER") != 0
        assert echo(here, "-aec", "WRONG", "-aet", "SCANNER") != 0
        assert store(here, path, "-aec", "WRONG", "-aet", "SCANNER").returncode != 0
        assert store(here, path, "-aec", "PLAINFILM", "-aet", "STRANGER").returncode != 0
        ct = written_film(tmp_path / "ct.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.2", Modality="CT")
        raw = written_film(tmp_path / "raw.dcm", SOPClassUID=f"{DX}.1")
        for other in (ct, raw):
            assert "No presentation context" in store(here, other, *titles).stderr
        assert "Success" in store(here, path, *titles).stderr
        (report,) = there.reports(1)
        assert len(there.received) == 1
        report.save_as(tmp_path / "report.dcm")
    printed = subprocess.run(
        [program("dsrdump"), "+Pl", "+Pc", tmp_path / "report.dcm"], capture_output=True, check=True
    )
    assert '99PLAINFILM,"Probability of COVID-19")="0.' in printed.stdout.decode()
    assert text("card.not-for-diagnosis", "en") in printed.stdout.decode()
    assert b"E: " not in printed.stderr


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_a_film_that_cannot_be_filed_is_refused(predictor: Predictor, name: str) -> None:
    with archive() as there, node(predictor, there.destination) as here:
        assert send(here.port, film(**{name: None})) == [0xA900]
        assert send(here.port, film(PatientID=None, PatientName=None)) == [0]
        (report,) = there.reports(1)
    assert (report.PatientID, report.PatientName) == ("", "")


def raw_store(port: int, payload: bytes, *, sop_class: str = CR, instance: str = "1.2.3") -> int | None:
    """The status for any bytes as a data set; None where the association was cut."""
    entity = AE("SCANNER")
    entity.add_requested_context(CR, "1.2.840.10008.1.2.1")
    association = entity.associate("127.0.0.1", port, ae_title="PLAINFILM")
    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID, request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = 1, sop_class, instance
    request.Priority, request.DataSet = 2, io.BytesIO(payload)
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, 1)
    _, response = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    association.abort()
    return None if response is None else response.Status


def test_garbage_is_no_data_set(predictor: Predictor) -> None:
    whole = io_bytes(film(SOPClassUID=CR, SOPInstanceUID="1.2.3"))
    whole = whole[whole.index(b"\x08\0\x16\0UI") :]
    draws = np.random.default_rng(0)
    with node(predictor, NOWHERE) as here:
        assert raw_store(here.port, draws.bytes(5000)) == 0xC000
        assert raw_store(here.port, b"\0" * 500) == 0xC000
        assert raw_store(here.port, whole[:200]) == 0xC000
        assert raw_store(here.port, whole, instance="1.2.4") == 0xA900
        assert raw_store(here.port, whole, sop_class=DX) == 0x0122
        assert raw_store(here.port, io_bytes(film())[400:]) in (0xC000, 0xA900)


UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""pynetdicom, calling, leaves the socket of a connection that was refused or cut to the collector of garbage."""


@UNCLOSED
def test_a_message_without_end_is_cut_off(predictor: Predictor) -> None:
    """A PDU may say that it has 4 GB, or stop in its middle."""
    limits = {"max_film_bytes": 2**18, "stall_s": 0.2, "grace_s": 0.5}
    with archive() as there, node(predictor, there.destination, **limits) as here:
        with socket.create_connection(("127.0.0.1", here.port)) as peer:
            peer.sendall(struct.pack(">BBL", 4, 0, 2**32 - 1))
            with pytest.raises(ConnectionError):
                peer.sendall(b"\0" * 2**25)  # more than the system itself holds for a socket
        with socket.create_connection(("127.0.0.1", here.port)) as peer:
            peer.settimeout(20)
            peer.sendall(struct.pack(">BBL", 1, 0, 200)[:5])
            assert peer.recv(100) == b""
        assert raw_store(here.port, b"\0" * 2**22) is None
        assert (
            send(here.port, *(film(PixelData=b"\0" * 600_000) for _ in range(3))) == [0] * 3
        )  # more, in three messages
        assert len(there.reports(3)) == 3


def test_a_message_has_to_come_at_a_rate_and_each_is_counted_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1.0
    monkeypatch.setattr(limited_socket, "time", SimpleNamespace(monotonic=lambda: now))
    ours, theirs = socket.socketpair()
    with MeteredSocket(fileno=ours.detach()) as metered, theirs:
        metered.meter(NodeSettings(0, NOWHERE, grace_s=0.2, bytes_per_s=1000))
        theirs.sendall(b"ab")
        assert metered.recv(1) == b"a"
        now += 0.3
        with pytest.raises(TimeoutError):
            metered.recv(1)
        metered.start_message()
        theirs.sendall(b"c")
        assert metered.recv(1) == b"c"


def test_connections_are_limited(predictor: Predictor) -> None:
    with node(predictor, NOWHERE, max_associations=2) as here:
        entity = AE("SCANNER")
        entity.add_requested_context("1.2.840.10008.1.1")
        associations = [entity.associate("127.0.0.1", here.port, ae_title="PLAINFILM") for _ in range(3)]
        assert [entry.is_established for entry in associations] == [True, True, False]
        assert associations[2].is_rejected
        silent = [socket.create_connection(("127.0.0.1", here.port)) for _ in range(30)]
        wait_until(lambda: closed(silent[-1]))
        assert len(here.server.active_associations) <= 10
        for peer in silent:
            peer.close()
        wait_until(lambda: len(here.server.active_associations) == 2, seconds=5)  # well before anything times out
        assert associations[0].send_c_echo().Status == 0
        for association in associations[:2]:
            association.release()


def closed(peer: socket.socket) -> bool:
    peer.settimeout(0.1)
    try:
        return peer.recv(1) == b""
    except TimeoutError:
        return False


# --- many at once ----------------------------------------------------------------------------------------------------


def test_a_burst_is_answered_or_refused(predictor: Predictor) -> None:
    """20 films over 6 associations: each is reported, or its sender was told that it was not taken."""
    statuses: list[int] = []
    films = [film(number=number) for number in range(20)]

    def scanner(mine: list[Dataset]) -> None:
        statuses.extend(send(here.port, *mine))

    with archive() as there, node(predictor, there.destination, max_associations=6, max_waiting=8) as here:
        threads = [threading.Thread(target=scanner, args=(films[start::6],)) for start in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(statuses) == 20
        assert set(statuses) <= {0, 0xA700}
        taken = statuses.count(0)
        assert taken >= 8
        reports = there.reports(taken)
        assert send(here.port, film()) == [0]
    assert len({report.StudyInstanceUID for report in reports}) == taken


def test_a_full_queue_refuses_and_closing_answers_what_was_taken(predictor: Predictor) -> None:
    opened = threading.Event()
    answer = overriding(predictor)

    def slow(data: bytes) -> Prediction:
        opened.wait(20)
        return answer(data)

    with archive() as there:
        with node(predictor, there.destination, answer=slow, max_waiting=2) as here:
            assert send(here.port, film(), film(), film()) == [0, 0, 0xA700]
            opened.set()
        assert len(there.received) == 2
    size = len(io_bytes(film()))
    with archive() as there, node(predictor, there.destination, max_held_bytes=size // 2) as here:
        assert send(here.port, film()) == [0xA700]


def test_a_busy_service_is_asked_again_and_a_fault_is_reported(
    predictor: Predictor, caplog: pytest.LogCaptureFixture
) -> None:
    faults: list[Exception] = [RequestError("server-busy"), ZeroDivisionError("Tokenova")]
    answer = overriding(predictor)

    def faulty(data: bytes) -> Prediction:
        if faults:
            raise faults.pop(0)
        return answer(data)

    with archive() as there, node(predictor, there.destination, answer=faulty) as here:
        send(here.port, film(), film())
        failed, answered = there.reports(2)
    assert texts(failed)["not-judged"] == [text("server-failed", "en")]
    assert probabilities(answered)
    assert [record.getMessage() for record in caplog.records] == [text("dicom.failed", "en", kind="ZeroDivisionError")]


# --- nothing of a patient --------------------------------------------------------------------------------------------


@UNCLOSED
def test_nothing_of_a_patient_is_logged_printed_or_written(
    predictor: Predictor,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the DEBUG level, with values that the libraries would warn of, in every way that a film can go wrong."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    odd = {
        "PatientName": "Tokenova^" * 20,
        "PatientBirthDate": "TOKENDATE",
        "PatientSex": "TOKENSEX",
        "StudyTime": "TOKENTIME",
        "AccessionNumber": "TOKEN" * 20,
    }
    with archive() as there, node(predictor, there.destination, with_map=True) as here:
        caplog.clear()
        wrong = [
            film(ViewPosition="LL"),
            film(PixelData=b"\0"),
            film(StudyInstanceUID=None),
            film(StudyInstanceUID="TOK"),
        ]
        assert send(here.port, film(), *wrong, film(**odd)) == [0, 0, 0, 0xA900, 0xA900, 0]
        raw_store(here.port, b"Tokenova" * 50)
        report = there.reports(4)[-1]
    for name, value in odd.items():
        assert str(report[name].value) == value
    with node(predictor, NOWHERE) as here:
        send(here.port, film())
    printed = capfd.readouterr()
    lines = [f"{record.name} {record.getMessage()} {record.exc_text}" for record in caplog.records]
    assert sum("could not be delivered" in line for line in lines) == 1
    assert "TOK" not in "\n".join([printed.out, printed.err, *lines]).upper()
    assert not any(record.name.startswith(("pynetdicom", "pydicom", "highdicom")) for record in caplog.records)
    assert list(tmp_path.iterdir()) == []


# --- settings --------------------------------------------------------------------------------------------------------


def test_off_loopback_callers_must_be_named(predictor: Predictor) -> None:
    with pytest.raises(UsageError, match="dicom-callers-missing"), node(predictor, NOWHERE, host="0.0.0.0"):
        pass
    with node(predictor, NOWHERE, host="0.0.0.0", callers=("SCANNER",)) as here:
        assert here.port


def test_a_port_in_use_is_told(predictor: Predictor) -> None:
    author = Author(predictor.card, "0" * 12, "en", False)
    with node(predictor, NOWHERE) as here, pytest.raises(UsageError, match="dicom-address"):
        start_node(NodeSettings(here.port, NOWHERE), predictor.predict_bytes, author)


@pytest.mark.parametrize("title", ["", " ", "A" * 17, "BACK\\SLASH", " LEADING", "TAB\t", "ÄRZTE"])
def test_titles_are_checked(title: str) -> None:
    with pytest.raises(UsageError, match="dicom-title"):
        NodeSettings(104, NOWHERE, title=title)
    with pytest.raises(UsageError, match="dicom-title"):
        NodeSettings(104, NOWHERE, callers=("GOOD", title))
    with pytest.raises(UsageError, match=r"dicom-title|dicom-destination"):
        parse_destination(f"{title}@localhost:104")


@pytest.mark.parametrize("given", ["", "PACS", "PACS@host", "host:104", "PACS@:104", "PACS@host:port", "A@b@c:1"])
def test_destinations_are_checked(given: str) -> None:
    with pytest.raises(UsageError, match="dicom-destination"):
        parse_destination(given)


def test_ports_are_checked() -> None:
    for port in (-1, 65_536):
        with pytest.raises(UsageError, match="dicom-port"):
            NodeSettings(port, NOWHERE)
    for port in ("0", "65536"):
        with pytest.raises(UsageError, match="dicom-port"):
            parse_destination(f"PACS@host:{port}")


def test_the_longest_title_is_taken() -> None:
    assert parse_destination("A TITLE OF 16 CH@pacs.example:11112") == Destination(
        "A TITLE OF 16 CH", "pacs.example", 11112
    )
