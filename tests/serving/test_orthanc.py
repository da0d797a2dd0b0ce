"""A real archive: Orthanc sends a study to the node, and finds the report and the map in the same study."""

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from builders import program
from dicom_files import written
from dicom_peers import TOKENS, film, overriding, wait_until

from plainfilm.messages import text
from plainfilm.model.predictor import Predictor
from plainfilm.serving.dicom.node import start_node
from plainfilm.serving.dicom.structured_report import Author
from plainfilm.serving.limits import NodeSettings, parse_destination


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Orthanc:
    """An Orthanc of its own: folder and ports; it knows one node."""

    def __init__(self, folder: Path, node_port: int, http: int, dicom: int) -> None:
        self.address = f"http://127.0.0.1:{http}"
        configuration = {
            "Name": "test",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "Plugins": [],
            "HttpPort": http,
            "DicomAet": "ORTHANC",
            "DicomPort": dicom,
            "DicomModalities": {"plainfilm": ["PLAINFILM", "127.0.0.1", node_port]},
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
        }
        path = folder / "orthanc.json"
        path.write_text(json.dumps(configuration))
        with (folder / "orthanc.log").open("wb") as log:
            self.process = subprocess.Popen([program("Orthanc"), path], stdout=log, stderr=log)

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}", body, timeout=20) as answer:
            found: bytes = answer.read()
        return found

    def get(self, path: str) -> Any:
        return json.loads(self.ask(path))

    def is_up(self) -> bool:
        assert self.process.poll() is None, "Orthanc ended"
        try:
            self.ask("/system")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True


@contextmanager
def orthanc(folder: Path, node_port: int, http: int, dicom: int) -> Iterator[Orthanc]:
    opened = Orthanc(folder, node_port, http, dicom)
    try:
        wait_until(opened.is_up)
        yield opened
    finally:
        opened.process.terminate()
        opened.process.wait(20)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_orthanc_sends_a_study_and_receives_the_report(model: Path, tmp_path: Path, language: str) -> None:
    program("dsrdump")
    predictor = Predictor(model, threads=1)
    http, dicom = free_port(), free_port()
    settings = NodeSettings(0, parse_destination(f"ORTHANC@127.0.0.1:{dicom}"), callers=("ORTHANC",), with_map=True)
    node = start_node(settings, overriding(predictor), Author(predictor.card, "0" * 12, language, True))
    try:
        with orthanc(tmp_path, node.port, http, dicom) as archive:
            lateral, frontal = film(ViewPosition="LL"), film()
            lateral.StudyInstanceUID = frontal.StudyInstanceUID
            for sent in (frontal, lateral):
                study = json.loads(archive.ask("/instances", written(sent)))["ParentStudy"]
            assert len(archive.get("/studies")) == 1
            sending = {"Resources": [study], "Synchronous": True}
            told = json.loads(archive.ask("/modalities/plainfilm/store", json.dumps(sending).encode()))
            assert (told["InstancesCount"], told["FailedInstancesCount"]) == (2, 0)

            def series(modality: str) -> list[Any]:
                entries = archive.get(f"/studies/{study}/series")
                return [entry for entry in entries if entry["MainDicomTags"]["Modality"] == modality]

            wait_until(lambda: len(series("SR")) == 2 and len(series("OT")) == 1)
            assert len(archive.get("/studies")) == len(archive.get("/patients")) == 1
            printed = []
            for number, entry in enumerate(series("SR")):
                path = tmp_path / f"{number}.dcm"
                path.write_bytes(archive.ask(f"/instances/{entry['Instances'][0]}/file"))
                done = subprocess.run([program("dsrdump"), "+Pl", "+Pc", path], capture_output=True, check=True)
                assert b"E: " not in done.stderr
                printed.append(done.stdout.decode())
    finally:
        node.close()
    assert all(TOKENS["PatientID"] in page for page in printed)
    assert all(text("card.not-for-diagnosis", language) in page for page in printed)
    assert sum(text("film-dicom-view", language) in page for page in printed) == 1
    assert sum('"Probability of COVID-19")="0.' in page for page in printed) == 1
