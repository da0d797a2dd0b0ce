# %% setup
from pathlib import Path

import numpy as np

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}
out = Path("runs/course")
run = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**films, recipe="course", out=out, threads=1)

# %% test
run

# %% tutorial-lines
tutorial = run.test.figures.tutorial
print(f"Eval \t Loss:{tutorial.loss:.5f},Acc:{tutorial.accuracy:.5f}")
right = run.test.probabilities.argmax(axis=1) == run.test.labels
print([f"{batch.sum()} of {len(batch)}" for batch in (right[:64], right[64:])], "all:", run.accuracy)

# %% bootstrap
random = np.random.default_rng(0)
replicates = [random.choice(right, len(right)).mean() for _ in range(2000)]
print(f"{right.mean():.3f}, 95 % between {np.quantile(replicates, 0.025):.3f} and {np.quantile(replicates, 0.975):.3f}")

# %% size
figure, (axes,) = drawing.panels(width=5, height=2.2)
half = {n: 1.96 * (0.955 * 0.045 / n) ** 0.5 for n in (39, 100, 389, 1000, 3382)}
spans = {f"n {n}": (0.955, 0.955 - width, min(0.955 + width, 1)) for n, width in half.items()}
drawing.bars(axes, spans, x=drawing.label("accuracy", "准确率"))
axes.set_xlim(0.86, 1)
drawing.Picture.of(figure)

# %% confusion
drawing.Picture.at(run.folder / "figures" / "confusion.png")

# %% predict
rows = plainfilm.index(**films, recipe="course").index.rows
tested = {row.label: PHANTOMS / "films" / row.path for row in rows if row.split == "test"}  # one of each class
plainfilm.predict(run.model, list(tested.values()))

# %% real
if REAL:
    done = Path("runs/real-quick")
    quick = plainfilm.train(resume=done) if done.exists() else plainfilm.train(**REAL, recipe="quick", out=done)
    print(f"accuracy {quick.accuracy}")
    print(quick.test.figures.confusion.counts)

# %% exercise
sensitivity = None  # your answer: of the COVID films of the test, the share that is called COVID

# %% check
found = run.test.figures.classes["COVID"]["sensitivity"].value
print("not yet" if sensitivity is None else "right" if abs(sensitivity - found) < 1e-9 else "try again")

# %% solution
number = run.classes.index("COVID")
of_class = run.test.labels == number
sensitivity = (run.test.probabilities.argmax(axis=1)[of_class] == number).mean()
