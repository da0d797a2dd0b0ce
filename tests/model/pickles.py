"""Pickles written by hand: what an attacker could write, and Python's own pickler would not."""

import struct

PROTO = b"\x80\x02"


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    """What Python's reader would do: attribute(*arguments)."""
    return name(module, attribute) + b"(" + b"".join(arguments) + b"tR"


def int4(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def tuple_of(*entries: bytes) -> bytes:
    return b"(" + b"".join(entries) + b"t"


def torch_tensor(
    *, key: str = "0", count: int = 4, offset: int = 0, shape: tuple[int, ...] = (4,), strides: tuple[int, ...] = (1,)
) -> bytes:
    """A tensor over a storage of torch's."""
    identity = tuple_of(text("storage"), name("torch", "FloatStorage"), text(key), text("cpu"), int4(count)) + b"Q"
    return call(
        "torch._utils",
        "_rebuild_tensor_v2",
        identity,
        int4(offset),
        tuple_of(*map(int4, shape)),
        tuple_of(*map(int4, strides)),
        b"\x89",
        call("collections", "OrderedDict"),
    )


def array(octets: bytes, shape: tuple[int, ...], code: str = "f4", order: str = "<") -> bytes:
    """An array of NumPy's, with its octets as protocol 3 writes them."""
    made = call("numpy", "dtype", text(code), b"\x89", b"\x88")
    made += tuple_of(b"K\x03", text(order), b"NNN", int4(-1), int4(-1), b"K\x00") + b"b"
    state = tuple_of(
        b"K\x01", tuple_of(*map(int4, shape)), made, b"\x89", b"B" + struct.pack("<I", len(octets)) + octets
    )
    start = call("numpy._core.multiarray", "_reconstruct", name("numpy", "ndarray"), b"K\x00\x85", b"C\x01b")
    return start + state + b"b"


def state_dict(**tensors: bytes) -> bytes:
    entries = b"".join(text(key) + tensor for key, tensor in tensors.items())
    return PROTO + b"}(" + entries + b"u."
