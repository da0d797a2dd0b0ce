"""Out-of-fold answers: every training film answered by a network that was trained without its group.

Decisions need more films than a validation part has: of 1,378 films a tenth holds two with a rare finding. So the
recipe may ask for folds of the training films. A network of the same recipe learns on all but one fold, and answers
that; the answers of all folds are what decisions are fitted on. The epoch is chosen on the validation films, which are
in no fold.

Each fold is a run in `folds/` of the run's folder, which goes on where it was stopped; when it is done its answers are
kept, and its checkpoints are not. The first process of a team does it alone, before all train together.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.config import Recipe
from plainfilm.data.films import Films
from plainfilm.data.splits.split import even_folds
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.training import checkpoint
from plainfilm.training.loop import Reporter, answered, train

ANSWERS = "logits.npy"  # of the fold's films, then of the validation films
TINY = 1e-9


@dataclass(frozen=True)
class HeldOut:
    """Films of the training part, and what networks that had not seen their groups say of them."""

    rows: tuple[int, ...]  # M
    logits: NDArray[np.float32]  # (M, K)
    validation: NDArray[np.float32]  # (F, V, K), what each of the F networks says of the validation films


def out_of_fold(
    run: Run,
    recipe: Recipe,
    films: Films,
    reporter: Reporter,
    tell: Callable[[int, int], None],
    *,
    threads: int | None,
    stop: Callable[[], int],
    workers: int,
) -> HeldOut:
    """Train a network a fold, or what is left of that; `films`: at all sizes. `tell` hears the number of a fold.

    Raises as `loop.train`.
    """
    count = recipe.decision.out_of_fold
    assert count is not None
    fold_of = _folds(films, count, recipe.split.seed)
    rows, logits, validated = list[int](), list[NDArray[np.float32]](), list[NDArray[np.float32]]()
    validation = films.judged(films.part("validation"))
    for fold in range(count):
        own = [row for row, number in fold_of.items() if number == fold]
        folder = Run(run.folder / "folds" / str(fold))
        kept = folder.folder / ANSWERS
        if not kept.exists():
            tell(fold + 1, count)
            files.writable_folder(folder.folder)
            _begin(run, folder)
            left = _without(films, own)
            net, _ = train(folder, recipe, left, reporter, workers=workers, threads=threads, stop=stop)
            found = answered(net, films, [*own, *validation], recipe.size_px, recipe.data.channels)
            buffer = io.BytesIO()
            np.save(buffer, found, allow_pickle=False)
            files.write_bytes(kept, buffer.getvalue())
        files.empty(folder.checkpoints)
        rows += own
        told = np.load(kept, allow_pickle=False)
        logits.append(told[: len(own)])
        validated.append(told[len(own) :])
    return HeldOut(tuple(rows), np.concatenate(logits), np.stack(validated))


def _folds(films: Films, count: int, seed: int) -> dict[int, int]:
    """The fold of each training film that counts: groups whole, labels even."""
    index = films.index
    rows = films.judged(films.part("train"))
    sources, groups = [index.rows[row].source for row in rows], films.groups(rows)
    found, _ = even_folds(films.counted(rows), sources, groups, count=count, train_only=[False] * len(rows), seed=seed)
    return {row: fold for row, fold in zip(rows, found, strict=True) if fold is not None}


def _without(films: Films, left_out: list[int]) -> Films:
    """The films, some of them in no part."""
    out = set(left_out)
    rows = tuple(replace(row, split="") if number in out else row for number, row in enumerate(films.index.rows))
    return replace(films, index=replace(films.index, rows=rows))


def _begin(run: Run, fold: Run) -> None:
    """A fold starts from what its run starts from: given weights, threads."""
    if not fold.checkpoints.exists():
        given, facts = checkpoint.load_given(run.checkpoints, must_exist=False)
        checkpoint.save_given(files.writable_folder(fold.checkpoints), given, facts)


def scales(held_out: HeldOut, logits: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor and offset of each logit, (K,), that bring a network to the scale of those that were held out.

    Networks trained apart differ in how large their logits are. All of them answer the validation films, whose labels
    play no part: (V, K) `logits` get the mean and the deviation that the others have there.
    """
    others = held_out.validation.astype(np.float64)  # (F, V, K)
    own_deviation = logits.std(axis=0, dtype=np.float64)
    factor = np.where(own_deviation > 0, others.std(axis=1).mean(axis=0) / np.maximum(own_deviation, TINY), 1.0)
    return factor, others.mean(axis=(0, 1)) - factor * logits.mean(axis=0, dtype=np.float64)
