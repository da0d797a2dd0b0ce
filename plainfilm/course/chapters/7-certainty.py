# %% setup
from pathlib import Path

import numpy as np

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}
out = Path("runs/course")
run = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**films, recipe="course", out=out, threads=1)
test = run.test

# %% reliability
drawing.Picture.at(run.folder / "figures" / "reliability.png")

# %% temperature
logits = np.array([[4.0, 1.0, 0.0]])
for temperature in (0.5, 1, 2, 4):
    shares = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
    print(temperature, shares.round(3))
print("of this model:", round(run.card.calibration.temperature, 2))

# %% sets
sizes = test.sets.sum(axis=1)
holds = test.sets[np.arange(len(test.labels)), test.labels]
print({int(size): int((sizes == size).sum()) for size in np.unique(sizes)}, f"hold the truth: {holds.mean():.1%}")

# %% points
for point in run.card.calibration.operating_points[run.classes.index("COVID")]:
    print(f"asked {point.asked:.0%}: threshold {point.threshold:.3f}")


# %% prevalence
def predictive_value(sensitivity, specificity, prevalence):
    """Of the films that are called positive, the share that is (Bayes)."""
    true, false = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    return true / (true + false)


shares = np.linspace(0.005, 0.6, 120)
figure, (axes,) = drawing.panels(width=5)
lines = {
    f"{s:.0%} / {p:.0%}": [predictive_value(s, p, share) for share in shares] for s, p in ((0.9, 0.9), (0.9, 0.99))
}
x, y = drawing.label("prevalence", "患病率"), drawing.label("positive predictive value", "阳性预测值")
drawing.curves(axes, lines, x=x, y=y, over=shares)
drawing.Picture.of(figure)

# %% real
if REAL:
    done = Path("runs/real-quick")
    quick = plainfilm.train(resume=done) if done.exists() else plainfilm.train(**REAL, recipe="quick", out=done)
    print("sets hold the truth:", quick.test.figures.sets.coverage)

# %% exercise
# your answer: at which specificity is a positive answer right in half of the cases?
needed = None  # sensitivity 0.9, prevalence 0.02

# %% check
found = None if needed is None else predictive_value(0.9, needed, 0.02)
print("not yet" if found is None else "right" if abs(found - 0.5) < 0.01 else "try again")

# %% solution
needed = 1 - 0.9 * 0.02 / (1 - 0.02)  # as many false positives as true ones
