# %% setup
import numpy as np
import torch

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing
from plainfilm.data import augment

# %% decode
path = PHANTOMS / "films" / "COVID" / "COVID-0001.png"
film = plainfilm.decode(path.read_bytes())
print(film.pixels.shape, film.pixels.dtype, film.pixels.min(), film.pixels.max())
print(film.pixels[60:64, 60:68])

# %% preprocess
small = {f"{size} px": plainfilm.preprocess(film.pixels, size=size, channels=1)[0] for size in (128, 64, 32, 16)}
drawing.films(small, columns=4)

# %% greys
figure, (axes,) = drawing.panels(width=5)
counts = {name: np.bincount(grey.ravel(), minlength=256) / grey.size for name, grey in list(small.items())[:2]}
drawing.curves(axes, counts, x=drawing.label("grey level", "灰度"), y=drawing.label("share of pixels", "像素占比"))
axes.set_yscale("log")
axes.yaxis.set_major_formatter("{x:g}")
drawing.Picture.of(figure)

# %% six
rgb = torch.from_numpy(plainfilm.preprocess(film.pixels, size=128, channels=3))
low, high = augment.FACTOR_RANGE
extremes = {drawing.label("as it is", "原样"): rgb}
names = {"brightness": "亮度", "contrast": "对比度", "colour": "饱和度", "sharpness": "锐度"}
for name, chinese in names.items():
    for factor in (low, high):
        extremes[f"{drawing.label(name, chinese)} {factor}"] = augment.PILLOW_OPERATIONS[name](rgb, factor)
least, end = augment.ANGLE_RANGE_DEGREES  # whole degrees, `end` excluded
for degrees in (least, end - 1):
    extremes[f"{drawing.label('rotation', '旋转')} {degrees}°"] = augment.PILLOW_OPERATIONS["rotation"](rgb, degrees)
noise = np.random.default_rng(0).normal(0, augment.NOISE_SIGMA_MAX, rgb.shape)
extremes[f"{drawing.label('noise', '噪声')} σ {augment.NOISE_SIGMA_MAX:.0f}"] = torch.from_numpy(
    np.clip(np.round(rgb.numpy() + noise), 0, 255).astype(np.uint8)
)
shown = {name: value[0].numpy() for name, value in extremes.items()}
sharpness = [f"{drawing.label('sharpness', '锐度')} {factor}" for factor in (low, high)]
for name in (drawing.label("as it is", "原样"), *sharpness):
    shown[f"{name}, x 3"] = shown[name][56:96, 20:60]
drawing.films(shown, columns=4, side=1.6)

# %% colour
changed = {name: int((value.int() - rgb.int()).abs().max()) for name, value in extremes.items()}
print({name: levels for name, levels in changed.items() if "colour" in name})

# %% order
for epoch in range(3):
    steps = augment.tutorial_steps(path.name, seed=0, epoch=epoch, probability=0.5)
    print(epoch, [f"{name} {value:.2f}" for name, value in steps])

# %% real
if REAL:
    rows = plainfilm.index(**REAL, recipe="fast").index.rows
    print({f"{row.width}x{row.height} {row.mode}" for row in rows})

# %% exercise
none_drawn = None  # your answer: the share of films for which none of the six is drawn, each with probability 0.5

# %% check
print("not yet" if none_drawn is None else "right" if abs(none_drawn - 1 / 64) < 0.004 else "try again")

# %% solution
draws = [augment.tutorial_steps(f"film {number}", seed=0, epoch=0, probability=0.5) for number in range(20000)]
none_drawn = sum(not steps for steps in draws) / len(draws)  # near 0.5 ** 6
