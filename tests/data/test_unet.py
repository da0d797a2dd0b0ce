"""The U-Net for lungs of the benchmarks: ranks against scipy, masks that move with their films, a step that learns."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

PATH = Path(__file__).parents[2] / "benchmarks" / "unet.py"


@pytest.fixture(scope="module")
def unet():
    spec = importlib.util.spec_from_file_location("unet", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["unet"] = module  # a NamedTuple of it looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["unet"]


def squares(count, size=32):
    """Films with one dark square, which is their mask: (N, 1, S, S) each."""
    masks = torch.zeros(count, 1, size, size)
    for number, mask in enumerate(masks[:, 0]):
        top = number % (size // 4)
        mask[top : top + size // 2, size // 4 : 3 * size // 4] = 1
    return 0.8 - 0.6 * masks, masks


def test_ranks_are_those_of_scipy_and_no_exposure_moves_them(unet):
    greys = torch.from_numpy(np.random.default_rng(0).integers(0, 128, (3, 1, 8, 8)))
    expected = [(rankdata(film.numpy().ravel()) - 0.5) / 64 for film in greys]
    found = unet.ranks(greys / 255)
    np.testing.assert_allclose(found.flatten(1).numpy(), expected, rtol=1e-5)
    assert torch.equal(unet.ranks((2 * greys + 1) / 255), found)


def test_an_answer_is_one_a_pixel_and_each_film_is_judged_by_itself(unet):
    net, films = unet.UNet().eval(), torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together, alone = net(films), net(films[1:2])
    assert together.shape == films.shape
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_a_mask_moves_with_its_film(unet):
    films, masks = squares(16)
    moved = unet.moved(unet.Pairs(films, masks), torch.Generator().manual_seed(1))
    inside, outside = moved.masks > 0.99, (moved.masks < 0.01) & (moved.films > 0)  # black: beyond the film
    assert (moved.masks - masks).abs().mean() > 0.05
    assert moved.films[inside].max() < 0.25
    assert moved.films[outside].min() < 0.8 + 1e-5
    assert (moved.films[outside] > 0.25).float().mean() > 0.95


def test_variations_are_those_of_the_seed_and_leave_the_films_as_they_are(unet):
    films, masks = squares(4)
    before = films.clone()
    first, second = (unet.varied(unet.Pairs(films, masks), torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(first.films, second.films)
    assert torch.equal(films, before)
    assert 0 <= first.films.min() <= first.films.max() <= 1


def test_it_learns_a_square_in_a_few_steps(unet):
    pairs = unet.Pairs(*squares(8))
    net = unet.trained(pairs, steps=40, seed=0)
    with torch.no_grad():
        found = net(pairs.films) > 0
    wanted = pairs.masks > 0.5
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.7  # all lung: 0.4
