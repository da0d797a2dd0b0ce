"""The names that may stand in a pickle of tensors, and what each means to `plainfilm.model.pickled`: a description.

No name is looked up and nothing is called: a name and its arguments are compared with the forms in which `torch.save`
and `paddle.save` write tensors (torch/_tensor.py, `__reduce_ex__`; numpy/_core/src/multiarray/methods.c,
`array_reduce`).
"""

from dataclasses import dataclass
from typing import Any

STORAGES = {  # torch's storages: types by the names that safetensors gives them
    "torch.DoubleStorage": "F64",
    "torch.FloatStorage": "F32",
    "torch.HalfStorage": "F16",
    "torch.BFloat16Storage": "BF16",
    "torch.LongStorage": "I64",
    "torch.IntStorage": "I32",
    "torch.ShortStorage": "I16",
    "torch.CharStorage": "I8",
    "torch.ByteStorage": "U8",
    "torch.BoolStorage": "BOOL",
}
RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
GLOBALS = frozenset(
    (
        *STORAGES,
        *RECONSTRUCT,
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        "numpy.ndarray",
        "numpy.dtype",
        "_codecs.encode",
    )
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name of GLOBALS."""

    name: str


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes of the file; in protocol 2 they are written as text: Latin-1 characters in UTF-8."""

    view: memoryview
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class TorchTensor:
    """A tensor over a storage that lies elsewhere in the file."""

    dtype: str
    key: str  # the name of the storage
    num_stored: int  # elements of the storage
    offset: int
    shape: tuple[Any, ...]
    strides: tuple[Any, ...]


@dataclass(slots=True)
class NumpyType:
    """The type of an array, such as f4; its byte order comes later."""

    code: str
    order: str = ""


@dataclass(slots=True)
class NumpyArray:
    """An array; what it holds comes later."""

    shape: tuple[Any, ...] = ()
    dtype: NumpyType | None = None
    is_fortran: bool = False
    octets: Octets | None = None


def as_storage(identity: Any) -> TorchTensor | None:
    """A whole storage, as a tensor of one axis; None where `identity` names none."""
    match identity:
        case ("storage", Name(name), str(key), str(_), int(count), *view) if name in STORAGES and view in ([], [None]):
            return TorchTensor(STORAGES[name], key, count, 0, (count,), (1,))
        case _:
            return None


def as_result(name: Any, arguments: Any) -> Any:
    """What a call would make, as a description; None where it is no form in which a tensor is written."""
    match (name.name if isinstance(name, Name) else "?"), arguments:
        case "collections.OrderedDict", ():
            return {}
        case (
            "torch._utils._rebuild_tensor_v2",
            (TorchTensor() as whole, int(offset), tuple(shape), tuple(strides), bool(_), dict(_), *_),
        ):
            return TorchTensor(whole.dtype, whole.key, whole.num_stored, offset, shape, strides)
        case "torch._utils._rebuild_parameter", (TorchTensor() as tensor, bool(_), dict(_)):
            return tensor
        case str(full_name), (Name("numpy.ndarray"), (0,), Octets()) if full_name in RECONSTRUCT:
            return NumpyArray()
        case "numpy.dtype", (str(code), bool(_), bool(_)):
            return NumpyType(code)
        case "_codecs.encode", (Octets(is_text=True) as octets, "latin1"):
            return octets
        case "_codecs.encode", (str(text), "latin1"):
            return Octets(memoryview(text.encode()), is_text=True)
        case _:
            return None


def put_state(target: Any, state: Any) -> bool:
    """Put the state of a type or an array into its description; False where it has another form."""
    match target, state:
        case dict(), dict():  # attributes of an OrderedDict: versions of modules, which no tensor needs
            return True
        case NumpyType(), (3, str(order), None, None, None, -1, -1, 0):
            target.order = order
            return True
        case NumpyArray(), (1, tuple(shape), NumpyType() as dtype, bool(is_fortran), Octets() as octets):
            target.shape, target.dtype, target.is_fortran, target.octets = shape, dtype, is_fortran, octets
            return True
        case _:
            return False
