"""Files of tensors from elsewhere: what is read is what was written; what is forged is refused, and nothing runs."""

import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from plainfilm.errors import ModelFileError
from plainfilm.messages import LANGUAGES, sentence
from plainfilm.model.formats import pickled
from plainfilm.model.formats.pickled import read_pickle
from plainfilm.model.formats.tensorfile import read_tensors
from tests.model import pickles as p
from tests.model.forged import FORGED, HOSTILE, NAMESPACE, entry, safetensors, wrapped, zipped

MAX_BYTES = 50 * 2**20


def some_tensors() -> dict[str, torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    grid = torch.randn(2, 3, 4, 5, generator=draws)
    return {
        "plain": grid,
        "transposed": grid.transpose(1, 3),
        "part": grid[1:, :, 1:3],
        "channels last": grid.contiguous(memory_format=torch.channels_last),
        "parameter": torch.nn.Parameter(grid[0, 0, 0]),
        "half": grid.half(),
        "bfloat16": grid.bfloat16(),
        "double": grid.double() + 1e-9,
        "count": torch.tensor(7),
        "bytes": torch.arange(5, dtype=torch.uint8),
    }


def save_safetensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, path)


def save_torch(tensors: dict[str, torch.Tensor], path: Path) -> None:
    torch.save(tensors, path)


def save_legacy(tensors: dict[str, torch.Tensor], path: Path) -> None:
    torch.save(tensors, path, _use_new_zipfile_serialization=False)


def save_wrapped(tensors: dict[str, torch.Tensor], path: Path) -> None:
    torch.save({"epoch": 3, "loss": 0.5, "best": None, "state_dict": tensors, "log": ["a", (1, True)]}, path)


SAVERS = [save_safetensors, save_torch, save_legacy, save_wrapped]


@pytest.mark.parametrize("save", SAVERS)
def test_every_tensor_is_what_was_saved(save: Callable[..., None], tmp_path: Path) -> None:
    tensors = some_tensors()
    save(tensors, tmp_path / "file")
    found = read_tensors(tmp_path / "file")
    assert found.kind == ("safetensors" if save is save_safetensors else "torch")
    assert set(found.tensors) == set(tensors)
    for name, tensor in tensors.items():
        expected = tensor.detach().float() if tensor.is_floating_point() else tensor
        assert np.array_equal(found.tensors[name].read(), expected.numpy()), name


def refused(path: Path, content: bytes, max_bytes: float = MAX_BYTES) -> ModelFileError:
    """The error with which a file is refused, and the proof that refusing took little memory."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError) as caught:
            read_tensors(path)
        assert tracemalloc.get_traced_memory()[1] < max_bytes
    finally:
        tracemalloc.stop()
    for language in LANGUAGES:
        assert str(path) in sentence(caught.value, language)
    return caught.value


# --- pickles that carry code -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["pdparams", "zip", "legacy"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_code_is_named_and_does_not_run(
    kind: str, container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content, name = HOSTILE[kind]
    error = refused(tmp_path / "weights.pth", wrapped(container, content))
    assert error.code == "weights-code"
    assert name in str(error.parameters["name"])
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pth"]


def test_a_name_may_stand_in_the_file_but_not_be_called() -> None:
    for content in (
        p.call("torch", "FloatStorage", b"K\x04"),
        p.call("numpy", "ndarray", p.tuple_of(p.int4(2**30))),
        b"K\x01" + p.tuple_of(p.name("numpy", "ndarray"), b"K\x00\x85", b"C\x01b") + b"R",
    ):
        with pytest.raises(ModelFileError, match="arguments"):
            read_pickle(memoryview(p.PROTO + content + b"."), "file")


BOMBS = {
    "lists": b"]" * 300_000,
    "marks": b"(" * 300_000,
    "depth": b"]" + b"\x85" * 300_000,
    "memo": b"]" + b"\x94" * 300_000,
    "far places in the memo": b"]" + b"".join(b"r" + struct.pack("<I", 7 * number) for number in range(6_000)),
    "doubling": b"]" + b"\x94" + b"".join(b"(" + b"h\x00" * 8 + b"tq\x00" for _ in range(20_000)),
    "texts": p.text("x" * 200) * 10_000,
    "wide texts": p.text("𠀀" + "x" * 190) * 10_000,
    "large numbers": (b"\x8a\xff" + b"\x7f" * 255) * 10_000,
    "large texts": p.text("x" * 201) * 10_000,
    "octets": b"C\x00" * 150_000,
    "keys": b"}" + b"".join(p.int4(number) + b"Ns" for number in range(50_000)),
    "tensors": p.torch_tensor() * 3_000,
    "types": p.call("numpy", "dtype", p.text("f4"), b"\x89", b"\x88") * 6_000,
    "namespaces": NAMESPACE * 20_000,
    "the state of a namespace": NAMESPACE + b"}" + b"".join(p.int4(number) + b"]s" for number in range(50_000)) + b"b",
    "a deque": p.call("collections", "deque") + b"(" + b"]" * 100_000 + b"e",
    "a set": b"\x8f(" + p.text("x" * 190) * 10_000 + b"\x90",
    "pairs": p.name("collections", "OrderedDict") + b"]" + (b"]" + p.text("x") + b"aNa" + b"a") * 20_000 + b"\x85R",
    "old texts": (b"U\xc8" + b"x" * 200) * 10_000,
    "encoded": p.call("_codecs", "encode", p.text("x" * 190), p.text("latin1")) * 3_000,
    "a length of 2**63": b"\x8e" + struct.pack("<Q", 2**63),
    "a text of 4 GB": b"X" + struct.pack("<I", 2**32 - 1),
    "a line without end": b"c" + b"x" * 300_000,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_pickle_cannot_fill_the_memory(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory stays within one and a half times the budget, here a smaller one."""
    assert 1.5 * pickled.MAX_BUILT_BYTES < MAX_BYTES
    monkeypatch.setattr(pickled, "MAX_BUILT_BYTES", 2**21)
    error = refused(tmp_path / "weights.pdparams", p.PROTO + BOMBS[kind] + b".", 1.5 * 2**21)
    assert error.code in ("weights-damaged", "weights-none")


def test_the_pickles_of_a_stream_share_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickled, "MAX_BUILT_BYTES", 2**21)
    part = p.PROTO + b"]" + b"]a" * 5_000 + b"."  # two thirds of it
    assert read_pickle(memoryview(part), "file").end == len(part)
    start = wrapped("legacy", b"N")[:15]  # the magic number
    error = refused(tmp_path / "weights.pth", start + part * 4, 1.5 * 2**21)
    assert error.parameters["reason_key"] == "damage.budget"


def test_nothing_is_walked_recursively(tmp_path: Path) -> None:
    """Deep nesting within the budget: as a value, as a key, as a shape."""
    deep = b"N" + b"\x85" * 60_000
    shaped = p.torch_tensor().replace(p.tuple_of(p.int4(4)), deep)
    for content in (deep, b"}" + deep + b"Ns", b"}" + p.text("a") + deep + b"s", shaped):
        with pytest.raises(ModelFileError):
            read_or_fail(tmp_path / "weights.pdparams", p.PROTO + content + b".")


def test_what_is_named_many_times_is_looked_at_once(tmp_path: Path) -> None:
    """Thousands of entries that are one and the same dict, without a tensor in it."""
    many = 20_000
    inner = b"}" + b"q\x01" + b"(" + b"".join(p.text(f"{number}") + b"N" for number in range(many)) + b"u"
    outer = (
        b"}" + b"(" + p.text("a") + inner + b"".join(p.text(f"k{number}") + b"h\x01" for number in range(many)) + b"u"
    )
    began = time.process_time()
    error = refused(tmp_path / "weights.pdparams", p.PROTO + outer + b".", 2.0**30)
    assert error.code == "weights-none"
    assert time.process_time() - began < 20  # each time anew it takes 40


# --- tensors that lie about themselves -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tensor",
    [
        p.torch_tensor(count=5),
        p.torch_tensor(count=2**31 - 1, shape=(2**31 - 1,)),
        p.torch_tensor(shape=(5,)),
        p.torch_tensor(offset=1),
        p.torch_tensor(offset=-1),
        p.torch_tensor(shape=(-4,)),
        p.torch_tensor(shape=(2**30, 2**30), strides=(0, 0)),
        p.torch_tensor(shape=(2, 2), strides=(3, 1)),
        p.torch_tensor(shape=(2,), strides=(-1,)),
        p.torch_tensor(shape=(2, 2), strides=(1,)),
        p.torch_tensor(shape=(1,) * 60, strides=(1,) * 60),
        p.torch_tensor(key="../../0"),
    ],
)
def test_a_storage_whose_size_lies(tensor: bytes, tmp_path: Path) -> None:
    whole = {"data.pkl": p.state_dict(a=p.torch_tensor()), "data/0": b"\0" * 16}
    (tmp_path / "whole.pth").write_bytes(zipped(whole))
    assert read_tensors(tmp_path / "whole.pth").tensors["a"].read().shape == (4,)
    error = refused(tmp_path / "weights.pth", zipped(whole | {"data.pkl": p.state_dict(a=tensor)}))
    assert error.code == "weights-damaged"


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (p.array(b"\0" * 16, (5,)), "weights-damaged"),
        (p.array(b"\0" * 16, (2**30, 2**30)), "weights-damaged"),
        (p.array(b"\0" * 16, (-4,)), "weights-damaged"),
        (p.array(b"\0" * 16, (4,), order=">"), "weights-type"),
        (p.array(b"\0" * 16, (2,), code="O8"), "weights-type"),
        (p.array(b"\0" * 16, (2,), code="V8"), "weights-type"),
    ],
)
def test_an_array_that_lies(array: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "whole.pdparams").write_bytes(p.state_dict(a=p.array(np.float32([1, 2]).tobytes(), (2,))))
    assert read_tensors(tmp_path / "whole.pdparams").tensors["a"].read().tolist() == [1, 2]
    assert refused(tmp_path / "weights.pdparams", p.state_dict(a=array)).code == code


def test_zips_that_torch_never_writes(tmp_path: Path) -> None:
    members = {"data.pkl": p.state_dict(a=p.torch_tensor(count=2**24, shape=(2**24,))), "data/0": bytes(2**26)}
    bomb = zipped(members, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**18
    small = {"data.pkl": p.state_dict(a=p.torch_tensor()), "data/0": b"\0" * 16}
    flipped = bytearray(zipped(small | {"data/0": b"0123456789abcdef"}))
    flipped[flipped.index(b"0123456789abcdef")] ^= 1
    many = zipped({f"{number:0200}": b"" for number in range(6_000)})
    for content, reason in (
        (bomb, "damage.compressed"),
        (bytes(flipped), "damage.checksum"),
        (many, "damage.zip"),
        (zipped(small)[:-30], "damage.zip"),
        (zipped(small | {"byteorder": b"big"}), "damage.byte-order"),
        (zipped({"data.pkl": small["data.pkl"]}), "damage.cut-off"),
    ):
        assert refused(tmp_path / "weights.pth", content).parameters["reason_key"] == reason
    assert refused(tmp_path / "weights.pth", zipped({"document.xml": b""})).code == "weights-unknown-kind"


# --- safetensors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_header(kind: str, tmp_path: Path) -> None:
    (tmp_path / "whole.safetensors").write_bytes(safetensors({"a": entry(), "__metadata__": {"format": "pt"}}))
    assert read_tensors(tmp_path / "whole.safetensors").tensors["a"].read().shape == (2, 2)
    content, code = FORGED[kind]
    error = refused(tmp_path / "weights.safetensors", content)
    assert code in (error.code, error.parameters.get("reason_key"))


# --- anything --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2).half(), "n": torch.tensor(3)}
    found = {}
    for save in SAVERS:
        save(tensors, folder / "file")
        found[save.__name__] = (folder / "file").read_bytes()
    return found | {"paddle": p.state_dict(a=p.array(b"\0" * 16, (4,)))}


KINDS = st.sampled_from([save.__name__ for save in SAVERS] + ["paddle"])


def read_or_refuse(path: Path, content: bytes) -> None:
    try:
        read_or_fail(path, content)
    except ModelFileError as error:
        sentence(error, "zh")


def read_or_fail(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for tensor in read_tensors(path).tensors.values():
        assert tensor.read().nbytes <= 4 * len(content)


@given(kind=KINDS, share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_is_cut_off_is_refused(whole: dict[str, bytes], tmp_path: Path, kind: str, share: float) -> None:
    with pytest.raises(ModelFileError):
        read_or_fail(tmp_path / "weights.pth", whole[kind][: int(share * len(whole[kind]))])


@given(kind=KINDS, data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_changed_bytes_is_read_or_refused(
    whole: dict[str, bytes], tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    content = bytearray(whole[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(tmp_path / "weights.pth", bytes(content))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_pickle_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    read_or_refuse(tmp_path / "weights.pdparams", p.PROTO + content)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80", b"\x80\x05.", b"PK", b"\0" * 4096])
def test_a_file_of_another_kind(content: bytes, tmp_path: Path) -> None:
    assert refused(tmp_path / "weights.pth", content).code in ("weights-unknown-kind", "weights-damaged")


@pytest.mark.parametrize("name", ["nothing.pth", "."])
def test_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError) as caught:
        read_tensors(tmp_path / name)
    assert caught.value.code == "weights-missing"
