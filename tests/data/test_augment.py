"""Both policies against Pillow, and against the promise that a film depends on its address alone."""

import platform
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy.ndimage import convolve1d
from scipy.stats import kstest
from torch import Tensor

from plainfilm.config import AugmentRecipe, Recipe
from plainfilm.data import augment, pillow_ops
from plainfilm.data.augment import radiograph, tutorial
from plainfilm.errors import RecipeError
from plainfilm.messages import sentence

Policy = Callable[..., Tensor]
POLICIES = (tutorial, radiograph)
FUSED = platform.machine() not in ("x86_64", "AMD64")  # elsewhere Pillow may be compiled with fused multiply-add
PILLOW_ENHANCERS = {
    "brightness": ImageEnhance.Brightness,
    "contrast": ImageEnhance.Contrast,
    "colour": ImageEnhance.Color,
    "sharpness": ImageEnhance.Sharpness,
}
SHAPES = [(channels, size) for channels in (1, 3) for size in (64, 224)]


def random_film(channels: int, size: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(size).integers(0, 256, (channels, size, size), dtype=np.uint8))


def smooth_film(channels: int, size: int) -> Tensor:
    """Two dark lungs in a bright chest, with a black frame; the channels differ by a few levels."""
    y, x = np.mgrid[0:size, 0:size] / size
    lungs = sum(np.exp(-(((x - centre) / 0.12) ** 2) - ((y - 0.5) / 0.25) ** 2) for centre in (0.3, 0.7))
    grey = (230 - 170 * lungs) * ((x > 0.03) & (x < 0.97))
    return torch.from_numpy(np.stack([np.clip(grey + 3 * c, 0, 255) for c in range(channels)]).astype(np.uint8))


def films(channels: int, size: int) -> list[Tensor]:
    return [random_film(channels, size), smooth_film(channels, size)]


def batch(num: int = 6, channels: int = 3, size: int = 64) -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (num, channels, size, size), dtype=np.uint8))


def to_pillow(film: Tensor) -> Image.Image:
    return Image.fromarray(film[0].numpy() if len(film) == 1 else film.permute(1, 2, 0).contiguous().numpy())


def from_pillow(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image))
    return pixels.unsqueeze(0) if pixels.ndim == 2 else pixels.permute(2, 0, 1)


def assert_same(ours: Tensor, pillows: Tensor) -> None:
    """Equal in every pixel; where multiplications are fused, a pixel in a thousand may be one level off."""
    difference = (ours.int() - pillows.int()).abs()
    assert int(difference.max()) <= FUSED
    assert float((difference > 0).float().mean()) <= 0.001 * FUSED


# --- the operations against Pillow -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PILLOW_ENHANCERS)
@pytest.mark.parametrize(("channels", "size"), SHAPES)
def test_enhancements_equal_pillows(name: str, channels: int, size: int) -> None:
    for film in films(channels, size):
        enhancer = PILLOW_ENHANCERS[name](to_pillow(film))
        for factor in (0.0, 0.5, 0.61803, 0.75, 0.9, 1.0, 1.001, 1.25, 1.4142, 1.5):
            assert_same(augment.PILLOW_OPERATIONS[name](film, factor), from_pillow(enhancer.enhance(factor)))


@pytest.mark.parametrize(("channels", "size"), [*SHAPES, (1, 65)])
def test_rotation_by_every_angle_equals_pillows(channels: int, size: int) -> None:
    for film in films(channels, size):
        for degrees in range(*augment.ANGLE_RANGE_DEGREES):
            assert torch.equal(pillow_ops.rotate(film, degrees), from_pillow(to_pillow(film).rotate(degrees)))


@pytest.mark.parametrize("num_white", range(120, 136))
def test_the_mean_of_contrast_is_rounded_as_pillows(num_white: int) -> None:
    film = torch.zeros(1, 16, 16, dtype=torch.uint8)  # the mean passes through whole and half levels
    film.view(-1)[:num_white] = 128
    assert_same(pillow_ops.contrast(film, 0.0), from_pillow(ImageEnhance.Contrast(to_pillow(film)).enhance(0.0)))


def test_the_operations_leave_the_given_film_alone() -> None:
    film = random_film(3, 64)
    before = film.clone()
    for operation in augment.PILLOW_OPERATIONS.values():
        operation(film, 1.5)
    assert torch.equal(film, before)


# --- the tutorial's policy -------------------------------------------------------------------------------------------


def replay_with_pillow(film: Tensor, key: str, *, seed: int, epoch: int, probability: float) -> Tensor:
    """The tutorial's way, one Pillow image after another, with our draws."""
    image = to_pillow(film)
    for operation, value in augment.tutorial_steps(key, seed=seed, epoch=epoch, probability=probability):
        if operation == "rotation":
            image = image.rotate(int(value))
        elif operation == "noise":
            normal = augment.standard_normal(film.shape, key, seed=seed, epoch=epoch)
            noisy = from_pillow(image).double() + torch.round(normal * value)
            image = to_pillow(noisy.clip(0, 255).to(torch.uint8))
        else:
            image = PILLOW_ENHANCERS[operation](image).enhance(value)
    return from_pillow(image)


@pytest.mark.parametrize(("channels", "size"), SHAPES)
@pytest.mark.parametrize("probability", [0.5, 1.0])
def test_tutorial_equals_a_replay_with_pillow(channels: int, size: int, probability: float) -> None:
    pixels = torch.stack(films(channels, size) * 8)
    keys = [f"film-{i}" for i in range(len(pixels))]
    ours = tutorial(pixels, keys, seed=3, epoch=2, probability=probability)
    replayed = [
        replay_with_pillow(film, key, seed=3, epoch=2, probability=probability)
        for film, key in zip(pixels, keys, strict=True)
    ]
    assert_same(ours, torch.stack(replayed))


def test_tutorial_with_probability_one_does_all_six_in_many_orders() -> None:
    orders = [[name for name, _ in steps(key, probability=1.0)] for key in range(100)]
    assert all(sorted(order) == sorted(augment.OPERATIONS) for order in orders)
    assert len({tuple(order) for order in orders}) > 80  # of 720
    assert {order[0] for order in orders} == {order[-1] for order in orders} == set(augment.OPERATIONS)


def test_tutorial_with_probability_zero_is_the_identity() -> None:
    pixels = batch()
    result = tutorial(pixels, range(6), seed=0, epoch=0, probability=0.0)
    assert torch.equal(result, pixels)
    assert result.data_ptr() != pixels.data_ptr()


def test_tutorial_applies_each_operation_half_of_the_time_and_independently() -> None:
    num = 2000
    applied = np.array([[name in dict(steps(key)) for name in augment.OPERATIONS] for key in range(num)])
    five_sigma = 5 * 0.5 / np.sqrt(num)
    assert np.abs(applied.mean(axis=0) - 0.5).max() < five_sigma
    both = np.corrcoef(applied.T) - np.eye(len(augment.OPERATIONS))
    assert np.abs(both).max() < 5 / np.sqrt(num)


def test_the_values_fill_the_tutorials_ranges() -> None:
    values = [dict(steps(key, probability=1.0)) for key in range(2000)]
    for name in PILLOW_ENHANCERS:
        factors = [value[name] for value in values]
        assert 0.5 <= min(factors) < 0.51
        assert 1.49 < max(factors) <= 1.5
    assert {value["rotation"] for value in values} == set(range(-30, 30))
    sigmas = [value["noise"] for value in values]
    assert 0 <= min(sigmas) < 0.1
    assert 9.9 < max(sigmas) <= 10


def steps(key: int, probability: float = 0.5) -> list[tuple[str, float]]:
    return augment.tutorial_steps(key, seed=5, epoch=1, probability=probability)


def test_noise_is_gaussian_of_each_channel_and_never_wraps_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "tutorial_steps", lambda *_, **__: [("noise", 10.0)])
    levels = torch.tensor([0, 2, 128, 253, 255], dtype=torch.uint8)
    pixels = levels.view(5, 1, 1, 1).expand(5, 3, 64, 64)
    added = tutorial(pixels, range(5), seed=0, epoch=0).int() - pixels.int()
    assert int(added.abs().max()) < 60  # six sigma; a wrap-around is about 250
    middle = added[2].double()
    assert abs(float(middle.mean())) < 0.5
    assert abs(float(middle.std()) - 10) < 0.5
    assert abs(float(torch.corrcoef(middle.flatten(1))[0, 1])) < 0.1


# --- the radiograph's policy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [64, 97, 128, 224])
@pytest.mark.parametrize("channels", [1, 3])
def test_radiograph_with_strength_zero_is_the_identity(channels: int, size: int) -> None:
    pixels = torch.stack(films(channels, size))
    assert torch.equal(radiograph(pixels, ["a", "b"], seed=0, epoch=0, strength=0.0), pixels)


def test_radiograph_moves_as_pillows_bilinear_affine() -> None:
    film = smooth_film(1, 128)
    draw = still(rotation_degrees=6.0, shift_x=0.03, shift_y=-0.02, scale=1.05)
    angle, centre = np.radians(6.0), 64
    a, b = np.cos(angle) / 1.05, np.sin(angle) / 1.05
    shift_x, shift_y = 0.03 * centre * 2, -0.02 * centre * 2
    matrix = (a, -b, centre - shift_x - (a - b) * centre, b, a, centre - shift_y - (a + b) * centre)
    expected = to_pillow(film).transform((128, 128), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    moved = augment.move(film.float(), draw)
    difference = (moved - from_pillow(expected).float()).abs()[:, 12:-12, 12:-12]  # Pillow drops the fraction
    assert float(difference.max()) < 1.5


def test_radiograph_shifts_and_rotates_the_way_it_says() -> None:
    film = torch.zeros(1, 100, 100)
    film[0, 50, 70] = 255.0
    right_and_down = augment.move(film, still(shift_x=0.1, shift_y=0.05))
    assert int(right_and_down.argmax()) == 55 * 100 + 80
    larger = augment.move(film, still(scale=1.5)).double()
    x = torch.arange(100) + 0.5
    assert float((larger[0].sum(0) * x).sum() / larger.sum()) == pytest.approx(50 + 1.5 * 20.5, abs=0.1)


def test_exposure_is_gain_offset_then_gamma() -> None:
    film = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    exposed = augment.expose(film, still(gain=1.1, offset=-0.05, gamma=0.9))
    expected = 255 * np.clip(1.1 * np.arange(256) / 255 - 0.05, 0, 1) ** 0.9
    assert np.allclose(exposed.flatten().numpy(), expected, atol=1e-3)


def still(**changes: float) -> augment.RadiographDraw:
    nothing = augment.draw_radiograph("any", seed=0, epoch=0, strength=0.0)
    return augment.RadiographDraw(**{**vars(nothing), **changes})


def test_the_draws_of_radiograph_stay_in_their_ranges_and_fill_them() -> None:
    draws = [augment.draw_radiograph(key, seed=0, epoch=0, strength=1.0) for key in range(2000)]
    ranges = {
        "rotation_degrees": (-7, 7),
        "shift_x": (-0.04, 0.04),
        "shift_y": (-0.04, 0.04),
        "scale": (0.93, 1.07),
        "shear": (-0.03, 0.03),
        "gain": (0.85, 1.15),
        "offset": (-0.04, 0.04),
        "gamma": (1 / 1.18, 1.18),
        "sharpness": (0.25, 1.75),
        "noise_sigma": (0, 4),
    }
    for name, (low, high) in ranges.items():
        values, margin = [getattr(draw, name) for draw in draws], 0.01 * (high - low)
        assert low <= min(values) < low + margin
        assert high - margin < max(values) <= high
    cuts = [(corner.top, corner.left) for draw in draws for corner in draw.corners]
    for corner in ((True, True), (True, False), (False, True), (False, False)):
        assert abs(cuts.count(corner) / 2000 - 0.15) < 5 * np.sqrt(0.15 * 0.85 / 2000)
    assert 0.19 < max(corner.height for draw in draws for corner in draw.corners) <= 0.2


def test_the_draws_of_a_film_are_those_of_every_machine_and_release() -> None:
    draw = augment.draw_radiograph("film", seed=7, epoch=3, strength=1.0)
    assert vars(draw) == {
        "rotation_degrees": 2.835240905985585,
        "shift_x": -0.01444644488355248,
        "shift_y": 0.023316706149496963,
        "scale": 1.0320807151210067,
        "shear": 0.016996314680901424,
        "gain": 1.0884646682549304,
        "offset": 0.036193791019618275,
        "gamma": pytest.approx(0.8610395730973796, rel=1e-15),  # a power, as the machine's library has it
        "sharpness": 1.2500317509020764,
        "noise_sigma": 3.6273795864179488,
        "corners": (augment.Corner(True, False, 0.09024351199811712, 0.1251623879661174, black=False),),
    }


def test_no_operation_takes_the_draw_of_another() -> None:
    assert len(set(augment.SIDED)) == len(augment.SIDED)


def test_a_tenth_operation_moves_no_draw_of_the_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> tuple[list[augment.RadiographDraw], np.ndarray]:
        address = {"seed": 0, "epoch": 1}
        streams = [(key, augment.film_stream(key, **address)) for key in range(2000)]
        sides = [list(augment.sides(stream, key, **address).values()) for key, stream in streams]
        return [augment.draw_radiograph(key, strength=2.0, **address) for key in range(2000)], np.array(sides)

    before, nine = drawn()
    monkeypatch.setattr(augment, "SIDED", (*augment.SIDED, "bend"))
    after, ten = drawn()
    assert after == before
    assert np.array_equal(ten[:, :-1], nine)
    assert kstest(ten[:, -1], "uniform", args=(-1, 2)).pvalue > 0.001
    assert np.abs(np.corrcoef(ten.T)[-1, :-1]).max() < 5 / np.sqrt(2000)


def test_every_strength_that_a_recipe_may_ask_for_scales_the_ranges() -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe(augment=AugmentRecipe(strength=3.01))
    assert "0 to 3" in sentence(caught.value, "en")
    assert "0 至 3" in sentence(caught.value, "zh")
    strength = Recipe(augment=AugmentRecipe(strength=3)).augment.strength
    for key in range(200):
        once, thrice = (augment.draw_radiograph(key, seed=0, epoch=0, strength=s) for s in (1, strength))
        assert thrice.rotation_degrees == pytest.approx(3 * once.rotation_degrees)
        assert thrice.sharpness - 1 == pytest.approx(3 * (once.sharpness - 1))
        assert len(thrice.corners) >= len(once.corners)
    result = radiograph(smooth_film(1, 64).expand(50, 1, 64, 64), range(50), seed=0, epoch=0, strength=strength)
    assert all(film.unique().numel() > 50 for film in result)  # still a picture, whatever was drawn


def test_corners_are_blanked_where_they_are_and_nowhere_else() -> None:
    film = torch.full((3, 50, 50), 100, dtype=torch.uint8)
    film[:, 20:30, 20:30] = 150
    untouched = film.clone()
    corners = [augment.Corner(True, False, 0.2, 0.1, black=True), augment.Corner(False, True, 0.1, 0.2, black=False)]
    augment.blank_corners(film, corners)
    assert torch.all(film[:, :10, 45:] == 0)
    assert torch.all(film[:, 45:, :10] == 102)
    film[:, :10, 45:] = 100
    film[:, 45:, :10] = 100
    assert torch.equal(film, untouched)


def test_radiograph_keeps_a_grey_film_grey_and_never_mirrors_it() -> None:
    film = smooth_film(1, 96).expand(3, 96, 96).clone()
    film[:, 30:70, 60:70] = 255  # a heart on one side
    result = radiograph(film.expand(40, 3, 96, 96), range(40), seed=0, epoch=0)
    assert torch.equal(result[:, 0], result[:, 1])
    assert torch.equal(result[:, 0], result[:, 2])
    same, mirrored = ((result.float() - other.float()).abs().mean((1, 2, 3)) for other in (film, film.flip(2)))
    assert torch.all(same < mirrored)


# --- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("channels", "size"), [(1, 112), (3, 64)])
def test_a_film_does_not_depend_on_its_batch(policy: Policy, channels: int, size: int) -> None:
    pixels, keys = batch(7, channels, size), list("abcdefg")
    together = policy(pixels, keys, seed=1, epoch=4)
    backwards = policy(pixels.flip(0), keys[::-1], seed=1, epoch=4).flip(0)
    alone = torch.cat([policy(pixels[i : i + 1], keys[i : i + 1], seed=1, epoch=4) for i in range(7)])
    assert together.dtype == torch.uint8
    assert together.shape == pixels.shape
    assert torch.equal(together, backwards)
    assert torch.equal(together, alone)


def noise_bytes(key: str, seed: int, epoch: int) -> bytes:
    return augment.standard_normal((9,), key, seed=seed, epoch=epoch).numpy().tobytes()


DRAWS: dict[str, Callable[[str, int, int], object]] = {
    "tutorial": lambda key, seed, epoch: augment.tutorial_steps(key, seed=seed, epoch=epoch, probability=1.0),
    "radiograph": lambda key, seed, epoch: augment.draw_radiograph(key, seed=seed, epoch=epoch, strength=1.0),
    "noise": noise_bytes,
    "tutorial's film": lambda key, seed, epoch: tutorial(batch(1), [key], seed=seed, epoch=epoch).numpy().tobytes(),
    "radiograph's film": lambda key, seed, epoch: radiograph(batch(1), [key], seed=seed, epoch=epoch).numpy().tobytes(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_seed_epoch_and_key_each_change_every_draw(name: str) -> None:
    draw = DRAWS[name]
    assert draw("a", 1, 1) == draw("a", 1, 1)
    for other in (("b", 1, 1), ("a", 2, 1), ("a", 1, 2)):
        assert draw(*other) != draw("a", 1, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_number_of_threads_changes_nothing(policy: Policy) -> None:
    pixels, before = batch(8, 3, 224), torch.get_num_threads()
    try:
        results = []
        for num_threads in (1, 2):
            torch.set_num_threads(num_threads)
            results.append(policy(pixels, range(8), seed=0, epoch=0))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*results)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_given_batch_is_left_alone(policy: Policy) -> None:
    pixels = batch()
    before = pixels.clone()
    result = policy(pixels, range(6), seed=0, epoch=0)
    assert torch.equal(pixels, before)
    assert not torch.equal(result, before)


def test_the_noise_is_standard_normal() -> None:
    noise = augment.standard_normal((3, 400, 400), "a", seed=0, epoch=0)
    assert noise.dtype == torch.float32
    assert kstest(noise.flatten().numpy(), "norm").pvalue > 0.001
    assert 4 < float(noise.max()) < 5
    neighbours = torch.stack((noise[..., :-1].flatten(), noise[..., 1:].flatten()))
    assert abs(float(torch.corrcoef(neighbours)[0, 1])) < 5 / np.sqrt(noise.numel())


@pytest.mark.parametrize("policy", POLICIES)
def test_an_empty_batch_stays_empty(policy: Policy) -> None:
    assert policy(batch(0), [], seed=0, epoch=0).shape == (0, 3, 64, 64)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_wrong_call_is_caught(policy: Policy) -> None:
    for pixels, keys in ((batch().float(), range(6)), (batch(channels=2), range(6)), (batch(), range(5))):
        with pytest.raises(AssertionError):
            policy(pixels, keys, seed=0, epoch=0)


def test_sharpening_scales_what_a_binomial_filter_removes():
    film = torch.rand(1, 12, 12) * 255
    weights = [1 / 4, 1 / 2, 1 / 4]
    smooth = film.numpy().astype(np.float64)
    for axis in (1, 2):
        smooth = convolve1d(smooth, weights, axis=axis, mode="nearest")
    assert torch.equal(augment.sharpen(film, 1.0), film)
    np.testing.assert_allclose(augment.sharpen(film, 0.0).numpy(), smooth, atol=1e-3)
    detail = film.numpy() - smooth
    np.testing.assert_allclose(augment.sharpen(film, 1.75).numpy(), smooth + 1.75 * detail, atol=1e-3)
