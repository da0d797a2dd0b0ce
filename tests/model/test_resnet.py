import math

import pytest
import torch
from builders import trained_looking
from torch import nn

from plainfilm.errors import RecipeError
from plainfilm.model.networks.resnet import BasicBlock, Bottleneck, ResNet, initialise

# of the published networks: 1000 classes, 3 channels
NUM_PARAMETERS = {18: 11689512, 34: 21797672, 50: 25557032, 101: 44549160, 152: 60192808}
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def on_meta(depth: int, num_classes: int = 1000, in_channels: int = 3) -> ResNet:
    with torch.device("meta"):
        return ResNet(depth, num_classes=num_classes, in_channels=in_channels)


def published_keys(depth: int) -> list[str]:
    """The keys of torchvision's state dict, by its published naming."""

    def norm(name: str) -> list[str]:
        return [f"{name}.{entry}" for entry in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")]

    keys = ["conv1.weight", *norm("bn1"), "fc.weight", "fc.bias"]
    for stage, count in enumerate(BLOCKS[depth], start=1):
        for block in range(count):
            prefix = f"layer{stage}.{block}"
            for number in range(1, 4 if depth >= 50 else 3):
                keys += [f"{prefix}.conv{number}.weight", *norm(f"{prefix}.bn{number}")]
            if block == 0 and (stage > 1 or depth >= 50):
                keys += [f"{prefix}.downsample.0.weight", *norm(f"{prefix}.downsample.1")]
    return sorted(keys)


@pytest.mark.parametrize("depth", BLOCKS)
def test_parameters_and_keys_are_the_published_ones(depth):
    net = on_meta(depth)
    assert sum(weight.numel() for weight in net.parameters()) == NUM_PARAMETERS[depth]
    assert sorted(net.state_dict()) == published_keys(depth)


@pytest.mark.parametrize("depth", BLOCKS)
def test_shape_halves_once_a_stage_and_on_the_3x3(depth):
    for name, module in on_meta(depth).named_modules():
        if isinstance(module, BasicBlock | Bottleneck):
            stage, block = name.removeprefix("layer").split(".")
            stride = (2, 2) if stage != "1" and block == "0" else (1, 1)
            strided, *others = (
                (module.conv2, module.conv1, module.conv3)
                if isinstance(module, Bottleneck)
                else (module.conv1, module.conv2)
            )
            assert strided.kernel_size == (3, 3)
            assert strided.stride == stride
            assert all(conv.stride == (1, 1) for conv in others)


def test_no_convolution_has_a_bias():
    for depth in (18, 50):
        assert all(module.bias is None for module in on_meta(depth).modules() if isinstance(module, nn.Conv2d))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("depth", [18, 50])
def test_the_map_is_the_answer(depth, training):
    net = trained_looking(depth).train(training)
    with torch.no_grad():
        output = net(torch.rand(2, 1, 96, 96))
    assert torch.allclose(output.logits, output.class_maps.mean(dim=(2, 3)) + net.fc.bias, atol=1e-5)
    assert torch.allclose(output.logits, net.fc(output.features), atol=1e-4)  # pooled first, as everyone else does


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_head_is_float32_at_every_precision(dtype):
    net = trained_looking()
    with torch.no_grad(), torch.autocast("cpu", dtype):
        output = net(torch.rand(2, 1, 64, 64))
    assert {tensor.dtype for tensor in output} == {torch.float32}
    assert torch.allclose(output.logits, output.class_maps.mean(dim=(2, 3)) + net.fc.bias, atol=1e-5)
    assert torch.allclose(output.logits, net.fc(output.features), atol=1e-4)


@pytest.mark.parametrize("size_px", [32, 64, 80, 100, 224, 225])
def test_side_of_the_maps(size_px):
    side = math.ceil(size_px / 32)
    with torch.no_grad():
        output = trained_looking(num_classes=4)(torch.rand(1, 1, size_px, size_px))
    assert output.class_maps.shape == (1, 4, side, side)
    assert size_px != 224 or side == 7


def test_bytes_and_scaled_floats_agree():
    net = trained_looking(in_channels=3)
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.equal(net(pixels).logits, net(pixels.float() / 255).logits)
        assert not torch.equal(net(pixels).logits, net(pixels.float()).logits)


def test_unknown_depth_names_the_five():
    with pytest.raises(RecipeError) as caught:
        ResNet(19, num_classes=2)
    assert caught.value.code == "depth-unknown"
    assert caught.value.parameters == {"given": 19, "expected": "18, 34, 50, 101, 152"}


@pytest.mark.parametrize("depth", BLOCKS)
def test_every_layer_is_as_much_narrower_as_asked_for(depth):
    """A quarter of the width: a quarter of the channels everywhere but at the films and at the classes."""
    with torch.device("meta"):
        narrow = ResNet(depth, num_classes=7, in_channels=3, width=16).state_dict()
    for name, published in on_meta(depth, num_classes=7).state_dict().items():
        ends = {"conv1.weight": {1}, "fc.weight": {0}, "fc.bias": {0}}.get(name, set())
        sides = [side if axis > 1 or axis in ends else side // 4 for axis, side in enumerate(published.shape)]
        assert list(narrow[name].shape) == sides, name


def test_a_narrow_one_explains_itself_too():
    net = ResNet(18, num_classes=3, width=8).eval()
    initialise(net, init="default", seed=0)
    with torch.no_grad():
        output = net(torch.rand(2, 1, 64, 64))
    assert output.features.shape == (2, 64)
    assert torch.allclose(output.class_maps.mean(dim=(2, 3)) + net.fc.bias, output.logits, atol=1e-5)


# --- initial weights -------------------------------------------------------------------------------------------------


def initialised(depth: int, init: str, seed: int = 0) -> ResNet:
    net = ResNet(depth, num_classes=10)
    initialise(net, init=init, seed=seed)
    return net


@pytest.mark.parametrize("init", ["default", "tutorial"])
def test_same_seed_same_weights(init):
    first, again, other = (initialised(18, init, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["layer3.1.conv2.weight"], other["layer3.1.conv2.weight"])


def test_a_draw_depends_on_the_name_alone():
    """Not on the global state, nor on what was drawn before: the same name has the same weight in every depth."""
    torch.manual_seed(7)
    small = initialised(18, "default")
    torch.manual_seed(8)
    large = initialised(34, "default")
    for name in ("conv1.weight", "layer1.1.conv2.weight", "layer4.0.downsample.0.weight", "fc.weight"):
        assert torch.equal(small.state_dict()[name], large.state_dict()[name])
    assert not torch.equal(small.layer1[0].conv1.weight, small.layer1[0].conv2.weight)


@pytest.mark.parametrize(("init", "fan"), [("default", "out"), ("tutorial", "in")])
def test_convolutions_are_normal_with_the_published_spread(init, fan):
    """Kaiming-normal: torchvision takes the fan out, PaddlePaddle's Conv2D the fan in."""
    for name, weight in initialised(50, init).named_parameters():
        if weight.dim() == 4 and weight.numel() > 10_000:
            channels_out, channels_in, height, width = weight.shape
            fan_size = height * width * (channels_out if fan == "out" else channels_in)
            sigma = math.sqrt(2 / fan_size)
            assert float(weight.detach().std()) == pytest.approx(sigma, rel=5 / math.sqrt(2 * weight.numel())), name
            assert abs(float(weight.detach().mean())) < 5 * sigma / math.sqrt(weight.numel()), name
            beyond = float((weight.detach().abs() > 2 * sigma).float().mean())
            assert beyond == pytest.approx(0.0455, abs=5 * math.sqrt(0.0455 / weight.numel())), name


@pytest.mark.parametrize("init", ["default", "tutorial"])
def test_linear_layer_is_uniform_within_the_published_bound(init):
    weight = initialised(50, init).fc.weight.detach()
    bound = math.sqrt(6 / (2048 + 10)) if init == "tutorial" else 1 / math.sqrt(2048)
    assert float(weight.abs().max()) <= bound
    assert float(weight.abs().max()) > 0.999 * bound
    assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize("init", ["default", "tutorial"])
def test_norms_start_as_identity_and_biases_at_zero(init):
    net = trained_looking()
    initialise(net, init=init, seed=0)
    for name, weight in net.named_parameters():
        if weight.dim() == 1:
            assert set(weight.tolist()) == ({0.0} if name.endswith("bias") else {1.0}), name
