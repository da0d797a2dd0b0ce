"""Fixtures that several tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real radiographs: PLAINFILM_DATA, or ../shared/data beside the project; tests that need it are skipped without."""
    folder = Path(os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real radiographs on this machine")
    return folder
