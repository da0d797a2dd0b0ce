"""Bodies of requests: every film comes back as it was sent, and nothing else than RequestError is raised."""

import contextlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import RequestError
from plainfilm.serving.api.multipart import MAX_PART_HEADER_BYTES, MAX_PART_HEADERS, read_films

BOUNDARY_CHARACTERS = "0123456789ABCXYZabcxyz'()+_,-./:=?"
boundaries = st.text(BOUNDARY_CHARACTERS, min_size=1, max_size=70)
# bytes that look like what separates parts are what a reader of parts may trip over
films = st.lists(st.one_of(st.binary(), st.sampled_from([b"\r\n", b"--", b"\r\n--", b"\r"])), max_size=6).map(b"".join)


def part(film: bytes, *, name: str = "films", more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="patient.dcm"\r\n{more}\r\n'
    return head.encode() + film


def form(parts: list[bytes], boundary: str = "frontier") -> bytes:
    return b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), entry) for entry in parts) + b"--%b--\r\n" % (
        boundary.encode()
    )


def form_type(boundary: str = "frontier") -> str:
    return f'multipart/form-data; boundary="{boundary}"'


def code_of(content_type: str, body: bytes, *, max_films: int = 4) -> str:
    with pytest.raises(RequestError) as caught:
        read_films(content_type, body, max_films=max_films)
    return caught.value.code


@given(st.lists(films, min_size=1, max_size=5), boundaries)
def test_every_film_comes_back(sent, boundary):
    sent = [film for film in sent if b"--" + boundary.encode() not in film] or [b""]
    body = form([part(film) for film in sent], boundary)
    assert read_films(form_type(boundary), body, max_films=5) == sent


@given(st.lists(films, min_size=1, max_size=5))
def test_a_form_of_another_program_is_read(sent):
    request = httpx.Request("POST", "http://x", files=[("films", ("name", film, "image/png")) for film in sent])
    assert read_films(request.headers["content-type"], request.read(), max_films=5) == sent


@given(
    st.lists(films, min_size=1, max_size=3).map(lambda sent: form([part(film) for film in sent])),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=4),
)
def test_a_damaged_form_is_read_or_refused(body, damages):
    for place, removed, added in damages:
        body = body[:place] + added + body[place + removed :]
    with contextlib.suppress(RequestError):
        assert read_films(form_type(), body, max_films=3)


@given(st.text(), st.binary())
def test_any_type_of_content_is_read_or_refused(options, body):
    with contextlib.suppress(RequestError):
        assert read_films(f"multipart/form-data;{options}", body, max_films=3)


@given(st.integers(0, len(form([part(b"PIXELS")])) - len(b"--\r\n")))
def test_a_form_that_is_cut_off_is_malformed(length):
    assert code_of(form_type(), form([part(b"PIXELS")])[:length]) == "request-malformed"


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/dicom", "application/octet-stream", "", "multipart"]
)
def test_another_body_is_the_film(content_type):
    for body in (b"PIXELS", b"", form([part(b"PIXELS")])):
        assert read_films(content_type, body, max_films=1) == [body]


@pytest.mark.parametrize(
    "options", ["", "; boundary=", '; boundary=""', "; boundary=" + 71 * "x", '; boundary="a\r\nb"']
)
def test_a_form_without_a_boundary_is_malformed(options):
    assert code_of(f"Multipart/Form-Data{options}", form([part(b"PIXELS")], "")) == "request-malformed"


def test_a_form_without_films_is_refused():
    assert code_of(form_type(), form([])) == "request-no-film"


def test_an_empty_part_is_passed_on():
    assert read_films(form_type(), form([part(b"")]), max_films=1) == [b""]


def test_one_film_too_many_is_refused():
    sent = [b"a", b"b", b"c", b"d"]
    assert read_films(form_type(), form([part(film) for film in sent]), max_films=4) == sent
    assert code_of(form_type(), form([part(film) for film in [*sent, b"e"]])) == "request-too-many-films"


@pytest.mark.parametrize("name", ["film", "Films", "films[]", ""])
def test_another_field_is_refused(name):
    assert code_of(form_type(), form([part(b"PIXELS"), part(b"x", name=name)])) == "request-field-unknown"


def test_a_field_is_not_named_by_its_file_name():
    head = b'Content-Disposition: form-data; filename="; name=films; \\"; name=films"\r\n\r\n'
    assert code_of(form_type(), form([head + b"PIXELS"])) == "request-malformed"


def test_a_part_without_a_name_is_malformed():
    assert code_of(form_type(), form([b"Content-Type: image/png\r\n\r\nPIXELS"])) == "request-malformed"
    assert code_of(form_type(), form([b"\r\nPIXELS"])) == "request-malformed"


@pytest.mark.parametrize(
    "head", [MAX_PART_HEADERS * "X: y\r\n", f"X: {MAX_PART_HEADER_BYTES * 'y'}\r\n", 9 * f"X: {1000 * 'y'}\r\n"]
)
def test_headers_without_end_are_refused(head):
    assert code_of(form_type(), form([part(b"PIXELS", more=head)])) == "request-malformed"


def test_of_many_fields_only_the_first_is_read():
    """What follows the first fault is not looked at: damage there changes nothing."""
    fields = [part(b"1", name=f"field{number}") for number in range(100_000)]
    assert code_of(form_type(), form(fields)[:-1_000_000] + b"\r\n--frontier broken") == "request-field-unknown"
    assert code_of(form_type(), form(100_000 * [part(b"1")])) == "request-too-many-films"


def test_nothing_of_the_body_is_logged(caplog, capfd):
    code_of(form_type(), form([b"PATIENT NAME\r\n\r\n"]))
    code_of(form_type(), b"PATIENT NAME")
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")
