"""Two trainings into one folder, two servers on one port; see `two_at_once_trials.py`."""

from functools import partial

from faults.forked import run_script
from faults.row import Row

ROW = Row(
    fault="two trainings into one folder; two servers on one port",
    must_hold="the second refuses with exit code 2, says who is there and changes nothing; the first goes on; a killed one "
    "leaves no lock",
    counted="let in",
    run=partial(run_script, "two_at_once_trials.py"),
    short=11,
    long=50,
)
