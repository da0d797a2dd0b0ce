"""A zip that is mapped into memory: its members as they are stored. Nothing is ever unpacked."""

import struct
import zipfile
import zlib
from typing import IO, cast

from plainfilm.errors import ModelFileError
from plainfilm.io.archives import ZIP_START
from plainfilm.model.formats.stored import refuse

MAX_DIRECTORY_BYTES = 2**20  # a ResNet-152 takes 0.1 MB


class _Mapped:
    """A mapped file for `zipfile`, which reads a whole directory at once, as large as the file says it is."""

    def __init__(self, data: memoryview, path: str) -> None:
        self.data, self.path, self.place = data, path, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = max(0, (0, self.place, len(self.data))[whence] + offset)
        return self.place

    def tell(self) -> int:
        return self.place

    def read(self, count: int = -1) -> bytes:
        part = self.data[self.place :] if count < 0 else self.data[self.place : self.place + count]
        if len(part) > MAX_DIRECTORY_BYTES:
            refuse(self.path, "damage.zip")
        self.place += len(part)
        return bytes(part)


def members_of(data: memoryview, path: str) -> dict[str, zipfile.ZipInfo]:
    """The members by name. Raises ModelFileError where this is no whole zip, or a name stands there twice."""
    try:
        with zipfile.ZipFile(cast(IO[bytes], _Mapped(data, path))) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error) as error:
        raise ModelFileError("weights-damaged", path=path, reason_key="damage.zip") from error
    members = {entry.filename: entry for entry in entries}
    if len(members) < len(entries):
        refuse(path, "damage.twice")
    return members


def member_octets(data: memoryview, entry: zipfile.ZipInfo, path: str) -> memoryview:
    """The bytes of a member: torch stores them as they are, so nothing is ever unpacked."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
        refuse(path, "damage.compressed")
    header = bytes(data[entry.header_offset : entry.header_offset + 30])
    if len(header) < 30 or header[:4] != ZIP_START:
        refuse(path, "damage.zip")
    begin = entry.header_offset + 30 + sum(struct.unpack("<HH", header[26:]))  # after its name and extra field
    octets = data[begin : begin + entry.file_size]
    if len(octets) < entry.file_size:
        refuse(path, "damage.cut-off")
    if zlib.crc32(octets) != entry.CRC:
        refuse(path, "damage.checksum")
    return octets
