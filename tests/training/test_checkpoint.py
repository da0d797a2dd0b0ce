import os
import random
from pathlib import Path

import pytest
import torch

from plainfilm.errors import ModelFileError
from plainfilm.training import checkpoint

FACTS = {"step": 3, "best": {"accuracy": 1 / 3, "loss": 0.1}, "facts": {"device": "cpu", "名": "胸片"}}


def tensors(seed: int = 0) -> checkpoint.Tensors:
    draws = torch.Generator().manual_seed(seed)
    return {
        "net.conv1.weight": torch.randn(4, 3, 5, 5, generator=draws).to(memory_format=torch.channels_last),
        "net.fc.weight": torch.randn(6, 4, generator=draws).t(),  # not contiguous
        "net.bn1.num_batches_tracked": torch.tensor(12345678901),
        "optimizer.0.step": torch.tensor(7.0),
        "optimizer.0.exp_avg": torch.randn(3, generator=draws).to(torch.bfloat16),
        "special": torch.tensor([0.0, -0.0, torch.inf, -torch.inf, torch.nan, 1e-45]),
        "none": torch.empty(0, 3),
    }


def same_bits(first: torch.Tensor, second: torch.Tensor) -> bool:
    def as_bytes(tensor):
        return tensor.contiguous().reshape(-1).view(torch.uint8)

    return (
        first.dtype == second.dtype and first.shape == second.shape and torch.equal(as_bytes(first), as_bytes(second))
    )


@pytest.fixture
def path(tmp_path) -> Path:
    checkpoint.save_tensors(tmp_path / "a.safetensors", tensors(), FACTS)
    return tmp_path / "a.safetensors"


def test_round_trip_bit_for_bit(path):
    found, facts = checkpoint.load_tensors(path)
    assert found.keys() == tensors().keys()
    assert all(same_bits(found[name], tensor) for name, tensor in tensors().items())
    assert facts == FACTS


def test_equal_content_equal_bytes(path, tmp_path):
    checkpoint.save_tensors(
        tmp_path / "b.safetensors", dict(reversed(tensors().items())), dict(reversed(FACTS.items()))
    )
    assert (tmp_path / "b.safetensors").read_bytes() == path.read_bytes()


def test_what_was_loaded_survives_its_file(path):
    """Loaded tensors may be maps of the file; that file is replaced and removed while they are in use."""
    found, _ = checkpoint.load_tensors(path)
    checkpoint.save_tensors(path, tensors(seed=1), FACTS)
    path.unlink()
    found["optimizer.0.step"] += 1
    assert float(found["optimizer.0.step"]) == 8
    assert torch.equal(found["net.fc.weight"], tensors()["net.fc.weight"])


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_every_flipped_byte_is_found(path, mask):
    data = path.read_bytes()
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= mask
        path.write_bytes(flipped)
        with pytest.raises(ModelFileError) as caught:
            checkpoint.load_tensors(path)
        assert caught.value.code == "checkpoint-damaged"


def test_every_truncation_is_found(path):
    data = path.read_bytes()
    for length in [*range(64), *random.Random(0).sample(range(len(data)), 100), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError) as caught:
            checkpoint.load_tensors(path)
        assert caught.value.code == "checkpoint-damaged"


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load_tensors(tmp_path / "none.safetensors")
    assert caught.value.code == "checkpoint-missing"


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_two_are_kept_and_no_litter(tmp_path):
    (tmp_path / "best.safetensors").write_bytes(b"not a step")
    assert not checkpoint.any_step(tmp_path)
    for step in (9, 10, 99, 100):
        checkpoint.save_step(tmp_path, step, {"w": torch.tensor(float(step))}, {"step": step})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.safetensors",
        "step-00000099.safetensors",
        "step-00000100.safetensors",
    ]
    assert checkpoint.any_step(tmp_path)


def test_the_last_whole_one_is_loaded(tmp_path):
    for step in (3, 6):
        checkpoint.save_step(tmp_path, step, {"w": torch.tensor(float(step))}, {"step": step})
    warnings: list[ModelFileError] = []
    assert checkpoint.load_last(tmp_path, warnings.append)[1] == {"step": 6}
    assert not warnings
    damage(tmp_path / "step-00000006.safetensors")
    found, facts = checkpoint.load_last(tmp_path, warnings.append)
    assert (float(found["w"]), facts) == (3.0, {"step": 3})
    assert [(warning.code, Path(warning.parameters["path"]).name) for warning in warnings] == [
        ("checkpoint-damaged", "step-00000006.safetensors")
    ]
    damage(tmp_path / "step-00000003.safetensors")
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load_last(tmp_path, warnings.append)
    assert caught.value.code == "checkpoint-none"


def test_a_pipe_is_no_checkpoint(path):
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ModelFileError):
        checkpoint.load_tensors(path)
