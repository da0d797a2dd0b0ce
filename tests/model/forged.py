"""Files of weights that an attacker forged: pickles that carry code, and safetensors whose header lies.

Each goes with what its refusal names.
"""

import io
import json
import struct
import zipfile

import torch

from tests.model import pickles as p

LEFT = "plainfilm-was-here"  # a file that the code would leave
CODE = p.text(f"touch {LEFT}")
NAMESPACE = p.name("argparse", "Namespace") + b")\x81"  # a thing beside the weights, which is passed over
SYSTEM = p.call("os", "system", CODE)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "system": (p.call("posix", "system", CODE), "posix.system"),
    "os.system": (p.call("os", "system", CODE), "os.system"),
    "eval": (p.call("builtins", "eval", p.text(f"open({LEFT!r}, 'w')")), "builtins.eval"),
    "exec in Python 2": (p.call("__builtin__", "exec", CODE), "__builtin__.exec"),
    "getattr": (p.call("builtins", "getattr", p.name("os", "system"), p.text("x")), "builtins.getattr"),
    "subprocess": (p.call("subprocess", "Popen", CODE), "subprocess.Popen"),
    "import": (p.call("importlib", "import_module", p.text("antigravity")), "importlib.import_module"),
    "torch.load": (p.call("torch.serialization", "load", CODE), "torch.serialization.load"),
    "numpy.load": (p.call("numpy", "load", CODE), "numpy.load"),
    "a dotted way round": (
        p.text("collections") + p.text("OrderedDict.__init__.__globals__") + b"\x93",
        "OrderedDict.",
    ),
    "stack": (p.text("posix") + p.text("system") + b"\x93" + CODE + b"\x85R", "posix.system"),
    "instance": (b"(" + CODE + b"iposix\nsystem\n", "posix.system"),
    "object": (b"(" + p.name("posix", "system") + CODE + b"o", "posix.system"),
    "new object": (p.name("posix", "system") + CODE + b"\x85\x81", "posix.system"),
    "behind a tensor": (b"]" + p.array(b"\0" * 4, (1,)) + b"a" + p.call("posix", "system", CODE), "posix.system"),
    "beside the weights": (
        b"}" + p.text("w") + b"}" + p.text("a") + p.torch_tensor() + b"ss" + p.text("cfg") + SYSTEM,
        "os.",
    ),
    "in the state of a namespace": (NAMESPACE + b"}" + p.text("lr") + SYSTEM + b"sb", "os.system"),
    "in place of its state": (NAMESPACE + SYSTEM + b"b", "os.system"),
    "in the arguments of a path": (p.call("pathlib", "PosixPath", SYSTEM), "os.system"),
    "in a set": (b"\x8f(" + SYSTEM + b"\x90", "os.system"),
    "made by a defaultdict": (p.call("collections", "defaultdict", p.name("os", "system")), "os.system"),
    "of a library that is passed over": (p.call("torch.optim", "os.system", CODE), "torch.optim.os.system"),
    "a function of such a library": (p.call("pytorch_lightning.utilities.cloud_io", "load", CODE), "cloud_io.load"),
    "the hub": (p.call("torch.hub", "load", CODE), "torch.hub.load"),
    "in a storage": (p.tuple_of(p.text("storage"), p.call("posix", "system", CODE)) + b"Q", "posix.system"),
}


def wrapped(container: str, content: bytes) -> bytes:
    """A pickle as it stands in a file of a kind."""
    if container == "pdparams":
        return p.PROTO + content + b"."
    if container == "legacy":
        start = io.BytesIO()
        torch.save({}, start, _use_new_zipfile_serialization=False)
        return start.getvalue()[:137] + p.PROTO + content + b"." + p.PROTO + b"]."
    return zipped({"data.pkl": p.PROTO + content + b"."})


def zipped(members: dict[str, bytes], **options: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(f"archive/{name}", content)
    return buffer.getvalue()


# --- safetensors -----------------------------------------------------------------------------------------------------


def safetensors(header: object, body: bytes = b"\0" * 16, length: int | None = None) -> bytes:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(content) if length is None else length) + content + body


def entry(begin: int = 0, end: int = 16, shape: object = (2, 2), dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


TWICE = json.dumps({"a": entry()})[:-1].encode() + b", " + json.dumps({"a": entry()})[1:].encode()
FORGED: dict[str, tuple[bytes, str]] = {
    "a header of 2**60": (safetensors({"a": entry()}, length=2**60), "weights-header"),
    "a header of 2**64 - 1": (safetensors({"a": entry()}, length=2**64 - 1), "weights-header"),
    "a header of 100 MB": (safetensors(b"{" + b" " * 100_000_000 + b"}"), "weights-header"),
    "a header longer than the file": (safetensors({"a": entry()}, length=5000), "damage.cut-off"),
    "no header": (b"\0\0\0", "damage.cut-off"),
    "no JSON": (safetensors(b"{nothing"), "damage.header"),
    "no object": (safetensors([1]), "damage.header"),
    "no text": (safetensors(b"{\xff\xfe}"), "damage.header"),
    "deep": (safetensors(b'{"a":' + b"[" * 500_000), "damage.header"),
    "lists": (safetensors(b'{"a":[' + b"[]," * 340_000 + b"[]]}"), "damage.header"),
    "a number without end": (safetensors(b'{"a":' + b"9" * 500_000 + b"}"), "damage.header"),
    "a name twice": (safetensors(TWICE), "damage.twice"),
    "before the start": (safetensors({"a": entry(-16, 0)}), "damage.too-large"),
    "beyond the end": (safetensors({"a": entry(0, 2**40, (2**38,))}), "damage.too-large"),
    "backwards": (safetensors({"a": entry(16, 0)}), "damage.too-large"),
    "overlap": (safetensors({"a": entry(), "b": entry(8, 16, (2,))}), "damage.overlap"),
    "gap": (safetensors({"a": entry(0, 4, (1,)), "b": entry(8, 16, (2,))}), "damage.overlap"),
    "rest": (safetensors({"a": entry(0, 8, (2,))}), "damage.overlap"),
    "a shape that is too large": (safetensors({"a": entry(shape=(2, 3))}), "damage.too-large"),
    "a shape that is too small": (safetensors({"a": entry(shape=(2,))}), "damage.too-large"),
    "a shape that is negative": (safetensors({"a": entry(shape=(-2, -2))}), "damage.arguments"),
    "a shape of fractions": (safetensors({"a": entry(shape=(2.0, 2.0))}), "damage.arguments"),
    "another type": (safetensors({"a": entry(dtype="F64")}), "damage.too-large"),
    "no type": (safetensors({"a": entry(dtype="F33")}), "weights-type"),
    "a type that is no text": (safetensors({"a": entry(dtype=["F32"])}), "damage.header"),
    "more entries": (safetensors({"a": entry() | {"more": 1}}), "damage.header"),
    "infinite": (safetensors(b'{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,Infinity]}}'), "damage.header"),
}
