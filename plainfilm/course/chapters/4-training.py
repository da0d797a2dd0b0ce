# %% setup
import os
import signal
import threading
import time
from math import exp, log
from pathlib import Path

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}

# %% loss
for probability in (0.01, 0.2, 1 / 3, 0.5, 0.9, 0.99):
    print(f"the true class got {probability:.2f}: loss {-log(probability):.3f}")

# %% rate
figure, (axes,) = drawing.panels(width=5)
rates = [3e-4 * exp(-0.6 * epoch) for epoch in range(8)]
drawing.curves(
    axes, {"3e-4 · exp(-0.6 · epoch)": rates}, x=drawing.label("epoch", "轮次"), y=drawing.label("rate", "学习率")
)
drawing.Picture.of(figure)

# %% train
run = plainfilm.train(**films, recipe="course", out="runs/training", threads=1)
print(*run.lines, sep="\n")

# %% figure
drawing.Picture.at(run.folder / "figures" / "history.png")

# %% stop
other = Path("runs/stopped")


def press_ctrl_c():
    """Once the run has done twenty steps."""
    history = other / "history.csv"
    while not history.exists() or len(history.read_text().splitlines()) < 20:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)


threading.Thread(target=press_ctrl_c).start()
try:
    plainfilm.train(**films, recipe="course", out=other, threads=1)
except plainfilm.PlainfilmError as error:
    print(error)

# %% resume
plainfilm.train(resume=other)
for name in ("history.csv", "checkpoints/best.safetensors"):
    print(name, (other / name).read_bytes() == (run.folder / name).read_bytes())

# %% save
network = (run.folder / "checkpoints" / "best.safetensors").stat().st_size
print(f"{network / 1e6:.1f} MB of weights, {run.model.stat().st_size / 1e6:.1f} MB model file")

# %% real
if REAL:
    out = Path("runs/real-quick")
    quick = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**REAL, recipe="quick", out=out)
    print(*quick.lines[::4], sep="\n")
    print("test:", quick.accuracy)

# %% exercise
epoch_of_a_tenth = None  # your answer: in which epoch does the tutorial's rate first lie below a tenth of 3e-4?

# %% check
print("not yet" if epoch_of_a_tenth is None else "right" if epoch_of_a_tenth == 4 else "try again")

# %% solution
epoch_of_a_tenth = next(epoch for epoch, rate in enumerate(rates) if rate < 3e-5)  # ln 10 / 0.6 = 3.84
