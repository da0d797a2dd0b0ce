"""The node's surroundings in tests: films of patients that nobody is, an archive that remembers."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from clients import wait_for
from dicom_files import dataset, written
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE, evt

from plainfilm.data.phantom import draw
from plainfilm.model.input_check import Verdict
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.serving.limits import Destination

DX = "1.2.840.10008.5.1.4.1.1.1.1"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
TOKENS = {  # what must go nowhere but into the results
    "PatientName": "Tokenova^Zdenka",
    "PatientID": "TOK-771904",
    "AccessionNumber": "TOKACC5521",
    "ReferringPhysicianName": "Tokendoctor^Otto",
    "StudyDescription": "TOKEN THORAX",
}


def film(*, number: int = 0, label: str = "COVID", **attributes: object) -> Dataset:
    """A phantom as a DX film of an invented patient; an attribute given as None is left out."""
    given = {
        **TOKENS,
        "SOPClassUID": DX,
        "Modality": "DX",
        "SOPInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "PatientBirthDate": "19510203",
        "PatientSex": "F",
        "StudyDate": "20240506",
        "StudyTime": "101112",
        "StudyID": "7",
    }
    chosen = {name: value for name, value in (given | attributes).items() if value is not None}
    return dataset(draw(label, seed=29, number=number, size=96).pixels, **chosen)


def written_film(path: Path, **attributes: object) -> Path:
    """The same, as a file."""
    path.write_bytes(written(film(**attributes)))
    return path


def overriding(predictor: Predictor) -> Callable[[bytes], Prediction]:
    """Answers as if the input check let every film pass: that of a short training is not what is tested here."""
    return lambda data: replace(predictor.predict_bytes(data), verdict=Verdict(True, (), 0.1))


class Archive:
    """A C-STORE SCP that keeps what it is sent, and refuses the first `refusals` times."""

    def __init__(self, refusals: int = 0) -> None:
        self.received: list[Dataset] = []
        self.refusals = refusals
        entity = AE("ARCHIVE")
        for sop_class in (ENHANCED_SR, SECONDARY_CAPTURE):
            entity.add_supported_context(sop_class)
        handlers = [(evt.EVT_C_STORE, self._keep)]
        self.server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.destination = Destination("ARCHIVE", "127.0.0.1", self.server.server_address[1])

    def _keep(self, event: evt.Event) -> int:
        if self.refusals > 0:
            self.refusals -= 1
            return 0xA700
        self.received.append(dcmread(io.BytesIO(event.encoded_dataset())))
        return 0

    def reports(self, count: int) -> list[Dataset]:
        """The reports, once there are so many."""
        wait_until(lambda: len(self._of(ENHANCED_SR)) >= count)
        return self._of(ENHANCED_SR)

    def maps(self) -> list[Dataset]:
        return self._of(SECONDARY_CAPTURE)

    def _of(self, sop_class: str) -> list[Dataset]:
        return [entry for entry in self.received if sop_class == entry.SOPClassUID]


@contextmanager
def archive(refusals: int = 0) -> Iterator[Archive]:
    opened = Archive(refusals)
    try:
        yield opened
    finally:
        opened.server.shutdown()


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so, for less long than `wait_for`: peers answer within a moment."""
    wait_for(is_so, seconds)


def send(port: int, *films: Dataset, title: str = "PLAINFILM", caller: str = "SCANNER") -> list[int]:
    """The statuses of C-STORE of these films over one association."""
    entity = AE(caller)
    for sop_class in {entry.SOPClassUID for entry in films}:
        entity.add_requested_context(sop_class)
    association = entity.associate("127.0.0.1", port, ae_title=title)
    assert association.is_established
    try:
        return [association.send_c_store(written_again(entry)).Status for entry in films]
    finally:
        association.release()


def written_again(data: Dataset) -> Dataset:
    """A dataset as read from a file: with its transfer syntax."""
    return dcmread(io.BytesIO(written(data)))
