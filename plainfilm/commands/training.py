"""Commands that make a model: `train`, `cross-validate`, `import`, `demo`; and `course`, which teaches how.

Parse, call one function, show. Heavy libraries are imported inside a command.
"""

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from plainfilm.commands.options import (
    AssumeChest,
    Encoding,
    FollowLinks,
    Json,
    Language,
    NewSources,
    OptionalRecipe,
    OptionalSources,
    RecipeName,
    SourceArguments,
    Tables,
)
from plainfilm.config import DEFAULT_RECIPE
from plainfilm.io import files
from plainfilm.io.stopping import stop_requests
from plainfilm.messages import say
from plainfilm.records import as_dict
from plainfilm.text import json_text
from plainfilm.workflows.extras import check_extra


def train(
    sources: OptionalSources = None,
    table: Tables = None,
    recipe: OptionalRecipe = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="help.run-out")] = None,
    init: Annotated[Path | None, typer.Option(metavar="FILE", help="help.init")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="help.resume")] = None,
    source: NewSources = None,
    workers: Annotated[int, typer.Option(min=0, max=64, help="help.workers")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="help.threads")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="help.int8")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="help.profile")] = False,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Index, train, evaluate on the untouched test split, draw the figures, write the report."""
    from plainfilm.present.terminal import Terminal

    check_extra("train")
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.profile import profile as profile_section
    from plainfilm.training.distributed import join
    from plainfilm.training.profile import Clock, Profile
    from plainfilm.workflows.training import Options, train_follower

    team = join()
    if not team.is_first:
        with stop_requests() as stop:
            train_follower(team, workers=workers, stop=stop)
        return
    terminal = Terminal(lang, as_json=as_json)
    clock = Profile() if profile else Clock()
    with stop_requests() as stop, team.leading():
        result = calls.train(
            terminal,
            sources or [],
            tables=table or [],
            recipe=recipe,
            out=out,
            init=init,
            resume=resume,
            moved=source or [],
            reading=Reading(follow_links, encoding, assume_chest),
            options=Options(
                workers=workers, threads=threads, stop=stop, language=lang, int8=int8, team=team, clock=clock
            ),
        )
    if isinstance(clock, Profile):
        files.write_text(result.outcome.run.profile, json_text(as_dict(clock.profiled()), indent=2))
        show(terminal, profile_section(clock.profiled()))
    tell(terminal, result)


def cross_validate(
    sources: SourceArguments,
    out: Annotated[Path, typer.Option(metavar="DIR", help="help.cross-out")],
    table: Tables = None,
    recipe: RecipeName = DEFAULT_RECIPE,
    folds: Annotated[int, typer.Option(min=3, max=100, help="help.folds")] = 5,
    seeds: Annotated[str, typer.Option(metavar="0,1,2", help="help.seeds")] = "",
    workers: Annotated[int, typer.Option(min=0, max=64, help="help.as-for-train")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="help.as-for-train")] = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Train and test once for each fold and seed: mean, spread, and the figures of all films."""
    from plainfilm.present.terminal import Terminal

    check_extra("cross-validate")
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.workflows.cross_validation import parse_seeds
    from plainfilm.workflows.training import Options

    terminal = Terminal(lang, as_json=as_json)
    with stop_requests() as stop:
        result = calls.cross_validate(
            terminal,
            sources,
            tables=table or [],
            recipe=recipe,
            out=out,
            folds=folds,
            seeds=parse_seeds(seeds),
            reading=Reading(follow_links, encoding, assume_chest),
            options=Options(workers=workers, threads=threads, stop=stop, language=lang),
        )
    tell(terminal, result)


def import_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="help.checkpoint")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="help.model-out")],
    classes: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="help.classes"),
    ] = None,
    size: Annotated[int, typer.Option(metavar="PIXELS", min=64, max=1024, help="help.size")] = 224,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Make a model file of weights from elsewhere; nothing in them is ever run."""
    from plainfilm.present.terminal import Terminal

    check_extra("import")
    from plainfilm.present.blocks import Note
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.finished import parity
    from plainfilm.present.sections.weights import taken
    from plainfilm.present.statements import about_model
    from plainfilm.workflows.weights_import import import_weights

    terminal = Terminal(lang, as_json=as_json)
    names = None if classes is None else [name.strip() for name in classes.split(",")]
    done = import_weights(checkpoint, out, classes=names, size_px=size)
    weights, shown = done.weights, ", ".join(entry.shown(lang) for entry in done.card.classes)
    terminal.say("import.done", path=str(out), depth=weights.depth, channels=weights.channels, size=size, classes=shown)
    show(terminal, [*taken(weights), parity(done.parity), *map(Note, about_model(done.card))])
    facts = {"model": str(out), "depth": weights.depth, "parity": done.parity, "taken": asdict(weights.taken)}
    terminal.json({**facts, **as_dict(done.card.provenance)})


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="help.demo-out")] = Path("runs/demo"),
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Draw phantoms, train on them, evaluate: offline, in a few minutes."""
    from plainfilm.present.terminal import Terminal

    check_extra("demo")
    from plainfilm.api.results import TrainResult, tell
    from plainfilm.present.progress import TrainingDisplay
    from plainfilm.workflows.training import Options
    from plainfilm.workflows.training import demo as run_demo

    terminal = Terminal(lang, as_json=as_json)
    terminal.say("demo.start", folder=str(out))
    with contextlib.ExitStack() as stack, stop_requests() as stop:
        outcome = run_demo(out, TrainingDisplay(terminal, stack), Options(stop=stop, language=lang))
    for notice in outcome.notices:
        terminal.warn(say(notice))
    tell(terminal, TrainResult(language=lang, outcome=outcome))


def start_course(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="help.course-out")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Write the course: notebooks, and the phantoms that they train on."""
    from plainfilm.course.writing import write_course
    from plainfilm.present.terminal import Terminal

    terminal = Terminal(lang, as_json=as_json)
    notebooks = write_course(out, lang)
    terminal.say("course.written", count=len(notebooks), folder=str(out), first=notebooks[0].name)
    terminal.json({"notebooks": [str(path) for path in notebooks]})
