"""File facts: encoders leave traces, contents leave none, damage is no error."""

import io

import numpy as np
import pytest
from builders import random_film
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from plainfilm.data.decoding.file_facts import FACTS, file_facts, read_facts
from plainfilm.data.film_index import Row
from plainfilm.data.sources.listing import list_films


def encoded(form: str, mode: str = "L", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(random_film()).convert(mode).save(buffer, form, **options)
    return buffer.getvalue()


def facts(data: bytes) -> dict[str, float]:
    return dict(zip(FACTS, file_facts(data, 90 * 70), strict=True))


def test_formats_depths_and_colours():
    assert [facts(encoded(form))["format"] for form in ("PNG", "JPEG", "TIFF", "BMP")] == [1, 2, 3, 0]
    assert facts(bytes(128) + b"DICM")["format"] == 4
    assert facts(encoded("PNG"))["bits"] == facts(encoded("JPEG"))["bits"] == 8
    assert facts(encoded("PNG", "1"))["bits"] == 1
    assert [facts(encoded("JPEG", mode))["colour"] for mode in ("L", "RGB")] == [1, 3]
    assert [facts(encoded("PNG", mode))["colour"] for mode in ("L", "RGB", "P")] == [0, 2, 3]


def test_compression_shows():
    tables = [facts(encoded("JPEG", quality=quality))["compression"] for quality in (95, 75, 50)]
    assert tables == sorted(tables)
    with Image.open(io.BytesIO(encoded("JPEG", quality=75))) as image:
        assert tables[1] == pytest.approx(np.mean(image.quantization[0]))
    assert facts(encoded("JPEG", "RGB"))["pieces"] == 2
    assert len({facts(encoded("PNG", compress_level=level))["compression"] for level in (1, 9)}) == 2


def test_what_a_text_says_is_not_read():
    found = []
    for name in ("Zhang San", "Wang Wu 2"):
        text = PngInfo()
        text.add_text("Patient", name)
        found.append(facts(encoded("PNG", pnginfo=text)))
    assert found[0] == found[1]
    assert found[0]["extras"] == 1
    assert facts(encoded("PNG"))["extras"] == 0


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_damage_is_no_error(form):
    data = encoded(form)
    for length in range(0, min(len(data), 700)):
        assert len(file_facts(data[:length], 0)) == len(FACTS)
    random = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(data)
        for place in random.integers(2 if form == "JPEG" else 8, min(len(data), 300), 5):
            damaged[place] = random.integers(256)
        assert np.isfinite(file_facts(bytes(damaged), 1)).all()


def test_a_film_that_is_gone_has_zeros(tmp_path):
    for name in ("one", "two"):
        (tmp_path / "A").mkdir(exist_ok=True)
        (tmp_path / "A" / f"{name}.png").write_bytes(encoded("PNG"))
    listing = list_films([tmp_path])
    rows = tuple(Row(path=entry.path, width=90, height=70) for entry in listing.entries)
    (tmp_path / rows[1].path).unlink()
    found = read_facts(listing, rows)
    np.testing.assert_allclose(found[0], file_facts(encoded("PNG"), 6300))
    assert not found[1].any()
