"""The films of a request's body, which is in memory already: a form with parts named `films`, or the film itself.

Notable choices:
- nothing is written to disk, and a file name in a part's header is let go of unread;
- a form is refused at its first fault, so that one of 10^5 fields costs no more than its first;
- a part without a byte is passed on: decoding says what is wrong with it.
"""

import logging
import re

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from plainfilm.errors import RequestError

FIELD = b"films"
MAX_PART_HEADERS = 64
MAX_PART_HEADER_BYTES = 8 * 1024  # names and values of one part's headers together
BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046, section 5.1.1


def read_films(content_type: str, body: bytes, *, max_films: int) -> list[bytes]:
    """The films of a body: the parts `films` of multipart/form-data (RFC 7578); of any other type the body itself.

    Raises RequestError for a form that is malformed, cut off, or has another field, no film, or more than `max_films`.

    >>> form = b'--x\\r\\nContent-Disposition: form-data; name="films"\\r\\n\\r\\nPIXELS\\r\\n--x--\\r\\n'
    >>> read_films("multipart/form-data; boundary=x", form, max_films=2)
    [b'PIXELS']
    """
    if content_type.partition(";")[0].strip(" \t").lower() != "multipart/form-data":
        return [body]
    form = _Form(max_films)
    try:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if BOUNDARY.fullmatch(boundary) is None:
            raise RequestError("request-malformed")
        parser = _parser(boundary, form)
        parser.write(body)
    except (FormParserError, UnicodeEncodeError) as error:  # no header is wider than Latin-1
        raise RequestError("request-malformed") from error
    if not form.is_whole:
        raise RequestError("request-malformed")
    if not form.films:
        raise RequestError("request-no-film")
    return form.films


def _parser(boundary: bytes, form: "_Form") -> MultipartParser:
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": form.begin_part,
            "on_header_field": form.add_header_name,
            "on_header_value": form.add_header_value,
            "on_header_end": form.end_header,
            "on_headers_finished": form.end_headers,
            "on_part_data": form.add_data,
            "on_part_end": form.end_part,
            "on_end": form.end,
        },
        max_header_count=MAX_PART_HEADERS,
        max_header_size=MAX_PART_HEADER_BYTES,
    )
    parser.logger = logging.Logger("multipart", logging.CRITICAL)  # its warnings quote the body
    return parser


class _Form:
    """What the parser has found of a form so far."""

    def __init__(self, max_films: int) -> None:
        self.max_films = max_films
        self.films: list[bytes] = []
        self.is_whole = False

    def begin_part(self) -> None:
        """Raise RequestError where the form has films enough."""
        if len(self.films) == self.max_films:
            raise RequestError("request-too-many-films", maximum=self.max_films)
        self.chunks: list[bytes] = []
        self.header_bytes = 0
        self.field: bytes | None = None
        self.name = self.value = b""

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        """Take the name of a header."""
        self.name = self._header(data, start, end)

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        """Take its value; an empty one is not told."""
        self.value = self._header(data, start, end)

    def _header(self, data: bytes, start: int, end: int) -> bytes:
        self.header_bytes += end - start
        if self.header_bytes > MAX_PART_HEADER_BYTES:
            raise RequestError("request-malformed")
        return data[start:end]

    def end_header(self) -> None:
        """Keep the field's name, and nothing else, of a Content-Disposition."""
        if self.name.lower() == b"content-disposition":
            self.field = parse_options_header(self.value)[1].get(b"name")
        self.name = self.value = b""

    def end_headers(self) -> None:
        """Raise RequestError for a field that is no film."""
        if self.field is None:
            raise RequestError("request-malformed")
        if self.field != FIELD:
            raise RequestError("request-field-unknown", expected=FIELD.decode())

    def add_data(self, data: bytes, start: int, end: int) -> None:
        """Take bytes of the film."""
        self.chunks.append(data[start:end])

    def end_part(self) -> None:
        """The film is whole."""
        self.films.append(b"".join(self.chunks))

    def end(self) -> None:
        """The form is whole."""
        self.is_whole = True
