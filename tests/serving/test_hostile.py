"""Bad input over HTTP: the right status with a sentence in the language asked for, nothing told of the inside, and the
server lives on."""

import gc
import io
import logging
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from clients import PREDICTIONS, Server, ask, encoded, post
from PIL import Image

from plainfilm.model.predictor import Predictor, Prepared
from plainfilm.randomness import generator
from plainfilm.serving.api.guard import App
from plainfilm.serving.api.http import Served, create_app
from plainfilm.serving.api.metrics import Metrics
from plainfilm.serving.limits import LIMITS
from plainfilm.serving.service import AnswerService, Room
from tests import dicom_files

TOKEN = "ZHANGWEI19500101"
GREY = generator(0, "hostile").integers(0, 256, (64, 80)).astype(np.uint8)
INSIDE = re.compile(  # what no answer may tell: places, modules, versions, addresses in memory, a stack
    r"/(usr|home|root|tmp|work|opt|etc|var)\b|site-packages|\.py\b|Traceback|\bFile \"|\b0x[0-9a-f]{4}|\d\.\d+\.\d|"
    r"(?i:python|\bpil|pydicom|starlette|fastapi|uvicorn|onnx|numpy|libtiff|\bh11)|<[a-z_.]+ object",
)


def silent(response: httpx.Response) -> httpx.Response:
    """The answer, which must tell nothing of the inside."""
    told = f"{response.text}\n{response.headers}"
    assert not INSIDE.search(told), told
    assert TOKEN not in told
    return response


# --- one request -----------------------------------------------------------------------------------------------------


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 pixels a side."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(60_001))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def photograph() -> bytes:
    """A colourful picture."""
    rows, columns = np.mgrid[0:240, 0:320]
    colours = np.stack([rows, 255 - columns * 0.8, (rows + columns) % 256], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colours).save(buffer, "JPEG")
    return buffer.getvalue()


def form(*parts: tuple[str, bytes], closed: bool = True) -> bytes:
    """A form of fields, whose boundary is x."""
    fields = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{TOKEN}.png"\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for name, value in parts
    )
    return fields + b"--x--\r\n" * closed


FORM = {"content-type": "multipart/form-data; boundary=x"}
PNG, JPEG, TIFF = (encoded(GREY, kind) for kind in ("PNG", "JPEG", "TIFF"))
BAD: dict[str, tuple[Callable[[], bytes], dict[str, str], int, str]] = {  # body, headers, status, code
    "empty": (bytes, {}, 422, "film-empty"),
    "oversized": (lambda: bytes(LIMITS.max_body_bytes + 1), {}, 413, "request-too-large"),
    "cut PNG": (lambda: PNG[: len(PNG) // 2], {}, 422, "film-truncated"),
    "cut JPEG": (lambda: JPEG[: len(JPEG) // 2], {}, 422, "film-truncated"),
    "cut TIFF": (lambda: TIFF[: len(TIFF) // 2], {}, 422, "film-truncated"),
    "cut DICOM": (lambda: dicom_files.film(GREY)[:-500], {}, 422, "film-truncated"),
    "text": (lambda: b"name,age\nan,90\n", {}, 415, "film-is-text"),
    "PDF": (lambda: b"%PDF-1.7\n\0", {"content-type": "image/png"}, 415, "film-other-format"),
    "noise": (lambda: bytes(range(256)), {}, 415, "film-unknown-format"),
    "bomb": (bomb, {}, 413, "film-too-large"),
    "DICOM bomb": (lambda: dicom_files.film(GREY, Rows=60_000, Columns=60_000), {}, 413, "film-too-large"),
    "a lateral film": (lambda: dicom_files.film(GREY, ViewPosition="LL"), {}, 422, "film-dicom-view"),
    "a hand": (lambda: dicom_files.film(GREY, BodyPartExamined="HAND"), {}, 422, "film-dicom-body-part"),
    "a photograph": (photograph, {}, 422, "film-refused"),
    "100,000 fields": (lambda: form(*[("field", b"1")] * 100_000), FORM, 400, "request-field-unknown"),
    "100,000 films": (lambda: form(*[("films", b"")] * 100_000), FORM, 413, "request-too-many-films"),
    "a form of none": (lambda: form(), FORM, 400, "request-no-film"),
    "an open form": (lambda: form(("films", PNG), closed=False), FORM, 400, "request-malformed"),
    "no boundary": (lambda: PNG, {"content-type": "multipart/form-data"}, 400, "request-malformed"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_told_in_both_languages_and_the_server_lives_on(app: App, film: bytes, kind: str) -> None:
    make, headers, status, code = BAD[kind]
    body, details = make(), {}
    for language in ("en", "zh"):
        response = silent(post(app, body, **headers, accept_language=language))
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["content-language"] == language
        details[language] = response.json()["detail"]
    assert re.search(r"[\u4e00-\u9fff]", details["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", details["en"])
    assert post(app, film).status_code == 200


def test_unknown_models_are_told_which_there_are(app: App, served: Served, film: bytes) -> None:
    for language in ("en", "zh"):
        response = silent(post(app, film, f"{PREDICTIONS}?model={TOKEN}", accept_language=language))
        assert (response.status_code, response.json()["code"]) == (404, "model-unknown")
        assert all(name in response.json()["detail"] for name in served.services)


@pytest.mark.parametrize(
    "path", ["/page/..%2F..%2Fcli.py", "/page/%2Fetc%2Fpasswd", "/v1/samples/..%2Fx", "/../cli.py"]
)
def test_names_are_never_paths(app: App, path: str) -> None:
    assert silent(ask(app, "GET", path)).status_code == 404


# --- patients --------------------------------------------------------------------------------------------------------

PATIENT = dict.fromkeys(
    (
        *("PatientName", "PatientID", "StudyDescription", "SeriesDescription", "InstitutionName", "AccessionNumber"),
        *("ImageComments", "StudyID", "OperatorsName"),
    ),
    TOKEN,
)


def of_a_patient(**attributes: object) -> bytes:
    return dicom_files.film(GREY, **PATIENT, **attributes)


def patient_requests() -> Iterator[dict[str, object]]:
    """Requests that name a patient in every place that a client can fill."""
    films = [
        of_a_patient(),
        of_a_patient(BodyPartExamined=f"{TOKEN}"),
        of_a_patient(Modality=TOKEN),
        of_a_patient(ViewPosition="LL"),
        of_a_patient(PhotometricInterpretation=TOKEN),
        of_a_patient()[:-900],
        of_a_patient().replace(b"1.2.840.10008.1.2.1", TOKEN.encode() + b"\0\0\0"),
        f"{TOKEN}\n".encode(),
        PNG[:60] + TOKEN.encode() + PNG[60:],
    ]
    for film in films:
        yield {"method": "POST", "url": f"{PREDICTIONS}?override=true", "content": film}
        yield {"method": "POST", "url": PREDICTIONS, "content": form(("films", film)), "headers": FORM}
    yield {"method": "POST", "url": PREDICTIONS, "content": form((TOKEN, b"")), "headers": FORM}
    yield {"method": "POST", "url": f"{PREDICTIONS}?map={TOKEN}&{TOKEN}=1", "content": PNG}
    yield {"method": "POST", "url": PREDICTIONS, "content": PNG, "headers": {"content-type": f"image/{TOKEN}"}}
    yield {"method": "GET", "url": f"/v1/samples/{TOKEN}"}
    yield {"method": "GET", "url": f"/{TOKEN}", "headers": {"accept-language": TOKEN, "x-patient": TOKEN}}
    yield {"method": TOKEN, "url": "/v1/models"}


def test_nothing_of_a_patient_is_told_logged_or_counted(
    server: Server, app: App, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither by the process (whose standard error stays empty: see the fixture), nor at any level of any log."""
    caplog.set_level(logging.DEBUG)
    with httpx.Client(base_url=server.address) as client:
        for request in patient_requests():
            silent(client.request(**request))
        assert TOKEN not in client.get("/metrics").text
    caplog.clear()  # what the client itself logs of its requests
    logging.getLogger("httpx").setLevel(logging.CRITICAL)
    for request in patient_requests():
        method, url = request.pop("method"), request.pop("url")
        silent(ask(app, method, url, **request))
    assert TOKEN not in ask(app, "GET", "/metrics").text
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(capfd.readouterr())


class Talkative(Predictor):
    """A predictor with a fault whose text quotes the file."""

    def prepare(self, data: bytes) -> Prepared:
        raise RuntimeError(data.decode("latin-1"))


def test_an_unexpected_fault_is_told_without_a_word_of_it(
    model: Path, served: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log has its kind and place; of several films at once, no fault is left for others to log."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.CRITICAL)
    service = AnswerService(Talkative(model), Room(8))
    app = create_app(replace(served, services={"talkative": service}, room=service.room, metrics=Metrics()))
    for language, word in (("en", "unexpected fault"), ("zh", "意外故障")):
        response = silent(post(app, of_a_patient(), accept_language=language))
        assert (response.status_code, response.json()["code"]) == (500, "server-failed")
        assert word in response.json()["detail"]
    response = silent(ask(app, "POST", PREDICTIONS, content=form(*[("films", of_a_patient())] * 5), headers=FORM))
    assert response.status_code == 500
    service.close()
    gc.collect()  # an exception that nobody asked for is logged when its future goes
    assert "RuntimeError at test_hostile.py" in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(capfd.readouterr())
    assert service.room.taken == 0


# --- mutations -------------------------------------------------------------------------------------------------------

NUM_MUTANTS = 500


def mutants() -> Iterator[bytes]:
    """Good files with bytes changed, cut out, doubled or cut off."""
    draws = generator(0, "mutants")
    deep = encoded(GREY.astype(np.uint16) * 257, "PNG")
    good = [PNG, deep, JPEG, TIFF, encoded(GREY.astype(np.uint16) * 257, "TIFF"), of_a_patient()]
    good.append(of_a_patient(WindowCenter="100", WindowWidth="50", RescaleSlope="1", RescaleIntercept="0"))
    for number in range(NUM_MUTANTS):
        data = bytearray(good[number % len(good)])
        for _ in range(int(draws.integers(1, 6))):
            reach = len(data) if draws.random() < 0.5 else min(len(data), 700)  # headers are short and matter more
            start, length = int(draws.integers(0, reach)), int(draws.integers(1, 9))
            match int(draws.integers(0, 4)):
                case 0:
                    data[start : start + length] = draws.bytes(length)
                case 1:
                    del data[start : start + length]
                case 2:
                    data[start:start] = data[start : start + 4 * length]
                case 3:
                    data[start] ^= 1 << int(draws.integers(0, 8))
        yield bytes(data if draws.random() < 0.9 else data[: int(draws.integers(1, len(data)))])


def test_no_mutant_of_a_film_breaks_the_server_or_learns_of_its_inside(app: App, film: bytes) -> None:
    statuses = []
    for mutant in mutants():
        response = silent(post(app, mutant, f"{PREDICTIONS}?override=true"))
        statuses.append(response.status_code)
        assert response.status_code in (200, 413, 415, 422), response.text
    assert len(set(statuses)) >= 3
    assert post(app, film).status_code == 200
