"""Data of patients that nobody is: a data set in which every place that can name a patient does, each otherwise.

A token is told apart from all others, so that one that turns up says where it came from.
"""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from dicom_files import dataset, written
from PIL import Image
from pydicom import Dataset
from pydicom.sequence import Sequence

from plainfilm.data import phantom

SIDE_PX = 96
CLASSES = ("COVID", "NORMAL", "Viral_Pneumonia")
NUM_A_CLASS = 9


@dataclass
class Tokens:
    """The tokens by the place that holds them: in a film's own bytes, or in a name or a cell of a table."""

    inside: dict[str, str] = field(default_factory=dict)  # may go nowhere
    named: dict[str, str] = field(default_factory=dict)  # may also stand on the terminal and in the tables of films

    def put(self, place: str, form: str = "Tok{:02d}Enova") -> str:
        """A new token in a film; `form` makes it of its number."""
        assert place not in self.inside
        self.inside[place] = form.format(len(self.inside) + 11)
        return self.inside[place]

    def name(self, place: str) -> str:
        """A new token in a name or a cell."""
        assert place not in self.named
        self.named[place] = f"Nam{len(self.named) + 11}Edova"
        return self.named[place]


# --- DICOM -----------------------------------------------------------------------------------------------------------

TEXTS = {  # an attribute of every kind of value that holds text, or digits that tell a person
    "PN": ("PatientName", "Tok{:02d}Enova^Zdenka"),
    "LO": ("PatientID", "Tok{:02d}EnovaId"),
    "SH": ("AccessionNumber", "Tok{:02d}EnovaAcc"),
    "LT": ("PatientComments", "Tok{:02d}Enova says"),
    "ST": ("InstitutionAddress", "Tok{:02d}Enova Street"),
    "UT": ("TextValue", "Tok{:02d}Enova tells"),
    "UC": ("LongCodeValue", "Tok{:02d}Enova long"),
    "UR": ("RetrieveURL", "https://Tok{:02d}Enova.example/"),
    "AE": ("StationAETitle", "TOK{:02d}ENOVA"),
    "CS": ("PatientSex", "TOK{:02d}ENOVA"),
    "DA": ("PatientBirthDate", "193107{:02d}"),
    "DT": ("AcquisitionDateTime", "193208{:02d}101112.77"),
    "TM": ("StudyTime", "2359{:02d}.771904"),
    "AS": ("PatientAge", "TOK{:02d}ENOVAY"),
    "DS": ("PatientWeight", "77.1904{:02d}"),
    "IS": ("NumberOfStudyRelatedInstances", "7719041{:02d}"),
    "UI": ("FrameOfReferenceUID", "1.2.826.0.7719041.{:02d}"),
}
PRIVATE = {"LO": "LO", "UN": "UN", "OB": "OB"}
REFUSED = {  # attributes for whose sake a film is refused
    "a view": {"ViewPosition": "TOK{:02d}ENOVA"},
    "a modality": {"Modality": "TOK{:02d}ENOVA"},
    "a body part": {"BodyPartExamined": "TOK{:02d}HAND"},
    "a photometric interpretation": {"PhotometricInterpretation": "TOK{:02d}ENOVA"},
    "a character set": {"SpecificCharacterSet": "TOK{:02d}SET"},
    "a window": {"WindowCenter": "TOK{:02d}ENOVA", "WindowWidth": "x"},
    "a rescale slope": {"RescaleSlope": "TOK{:02d}ENOVA", "RescaleIntercept": "0"},
    "a number of frames": {"NumberOfFrames": "TOK{:02d}ENOVA"},
}


def of_a_patient(pixels: np.ndarray, tokens: Tokens) -> bytes:
    """A film that is read, with a token in everything that says who it is of."""
    data = dataset(pixels, StudyInstanceUID="1.2.3.4", SeriesInstanceUID="1.2.3.5")
    for kind, (name, form) in TEXTS.items():
        setattr(data, name, tokens.put(f"DICOM {kind}", form))
    block = data.private_block(0x0011, tokens.put("DICOM private creator"), create=True)
    for number, (kind, vr) in enumerate(PRIVATE.items()):
        token = tokens.put(f"DICOM private {kind}")
        block.add_new(number, vr, token if vr == "LO" else (token + " ").encode())
    inner = Dataset()
    inner.PatientID = tokens.put("DICOM sequence")
    outer = Dataset()
    outer.PatientName, outer.OtherPatientIDsSequence = tokens.put("DICOM sequence, nested"), Sequence([inner])
    data.RequestAttributesSequence = Sequence([outer])
    data.add_new(0x60001500, "LO", tokens.put("DICOM overlay's label"))
    data.add_new(0x60000022, "LO", tokens.put("DICOM overlay's description"))
    data.add_new(0xFFFCFFFC, "OB", tokens.put("DICOM after the pixels").encode())
    data.PixelData += (tokens.put("DICOM pixels' end") + " ").encode()
    data.PixelData += b"\0" * (len(data.PixelData) % 2)
    name, preamble = tokens.put("DICOM file's sender", "TOK{:02d}SENDER"), tokens.put("DICOM preamble").encode()
    whole = written(data)
    meta = struct.pack("<HH2sH16s", 2, 0x16, b"AE", 16, name.encode().ljust(16))
    start, length = 144, struct.unpack_from("<I", whole, 140)[0]  # of the file's own header, which it begins with
    head = struct.pack("<I", length + len(meta))
    return (
        preamble.ljust(128, b"\0")
        + whole[128:140]
        + head
        + whole[start : start + length]
        + meta
        + whole[start + length :]
    )


def refused(pixels: np.ndarray, tokens: Tokens) -> dict[str, bytes]:
    """Films that are refused, or nearly, for the sake of what a token stands in."""
    films = {}
    for place, attributes in REFUSED.items():
        token = tokens.put(f"DICOM {place}", next(iter(attributes.values())))
        given = {name: token if "TOK" in value else value for name, value in attributes.items()}
        films[place] = _patched(pixels, given)
    cut = dataset(pixels, PatientName=tokens.put("DICOM, cut off"))
    films["cut"] = written(cut)[:-400]
    odd = dataset(pixels, StudyDescription=tokens.put("DICOM, too long") * 30)
    films["odd"] = written(odd)
    return films


def _patched(pixels: np.ndarray, values: dict[str, str]) -> bytes:
    """A film whose attributes are what their kind of value does not allow."""
    data = dataset(pixels)
    for name, value in values.items():
        setattr(data, name, "1" if name != "Modality" else "CR")
        data[name]._value = value
        data[name].VR = "LO"
    return written(data)


# --- other formats ---------------------------------------------------------------------------------------------------


def pictures(draw: Callable[[], np.ndarray], tokens: Tokens) -> dict[str, bytes]:
    """Pictures of every format with a token in each of their texts, by the name of the file."""
    exif = Image.Exif()
    exif[0x013B] = tokens.put("PNG eXIf")
    kinds = {
        "tEXt": b"Comment\0" + tokens.put("PNG tEXt").encode(),
        "zTXt": b"Patient\0\0" + zlib.compress(tokens.put("PNG zTXt").encode()),
        "iTXt": b"Title\0\0\0en\0\0" + tokens.put("PNG iTXt").encode(),
        "eXIf": exif.tobytes().removeprefix(b"Exif\0\0"),
        "prVt": tokens.put("PNG private chunk").encode(),
    }
    png = encoded(draw(), "PNG")
    end = png.rindex(b"IEND") - 4
    body = b"".join(_chunk(kind.encode(), content) for kind, content in kinds.items())
    profile = b"\0" * 36 + b"acsp" + tokens.put("JPEG ICC").encode()
    artist = Image.Exif()
    artist[0x013B] = tokens.put("JPEG EXIF")
    texts = {
        0x010E: tokens.put("TIFF ImageDescription"),
        0x013B: tokens.put("TIFF Artist"),
        0xC001: tokens.put("TIFF private tag"),
    }
    author = Image.Exif()
    author[0x013B] = tokens.put("WebP EXIF")
    wavelets = encoded(draw(), "JPEG2000", comment=tokens.put("JPEG 2000 comment"))
    start = wavelets.index(b"jp2c") - 4
    boxes = b"".join(
        struct.pack(">I4s", 8 + len(token), kind) + token
        for kind, token in (
            (b"xml ", tokens.put("JP2 XML").encode()),
            (b"uuid", tokens.put("JP2 UUID").encode().ljust(20)),
        )
    )
    return {
        "after.bmp": encoded(draw(), "BMP") + tokens.put("BMP after its end").encode(),
        "texts.webp": encoded(
            draw(),
            "WEBP",
            exif=author.tobytes(),
            icc_profile=bytes(36) + b"acsp" + tokens.put("WebP ICC").encode(),
            xmp=tokens.put("WebP XMP").encode(),
        ),
        "broken.webp": encoded(draw(), "WEBP")[:60] + tokens.put("WebP, cut off").encode(),
        "texts.jp2": wavelets[:start] + boxes + wavelets[start:],
        "broken.jp2": wavelets[: start + 150] + tokens.put("JPEG 2000, cut off").encode(),
        "texts.png": png[:33] + body + png[33:end] + png[end:] + tokens.put("PNG after its end").encode(),
        "broken.png": png[:60] + tokens.put("PNG, overwritten").encode() + png[75:],
        "texts.jpg": encoded(
            draw(),
            "JPEG",
            comment=tokens.put("JPEG comment"),
            exif=artist,
            icc_profile=profile,
            xmp=f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{tokens.put('JPEG XMP')}</x:xmpmeta>".encode(),
        ),
        "texts.tif": encoded(draw(), "TIFF", tiffinfo=texts),
        "text.png": tokens.put("a text that is no film").encode(),
        "text.dcm": tokens.put("a text that is no DICOM").encode().ljust(128, b"\0") + b"DICM",
    }


def encoded(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


# --- the data set ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataSet:
    """Where it is."""

    sources: tuple[Path, ...]  # a folder, a zip, a tar
    tables: tuple[Path, ...]  # of the folder
    film: Path  # one that is read
    patient: bytes  # a DICOM file that is read

    @property
    def paths(self) -> list[str]:
        """The files of the folder, as a table names them."""
        root = self.film.parents[1]
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def write(folder: Path, tokens: Tokens) -> DataSet:
    """A folder, a zip and a tar of films of all classes, with a table."""
    count = 0

    def draw(label: str = "COVID") -> np.ndarray:
        nonlocal count
        count += 1
        return phantom.draw(label, seed=41, number=count, size=SIDE_PX).pixels

    root = folder / tokens.name("the source's folder") / tokens.name("a folder in the source")
    for label in CLASSES:
        (root / label).mkdir(parents=True)
        for number in range(NUM_A_CLASS):
            (root / label / f"{label}-{number}.png").write_bytes(encoded(draw(label), "PNG"))
    patient = of_a_patient(draw(), tokens)
    films = {f"{number}.dcm": data for number, data in enumerate(refused(draw(), tokens).values())}
    films |= {"patient.dcm": patient, **pictures(draw, tokens)}
    good = f"{tokens.name('a file')}.png"
    films |= {good: encoded(draw(), "PNG"), f"{tokens.name('a file that is no film')}.png": b"nothing"}
    films |= {f"{tokens.name('an empty file')}.jpg": b""}
    for name, data in films.items():
        (root / "COVID" / name).write_bytes(data)
    (root / "COVID" / f"{tokens.name('a link')}.png").symlink_to(f"/{tokens.name('where a link leads')}.png")
    table = _table(folder / f"{tokens.name('a table')}.csv", tokens)
    zipped, tarred = folder / f"{tokens.name('a zip')}.zip", folder / f"{tokens.name('a tar')}.tar.gz"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.comment = tokens.put("a zip's comment").encode()
        info = zipfile.ZipInfo(f"COVID/{tokens.name('a member of a zip')}.png")
        info.comment, info.extra = tokens.put("a member's comment").encode(), b"\x99\x99\x10\x00" + b"x" * 16
        archive.writestr(info, encoded(draw(), "PNG"))
        archive.writestr(f"../{tokens.name('a member that leads out')}.png", b"")
    with tarfile.open(tarred, "w:gz", pax_headers={"comment": tokens.put("a tar's comment")}) as archive:
        data = encoded(draw("NORMAL"), "PNG")
        entry = tarfile.TarInfo(f"NORMAL/{tokens.name('a member of a tar')}.png")
        entry.size, entry.uname = len(data), tokens.put("the owner in a tar")
        archive.addfile(entry, io.BytesIO(data))
    return DataSet((root.parent, zipped, tarred), (table,), root / "COVID" / good, patient)


COLUMNS = ("patient", "name", "date of birth", "sex", "age", "view", "quality")


def _table(path: Path, tokens: Tokens) -> Path:
    """A table with a token in the cells of a film, of every column that means something, and in the name of one."""
    header = ",".join(("path", *COLUMNS, tokens.name("a column's name")))
    cells = [tokens.name(f"the column {name}") for name in COLUMNS]
    rows = [f"COVID/COVID-{number}.png,{','.join(cells)},x" for number in range(3)]
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path
