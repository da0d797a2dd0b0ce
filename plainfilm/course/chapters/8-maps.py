# %% setup
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing
from plainfilm.data import phantom

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}
out = Path("runs/course")
run = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**films, recipe="course", out=out, threads=1)
model = plainfilm.load(run.model)

# %% sum
drawn = [phantom.draw("COVID", seed=9, number=number, size=128) for number in range(6)]
pixels = np.stack([plainfilm.preprocess(film.pixels, size=model.card.preprocessing.size) for film in drawn])
answers = model.answer(pixels)
bias = answers.logits - answers.class_maps.mean(axis=(2, 3))
films_, classes, rows, columns = answers.class_maps.shape
print(f"{films_} films, {classes} classes, maps of {rows} x {columns} cells. The logit minus the mean of the map:")
print(bias.round(4))

# %% maps
covid = model.card.class_names.index("COVID")
shown = {}
for number, film in enumerate(drawn):
    title = f"COVID {number + 1}: {answers.probabilities[number, covid]:.2f}"
    shown[title] = film.pixels, answers.class_maps[number, covid], film.opacities
drawing.overlaid(shown)

# %% health
checked = model.card.maps
print("faithful:", checked.faithful, "validation films:", checked.n)
for name in ("deletion", "insertion"):
    for other, gain in checked.others[name].items():
        print(f"{name}, better than {other} cells by {gain['value']:.3f} ({gain['low']:.3f} to {gain['high']:.3f})")
same = checked.others["randomised"]["spearman"]
print(f"correlation with maps of random weights: {same['value']:.2f} ({same['low']:.2f} to {same['high']:.2f})")


# %% delete
def deleted(number, cells):
    """The probability of COVID of a phantom while one cell after the other is blurred."""
    film = pixels[number : number + 1].copy()
    blurred = np.asarray(Image.fromarray(film[0, 0]).filter(ImageFilter.GaussianBlur(8)))
    side = film.shape[-1] // answers.class_maps.shape[-1]
    for row, column in cells:
        place = slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
        film[0, 0][place] = blurred[place]
        yield round(float(model.answer(film).probabilities[0, covid]), 2)


for number in (5, 0):
    cells = sorted(np.ndindex(3, 3), key=lambda place: -answers.class_maps[number, covid][place])
    print(f"COVID {number + 1}, as it is: {answers.probabilities[number, covid]:.2f}")
    print("strongest first:", *deleted(number, cells))
    print("weakest first:  ", *deleted(number, cells[::-1]))

# %% real
if REAL:
    done = Path("runs/real-quick")
    quick = plainfilm.train(resume=done) if done.exists() else plainfilm.train(**REAL, recipe="quick", out=done)
    print("faithful:", quick.card.maps.faithful, "validation films:", quick.card.maps.n)

# %% exercise
logit = None  # your answer: the logit of COVID of the second phantom, from its map and the bias of the first

# %% check
print("not yet" if logit is None else "right" if abs(logit - answers.logits[1, covid]) < 1e-3 else "try again")

# %% solution
logit = answers.class_maps[1, covid].mean() + bias[0, covid]  # the bias is the same for every film
