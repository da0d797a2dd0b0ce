import hashlib

import numpy as np
import onnxruntime
import pytest
import torch
from builders import random_pixels, trained_looking
from onnx import numpy_helper

from plainfilm.model.graph import fold, to_onnx
from plainfilm.model.networks.mean import MeanOfNetworks


def run(proto, pixels):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(["logits", "class_maps", "features"], {"pixels": pixels})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("depth", [18, 50])
def test_onnx_runtime_answers_as_the_network(depth, channels):
    net = trained_looking(depth, in_channels=channels, num_classes=5)
    proto = to_onnx(net, size_px=64)
    for count in (1, 5, 33):
        pixels = random_pixels(count, channels=channels, seed=count)
        with torch.inference_mode():
            expected = net(torch.from_numpy(pixels))
        found = run(proto, pixels)
        assert expected.logits.std(dim=1).min() > 0.01  # an answer that says something
        probabilities = [
            torch.softmax(torch.as_tensor(logits), dim=1).numpy() for logits in (found[0], expected.logits)
        ]
        assert np.abs(probabilities[0] - probabilities[1]).max() < 1e-5
        for name, ours, theirs in zip(expected._fields, found, expected, strict=True):
            assert ours.shape == tuple(theirs.shape), name
            assert ours.dtype == np.float32, name
            assert np.allclose(ours, theirs.numpy(), rtol=1e-4, atol=1e-4 * float(theirs.abs().max())), name


def test_a_mean_of_networks_is_one_graph_and_its_map_the_answer():
    net = MeanOfNetworks([trained_looking(seed=seed, num_classes=5) for seed in range(3)]).eval()
    pixels = random_pixels(5)
    with torch.inference_mode():
        expected = net(torch.from_numpy(pixels))
        each = torch.stack([member(torch.from_numpy(pixels)).logits for member in net.members])
    assert torch.allclose(expected.logits, each.mean(dim=0))
    proto = to_onnx(net, size_px=64)
    for ours, theirs in zip(run(proto, pixels), expected, strict=True):
        assert ours.shape == tuple(theirs.shape)
        assert np.allclose(ours, theirs.numpy(), rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))
    bias = next(numpy_helper.to_array(tensor) for tensor in proto.graph.initializer if tensor.name == "fc.bias")
    logits, class_maps, _ = run(proto, pixels)
    assert np.allclose(class_maps.mean(axis=(2, 3)) + bias, logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size_px", [64, 80, 112])
def test_shapes_are_as_described(size_px):
    proto = to_onnx(trained_looking(), size_px=size_px)
    described = {
        tensor.name: [entry.dim_param or entry.dim_value for entry in tensor.type.tensor_type.shape.dim]
        for tensor in (*proto.graph.input, *proto.graph.output)
    }
    assert described["pixels"] == ["N", 1, size_px, size_px]
    for name, found in zip(
        ("logits", "class_maps", "features"), run(proto, random_pixels(2, size_px=size_px)), strict=True
    ):
        assert described[name] == ["N", *found.shape[1:]]


def test_everything_is_in_the_one_file_and_named_as_the_state_dict():
    net = trained_looking(50)
    proto = to_onnx(net, size_px=64)
    assert all(len(tensor.raw_data) > 0 and not tensor.external_data for tensor in proto.graph.initializer)
    names = {tensor.name for tensor in proto.graph.initializer}
    convolutions = {name for name, weight in net.named_parameters() if weight.dim() == 4}
    assert convolutions <= names
    assert {"fc.weight", "fc.bias"} <= names
    assert len({node.name for node in proto.graph.node}) == len(proto.graph.node)


def test_same_network_same_bytes():
    digests = {
        hashlib.sha256(to_onnx(trained_looking(), size_px=64).SerializeToString(deterministic=True)).hexdigest()
        for _ in range(2)
    }
    assert len(digests) == 1


def test_layout_in_memory_does_not_matter():
    net = trained_looking()
    plain = to_onnx(net, size_px=64).SerializeToString(deterministic=True)
    assert to_onnx(net.to(memory_format=torch.channels_last), size_px=64).SerializeToString(deterministic=True) == plain


def test_folding_against_the_two_layers():
    draws = torch.Generator().manual_seed(0)
    conv, norm = torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4).eval()
    with torch.no_grad():
        norm.weight.uniform_(-1, 1, generator=draws)
        norm.bias.normal_(generator=draws)
        norm.running_mean.normal_(generator=draws)
        norm.running_var.copy_(torch.tensor([1e-6, 0.1, 1, 1e4]))
    weight, bias = map(torch.from_numpy, fold(conv, norm))
    films = torch.rand(2, 3, 9, 9, generator=draws)
    expected = norm(conv(films)).detach()
    assert torch.allclose(torch.nn.functional.conv2d(films, weight, bias), expected, rtol=1e-4, atol=1e-4)
