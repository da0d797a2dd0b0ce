"""The names that may stand in a pickle of tensors, and what each means to `formats.pickled`: a description.

No name is looked up and nothing is called: a name and its arguments are compared with the forms in which `torch.save`
and `paddle.save` write tensors (torch/_tensor.py, `__reduce_ex__`; numpy/_core/src/multiarray/methods.c,
`array_reduce`).

Beside the tensors stand settings, counters and states of optimisers. Their classes are listed too, one by one or by
the library that they belong to: what they would make is `OPAQUE`, one and the same object for all, and what is put into
it is gone. A name that is on neither list is refused.
"""

import re
import sys
from dataclasses import dataclass

STORAGES = {  # torch's storages: types by the names that safetensors gives them
    **{"torch.DoubleStorage": "F64", "torch.FloatStorage": "F32", "torch.HalfStorage": "F16"},
    **{"torch.BFloat16Storage": "BF16", "torch.LongStorage": "I64", "torch.IntStorage": "I32"},
    **{"torch.ShortStorage": "I16", "torch.CharStorage": "I8", "torch.ByteStorage": "U8", "torch.BoolStorage": "BOOL"},
}
RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
FROM_BUFFER = ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")  # protocol 5
REBUILD = "torch._utils._rebuild_tensor_v2"
GLOBALS = frozenset(
    (
        *STORAGES,
        *RECONSTRUCT,
        "collections.OrderedDict",
        "collections.defaultdict",
        "torch._utils._rebuild_tensor",  # of the first torch
        REBUILD,
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._tensor._rebuild_from_type_v2",
        "torch.nn.parameter.Parameter",
        *FROM_BUFFER,
        "numpy.ndarray",
        "numpy.dtype",
        "_codecs.encode",
    )
)
TYPES = (
    *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range"),
    *("set", "slice", "str", "tuple", "long", "unicode", "xrange"),  # the last three: of Python 2, and protocol 2
)
HARMLESS = frozenset(  # what stands beside weights and is never built
    (
        *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in TYPES),
        *(f"collections.{name}" for name in ("Counter", "deque", "UserDict", "ChainMap")),
        *(f"{module}.scalar" for module in ("numpy.core.multiarray", "numpy._core.multiarray")),
        *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone")),
        *("argparse.Namespace", "types.SimpleNamespace", "decimal.Decimal", "fractions.Fraction", "uuid.UUID"),
        *("torch.Size", "torch.device", "torch.Tensor", "torch.serialization._get_layout", "typing.Any"),
        *("addict.addict.Dict", "easydict.EasyDict", "munch.Munch", "yacs.config.CfgNode"),
        *("fvcore.common.config.CfgNode", "ml_collections.config_dict.config_dict.ConfigDict"),
    )
)
HARMLESS_KINDS = re.compile(
    r"pathlib(\._local)?\.(Pure)?(Posix|Windows)?Path"
    r"|numpy\.(bool_?|u?int\d+|float\d+|str_|dtypes\.\w+DType)"
    r"|torch\.(b?float|u?int|complex)\d*|torch\.(bool|half|double|long|short|strided|(contiguous|preserve)_format)"
    r"|torch\.(optim|nn\.modules\.loss|amp|cuda\.amp)(\.\w+)*\.[A-Z]\w*"  # an optimiser, a schedule, a loss, whole
    r"|(pytorch_lightning|lightning|lightning_fabric|omegaconf)(\.\w+)*\.[A-Z]\w*"
)
CLASS = re.compile(r"(?P<library>[A-Za-z_]\w*)(\.\w+)*\.[A-Z]\w*")


def is_known(name: str) -> bool:
    """Whether a name may stand in a file."""
    return name in GLOBALS or is_harmless(name)


def is_harmless(name: str) -> bool:
    """Whether what a name makes stands beside weights and can be left unbuilt.

    >>> is_harmless("pathlib.PosixPath"), is_harmless("omegaconf.dictconfig.DictConfig"), is_harmless("os.system")
    (True, True, False)
    """
    return name in HARMLESS or HARMLESS_KINDS.fullmatch(name) is not None


def is_class_of_others(name: str) -> bool:
    """Whether a name is written like a class of a library or program, such as that of a whole model.

    >>> is_class_of_others("torchvision.models.resnet.ResNet"), is_class_of_others("subprocess.Popen")
    (True, False)
    """
    found = CLASS.fullmatch(name)
    return found is not None and found["library"] not in {*sys.stdlib_module_names, "__builtin__"}


@dataclass(frozen=True, slots=True)
class Name:
    """A name that may stand in a file."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something beside the tensors, which was not built."""


OPAQUE = Opaque()


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
    shape: tuple[object, ...]
    strides: tuple[object, ...]


@dataclass(slots=True)
class NumpyType:
    """The type of an array, such as f4; its byte order comes later."""

    code: str
    order: str = ""


@dataclass(slots=True)
class NumpyArray:
    """An array; what it holds comes later."""

    shape: tuple[object, ...] = ()
    dtype: NumpyType | None = None
    is_fortran: bool = False
    octets: Octets | None = None


def as_storage(identity: object) -> TorchTensor | Name | None:
    """A whole storage, as a tensor of one axis; None where `identity` names none.

    The older stream names classes of modules in the same way, with their source: such a name stays a name.
    """
    match identity:
        case ("storage", Name(name), str(key), str(_), int(count), *view) if name in STORAGES and view in ([], [None]):
            return TorchTensor(STORAGES[name], key, count, 0, (count,), (1,))
        case ("module", Name() as module, *_):
            return module
        case _:
            return None


def as_result(name: object, arguments: object) -> object:
    """What a call would make, as a description; None where it is no form in which a tensor is written."""
    match (name.name if isinstance(name, Name) else "?"), arguments:
        case "collections.OrderedDict", (list(pairs),):  # Python 2 gives the entries at once
            return _entries(pairs)
        case "collections.OrderedDict" | "collections.defaultdict", ():
            return {}
        case "collections.defaultdict", (Name() | None,):
            return {}
        case "torch._utils._rebuild_tensor", (TorchTensor() as whole, int(offset), tuple(shape), tuple(strides)):
            return TorchTensor(whole.dtype, whole.key, whole.num_stored, offset, shape, strides)
        case (
            "torch._utils._rebuild_tensor_v2",
            (TorchTensor() as whole, int(offset), tuple(shape), tuple(strides), bool(_), dict(_), *_),
        ):
            return TorchTensor(whole.dtype, whole.key, whole.num_stored, offset, shape, strides)
        case "torch._utils._rebuild_parameter", (TorchTensor() as tensor, bool(_), dict(_)):
            return tensor
        case "torch._utils._rebuild_parameter_with_state", (TorchTensor() as tensor, bool(_), dict(_), _):
            return tensor
        case "torch.nn.parameter.Parameter", (TorchTensor() as tensor, *_):
            return tensor
        case "torch._tensor._rebuild_from_type_v2", (
            Name("torch._utils._rebuild_tensor_v2") as inner,
            Name(),
            tuple(given),
            _,
        ):
            return as_result(inner, given)
        case str(full_name), (Name("numpy.ndarray"), (0,), Octets()) if full_name in RECONSTRUCT:
            return NumpyArray()
        case str(full_name), (Octets() as octets, NumpyType() as dtype, tuple(shape), str(order)) if (
            full_name in FROM_BUFFER
        ):
            return NumpyArray(shape, dtype, order == "F", octets)
        case "numpy.dtype", (str(code), bool(_), bool(_)):
            return NumpyType(code)
        case "_codecs.encode", (Octets(is_text=True) as octets, "latin1"):
            return octets
        case "_codecs.encode", (str(text), "latin1"):
            return Octets(memoryview(text.encode()), is_text=True)
        case str(full_name), _ if is_harmless(full_name):
            return OPAQUE
        case _:
            return None


def _entries(pairs: list[object]) -> dict[str, object] | None:
    """The dict of such pairs; None where they are no pairs of a text and something."""
    found: dict[str, object] = {}
    for pair in pairs:
        match pair:
            case [str(name), value] | (str(name), value) if name not in found:
                found[name] = value
            case _:
                return None
    return found


def put_state(target: object, state: object) -> bool:
    """Put the state of a type or an array into its description; False where it has another form."""
    match target, state:
        case dict(), dict():  # attributes of an OrderedDict: versions of modules, which no tensor needs
            return True
        case (Opaque(), _) | (TorchTensor(), _):  # of a tensor: its attributes
            return True
        case NumpyType(), (int(_), str(order), None, None, None, int(_), int(_), int(_)):  # the last three: of texts
            target.order = order
            return True
        case NumpyArray(), (1, tuple(shape), NumpyType() as dtype, bool(is_fortran), Octets() | list() as octets):
            target.shape, target.dtype, target.is_fortran = shape, dtype, is_fortran
            target.octets = octets if isinstance(octets, Octets) else None  # a list: of objects
            return True
        case _:
            return False
