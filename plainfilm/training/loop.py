"""The training loop: one screen, one path, no callbacks but a reporter.

- Everything drawn is keyed by (seed, purpose, epoch, image), so a resumed run draws what it would have drawn.
- Batch-norm statistics belong to fixed groups of films (`norm_group`): a group is one forward pass, a batch is one or
  more groups whose gradients add up to the gradient of the batch's mean loss, in one process or in several.
- Validation picks the epoch; without a validation part the last epoch is kept. The test split is not known here.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from plainfilm.config import Recipe
from plainfilm.data.films import Films
from plainfilm.errors import Interrupted, PlainfilmError, TrainingError
from plainfilm.io.run_folder import Run
from plainfilm.model.networks.mean import Network, device_of, members_of
from plainfilm.task import task_of
from plainfilm.training import checkpoint, hardware
from plainfilm.training.batches import Batch, Batches, iterate
from plainfilm.training.distributed import ALONE, Team, begin_statistics, gradients, weigh_statistics
from plainfilm.training.history import Facts, History, NoHistory, Step
from plainfilm.training.objective import Objective
from plainfilm.training.profile import Clock
from plainfilm.training.schedule import Plan, learning_rate, make_plan
from plainfilm.training.state import State, is_finite, restore, save, start_or_resume, update_ema

VALIDATION_BATCH = 64
UNTIMED = Clock()
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Reporter(Protocol):
    """Who is told how a training goes; times belong there, never into history or weights."""

    def on_start(self, plan: Plan, first_step: int, facts: Facts) -> None:
        """A training starts, or goes on from `first_step`."""

    def on_step(self, step: Step, num_films: int) -> None:
        """A step is done."""

    def on_warning(self, error: PlainfilmError) -> None:
        """Something was passed over, for instance a damaged checkpoint."""


def train(
    run: Run,
    recipe: Recipe,
    films: Films,
    reporter: Reporter,
    *,
    workers: int = 0,
    threads: int | None = None,
    stop: Callable[[], int] = lambda: 0,
    team: Team = ALONE,
    clock: Clock = UNTIMED,
) -> tuple[Network, dict[str, float]]:
    """Train, or go on with, the run `run`; return the kept network and its validation figures.

    Not given, `threads` are those of the run, for a new one as many as processors. Raises UsageError where the run has
    another number of threads or processes: its bits would change; StorageError, before the first step, where the disk
    has not the room for it all; TrainingError on a loss, weight or moment that is not finite, or where a loader worker
    or another process of the team was lost; Interrupted (after saving) when `stop` returns a signal's number.
    """
    training = recipe.training
    plan = make_plan(training, -(-len(films.part("train")) // training.batch_size))
    device = hardware.find_device(team.local_rank)
    hardware.keep_freed_memory()
    num_classes = len(films.index.classes)
    state, facts = start_or_resume(run, recipe, num_classes, device, reporter.on_warning, threads=threads, team=team)
    torch.set_num_threads(facts.threads)
    objective: Objective = task_of(recipe.task.kind).objective(training, films, device)
    history = History(run.history, keep=state.step) if team.is_first else NoHistory()
    with contextlib.closing(history), team.group(device):
        reporter.on_start(plan, state.step, facts)
        batches = iterate(Batches(recipe, films, plan, team), run.folder, start=state.step, workers=workers)
        for batch in timed(batches, clock):
            rate = learning_rate(training, plan, batch.step)
            with clock.step(plan.sizes_px[plan.place(batch.step)[0]]):
                loss, accuracy = optimise(state, batch, rate, recipe, objective, DTYPES[facts.precision], team, clock)
            state.step += 1
            step = Step(batch.step, plan.place(batch.step)[0], loss, accuracy, rate)
            is_epoch_over = plan.is_last_of_epoch(batch.step)
            with clock.cause("finite"):
                looks = is_epoch_over or team.count > 1  # at all weights: that takes too long for every step
                are_finite = math.isfinite(loss) and (not looks or is_finite(state))
            if not are_finite:
                raise first_not_finite(run, recipe, films, plan, state, step, team)
            if is_epoch_over:
                with clock.cause("validation"):
                    step = end_epoch(state, step, plan, recipe, films, objective, run.best, team)
                if not math.isfinite(step.validation_loss or 0):
                    raise not_finite(run, recipe, films, plan, replace(step, loss=step.validation_loss or math.nan))
            history.append(step)
            reporter.on_step(step, len(batch.rows))
            signal_number = team.highest(stop())
            is_due = state.step % training.checkpoint_steps == 0 or state.step == plan.steps or signal_number
            if is_due and team.is_first:
                if not is_finite(state):
                    raise first_not_finite(run, recipe, films, plan, state, step, team)
                with clock.cause("checkpoint"):
                    history.sync()
                    save(state, run.checkpoints, facts)
            if signal_number:
                raise stopped(signal_number, run.folder, state.step, team)

    if team.is_first:  # where a process was killed between its last save and this, or the file was damaged since
        checkpoint.prune(run.checkpoints)
        checkpoint.save_tensors(run.best, state.best_weights, state.best)
    state.net.load_state_dict(state.best_weights)
    return state.net.eval(), state.best


def timed(batches: Iterator[Batch], clock: Clock) -> Iterator[Batch]:
    """The same batches; what each was waited for, or made in, is a cause."""
    while True:
        with clock.cause("batches"):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


# --- one step --------------------------------------------------------------------------------------------------------


def optimise(
    state: State,
    batch: Batch,
    rate: float,
    recipe: Recipe,
    objective: Objective,
    dtype: torch.dtype,
    team: Team = ALONE,
    clock: Clock = UNTIMED,
) -> tuple[float, float]:
    """One step of the optimiser on one batch; returns the batch's mean loss and the share of answers that were right.

    Each member of a mean of networks learns alone; the loss is their mean. Each process of the team does its groups of
    films; then gradients, loss and statistics are summed, all at once.
    """
    training, device, members = recipe.training, device_of(state.net), members_of(state.net)
    state.net.train()
    begin_statistics(state.net, team)
    state.optimizer.zero_grad(set_to_none=True)
    for weight_group in state.optimizer.param_groups:
        weight_group["lr"] = rate
    targets = batch.targets.to(device)
    total_weight = objective.weight(targets)
    loss, correct = torch.zeros((), device=device), torch.zeros((), dtype=torch.int64, device=device)
    size = training.group_size
    for index, group in enumerate(batch.groups):
        part = slice(group * size, (group + 1) * size)
        pixels = batch.pixels[index * size : (index + 1) * size].to(device)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        votes = []
        for member in members:
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                logits = member(pixels).logits
            part_loss = objective.loss(logits, targets[part]) / total_weight
            state.scaler.scale(part_loss).backward()  # type: ignore[no-untyped-call]
            loss += part_loss.detach() / len(members)
            votes.append(logits.detach())
        correct += objective.right(torch.stack(votes).sum(dim=0), targets[part])
    if team.count > 1:
        statistics = weigh_statistics(state.net, batch.groups, batch.num_groups)
        team.sum([loss, correct, *gradients(state.net), *statistics])
    if math.isfinite(float(loss)):
        with clock.cause("optimiser"):
            state.scaler.step(state.optimizer)
            state.scaler.update()
        with clock.cause("average"):
            update_ema(state, training.ema_decay)
    return float(loss), int(correct) / max(objective.count(targets), 1)


def first_not_finite(
    run: Run, recipe: Recipe, films: Films, plan: Plan, state: State, found: Step, team: Team
) -> TrainingError:
    """The error that names the first step with a number that is not finite, where `found` is the one that showed it.

    The steps since the last checkpoint are done once more, and looked at one by one. Where they do not show it again
    (memory may fail at any moment), and in a team, which looks at every step, it is `found`.
    """
    if team.count == 1:
        precision = DTYPES[restore(state, run.checkpoints, lambda _: None).precision]
        objective: Objective = task_of(recipe.task.kind).objective(recipe.training, films, device_of(state.net))
        batches = Batches(recipe, films, plan)
        for number in range(state.step, found.step + 1):
            rate = learning_rate(recipe.training, plan, number)
            loss, _ = optimise(state, batches[number], rate, recipe, objective, precision)
            if not (math.isfinite(loss) and is_finite(state)):
                found = Step(number, plan.place(number)[0], loss, 0, rate)
                break
            state.step += 1
    return not_finite(run, recipe, films, plan, found)


def not_finite(run: Run, recipe: Recipe, films: Films, plan: Plan, found: Step) -> TrainingError:
    """The error that names the step, the rate and the films."""
    images = " ".join(films.image_ids[row] for row in Batches(recipe, films, plan).rows_of(found.step))
    about = {"loss": found.loss, "step": found.step, "epoch": found.epoch, "rate": found.learning_rate}
    return TrainingError("loss-not-finite", **about, run=str(run.folder), images=images)


def stopped(signal_number: int, run: Path, step: int, team: Team) -> Interrupted:
    """The error of a training that a signal stopped: how to go on."""
    if team.count == 1:
        return Interrupted("training-stopped", signal_number=signal_number, run=str(run), step=step)
    return Interrupted(
        "training-stopped-together", signal_number=signal_number, run=str(run), step=step, processes=team.count
    )


# --- the end of an epoch ---------------------------------------------------------------------------------------------


def end_epoch(
    state: State,
    step: Step,
    plan: Plan,
    recipe: Recipe,
    films: Films,
    objective: Objective,
    best: Path,
    team: Team,
) -> Step:
    """Validate, and keep the weights if they are the best so far (without validation films: always)."""
    size = plan.sizes_px[step.epoch]
    channels = recipe.data.channels
    figures = validate(state.average, films, size, channels, objective, team) if films.part("validation") else {}
    if size == plan.sizes_px[-1] and is_best(figures, state.best, objective):
        state.best = {"epoch": step.epoch, **figures}
        state.best_weights = {name: tensor.clone() for name, tensor in state.average.state_dict().items()}
        if team.is_first:
            checkpoint.save_tensors(best, state.best_weights, state.best)
    return replace(step, validation_loss=figures.get("loss"), validation_accuracy=figures.get("accuracy"))


def is_best(figures: dict[str, float], best: dict[str, float], objective: Objective) -> bool:
    """Whether an epoch's validation figures beat the best so far."""
    if not math.isfinite(figures.get("loss", 0)):
        return False
    if not figures or not best:
        return True
    return objective.rank(figures) > objective.rank(best)


def answered(net: Network, films: Films, rows: Sequence[int], size_px: int, channels: int) -> NDArray[np.float32]:
    """The logits of some films, (M, K), in float32, by the network in evaluation mode."""
    net.eval()
    device, found = device_of(net), []
    for start in range(0, len(rows), VALIDATION_BATCH):
        pixels = torch.from_numpy(films.pixels(rows[start : start + VALIDATION_BATCH], channels, size_px))
        with torch.inference_mode():
            found.append(net(pixels.to(device, memory_format=torch.channels_last)).logits.cpu().numpy())
    return np.concatenate(found)


def rescale(net: Network, factor: NDArray[np.float64], offset: NDArray[np.float64]) -> None:
    """Multiply each logit by a factor (K,) and add an offset (K,): in the last layer, so that its maps follow."""
    factors, offsets = (torch.from_numpy(part).float().to(device_of(net)) for part in (factor, offset))
    with torch.no_grad():
        for member in members_of(net):
            member.fc.weight.mul_(factors[:, None])
            member.fc.bias.mul_(factors).add_(offsets)


def validate(
    net: Network, films: Films, size_px: int, channels: int, objective: Objective, team: Team = ALONE
) -> dict[str, float]:
    """Accuracy and mean loss of the validation films, in float32; each process of the team answers its share."""
    net.eval()
    device = device_of(net)
    loss, correct = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64)
    validation = films.part("validation")
    share = team.share(len(validation))
    own = validation[share.start : share.stop]
    for start in range(0, len(own), VALIDATION_BATCH):
        rows = own[start : start + VALIDATION_BATCH]
        pixels = torch.from_numpy(films.pixels(rows, channels, size_px))
        pixels = pixels.to(device, memory_format=torch.channels_last)
        targets = torch.from_numpy(films.targets(rows)).to(device)
        with torch.inference_mode():
            logits = net(pixels).logits
        loss += float(objective.plain_loss(logits, targets))
        correct += int(objective.right(logits, targets))
    team.sum([loss, correct])
    count = objective.count(torch.from_numpy(films.targets(validation)))
    return {"accuracy": int(correct) / max(count, 1), "loss": float(loss) / max(count, 1)}
