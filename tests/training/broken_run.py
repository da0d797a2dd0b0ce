"""A training that is killed again and again, in a process of its own: `python broken_run.py RUN WORKERS MOMENT...`.

Each attempt is a fork that kills itself with SIGKILL at its MOMENT, a number of events; an event is the end of a step,
or either side of a file taking its place. The last attempt is left in peace. Prints the step from which each went on.
"""

import os
import signal
import sys
from pathlib import Path

import torch
from builders import Recorder, make_films, make_recipe, slim_widths, with_policy

from plainfilm.io.run_folder import Run
from plainfilm.training.loop import train

RECIPE = with_policy(
    make_recipe(
        sizes_px=(64, 80), epochs=(1, 2), ema_decay=0.9, optimizer="adamw", weight_decay=0.01, checkpoint_steps=3
    ),
    "radiograph",
)


def films():
    return make_films(32, 9, sizes_px=(64, 80))


def attempt(run: Path, workers: int, moment: int) -> None:
    events = 0

    def event(*_: object) -> None:
        nonlocal events
        events += 1
        if events == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    class Fragile(Recorder):
        def on_start(self, plan, first_step, facts):
            print(first_step, flush=True)

        def on_step(self, step, num_films):
            event()

    replace = os.replace

    def fragile_replace(*names):
        event()
        replace(*names)
        event()

    os.replace = fragile_replace
    train(Run(run), RECIPE, films(), Fragile(), workers=workers, threads=1)


def main() -> None:
    slim_widths()
    torch.set_num_threads(1)
    run, workers, moments = Path(sys.argv[1]), int(sys.argv[2]), [int(moment) for moment in sys.argv[3:]]
    for moment in [*moments, 0]:
        child = os.fork()
        if child == 0:
            attempt(run, workers, moment)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        expected = signal.SIGKILL if moment else 0
        assert status == expected, (moment, status)


if __name__ == "__main__":
    main()
