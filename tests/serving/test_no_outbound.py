"""Page and server ask for nothing outside.

In a network namespace where every packet to any address is seen (tests/lonely_visit.py), the server sends none while it
starts and answers a film. Then the page is loaded in Chromium and answers a film and a sample: it asks for nothing but
the server, and nothing leaves but names that Chromium looks up for services of its maker (which the page's own requests,
listed one by one, do not name). What is not shown: what would be asked for in a part of the page that this visit does
not reach; there the policy forbids it (test_api).
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from builders import program

CHROMIUMS_OWN = r"look-up [a-z0-9.-]+\.(google|googleapis)\.com(\.[a-z.]+)?"
CONTROL = ("6 to 198.51.100.1", "6 to 2001:db8::1", "look-up elsewhere.example")
VISIT = Path(__file__).parents[1] / "lonely_visit.py"


def test_nothing_leaves_the_machine(model: Path, film: bytes, tmp_path: Path) -> None:
    (tmp_path / "film.png").write_bytes(film)
    alone = [program("unshare"), "--net"] if os.geteuid() == 0 else [program("unshare"), "--map-root-user", "--net"]
    program("ip")
    words = [sys.executable, VISIT, model, tmp_path / "film.png", program("chromium")]
    folders = [str(VISIT.parents[1]), str(VISIT.parent), os.environ.get("PYTHONPATH", "")]
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run([*alone, *words], env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == 200
    assert told["server"] == []
    assert [sent for sent in told["page"] if not re.fullmatch(CHROMIUMS_OWN, sent)] == []
    assert "/v1/predictions" in "".join(told["asked"])
    assert [url for url in told["asked"] if not url.startswith(("/", "data:", "blob:"))] == []
    for expected, sent in zip(CONTROL, told["control"], strict=True):
        assert expected in sent
