"""Whether the recipe of a run was changed after it began: its steps would then be of two trainings."""

from dataclasses import asdict

from plainfilm.config import Recipe, parse_recipe
from plainfilm.errors import RecipeError
from plainfilm.io.run_folder import Run
from plainfilm.training import checkpoint

FREE = "report"  # the section that only the report reads: it may change at any time


def check_recipe(run: Run, recipe: Recipe) -> None:
    """Raise RecipeError where `recipe`, that of a run's folder, is not the one that its last checkpoint was made with.

    The old one is read by today's rules, so that a field that came later makes no difference.
    """
    text = checkpoint.last_notes(run.checkpoints).get("recipe")
    if not isinstance(text, str):  # no checkpoint yet, or one of an earlier version
        return
    changes = _changes(parse_recipe(text), recipe)
    if changes:
        raise RecipeError("recipe-edited", run=str(run.folder), changes="; ".join(changes), weights=str(run.best))


def _changes(before: Recipe, after: Recipe) -> list[str]:
    """The keys that differ, with both values: `training.epochs [2] -> [6]`."""
    old, new = _values(before), _values(after)
    return [f"{key} {_shown(old[key])} -> {_shown(new[key])}" for key in old if old[key] != new[key]]


def _values(recipe: Recipe) -> dict[str, object]:
    """All values by their keys, without the free section."""
    sections = asdict(recipe)
    return {f"{name}.{key}": value for name in sections if name != FREE for key, value in sections[name].items()}


def _shown(value: object) -> str:
    return str(list(value) if isinstance(value, tuple) else value)
