"""Commands that answer for films: `predict`, `serve`.

Parse, call one function, show. Heavy libraries are imported inside a command.
"""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from plainfilm.commands.options import (
    AssumeChest,
    Encoding,
    FollowLinks,
    Json,
    Language,
    Prevalences,
    Tables,
)
from plainfilm.errors import UsageError
from plainfilm.io import files
from plainfilm.workflows.extras import NODE_LIBRARIES, SERVE_LIBRARIES, check_extra


def predict(
    paths: Annotated[list[Path], typer.Argument(metavar="[MODEL] PATH", help="help.model-and-films")],
    table: Tables = None,
    maps: Annotated[Path | None, typer.Option(metavar="DIR", help="help.maps")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="help.csv")] = None,
    prevalence: Prevalences = None,
    override: Annotated[bool, typer.Option("--override", help="help.override")] = False,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Answer for films: label and probability of each class."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.model.packaged import CHEST_MODEL, model_and_films
    from plainfilm.model.predictor import Predictor
    from plainfilm.present.terminal import Terminal

    terminal = Terminal(lang, as_json=as_json)
    model, films = model_and_films(paths)
    if model == CHEST_MODEL:
        terminal.say("predict.packaged-model")
    result = calls.predict(
        terminal,
        Predictor(model, assume_chest=assume_chest),
        films,
        tables=table or [],
        maps=maps,
        csv=csv,
        prevalence=prevalence or [],
        override=override,
        reading=Reading(follow_links, encoding, assume_chest),
    )
    tell(terminal, result)
    if not all(answer.is_answered for answer in result.answers):
        raise typer.Exit(1)


def serve(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL", help="help.serve-models"),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="help.host")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="help.port")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="help.token-file"),
    ] = None,
    root_path: Annotated[str, typer.Option(metavar="/PATH", help="help.root-path")] = "",
    run: Annotated[Path | None, typer.Option(metavar="RUN", help="help.serve-run")] = None,
    dicom: Annotated[int | None, typer.Option(metavar="PORT", min=0, max=65535, help="help.dicom")] = None,
    dicom_to: Annotated[str | None, typer.Option(metavar="TITLE@HOST:PORT", help="help.dicom-to")] = None,
    dicom_title: Annotated[str, typer.Option(metavar="TITLE", help="help.dicom-title")] = "PLAINFILM",
    dicom_caller: Annotated[list[str] | None, typer.Option(metavar="TITLE", help="help.dicom-caller")] = None,
    dicom_map: Annotated[bool, typer.Option("--dicom-map", help="help.dicom-map")] = False,
    assume_chest: Annotated[bool, typer.Option("--assume-chest", help="help.assume-chest")] = False,
    watch: Annotated[Path | None, typer.Option(metavar="FILE", help="help.watch")] = None,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Serve the page, the API and a DICOM node, on this machine alone unless set otherwise."""
    from plainfilm.present.terminal import Terminal

    check_extra("serve", SERVE_LIBRARIES, extra="serve")
    from plainfilm.serving import server
    from plainfilm.serving.limits import NodeSettings, parse_destination

    settings = None
    if dicom is not None:
        check_extra("serve --dicom", NODE_LIBRARIES, extra="dicom")
        if dicom_to is None:
            raise UsageError("dicom-destination-missing")
        destination = parse_destination(dicom_to)
        settings = NodeSettings(dicom, destination, host, dicom_title, tuple(dicom_caller or ()), dicom_map)
    server.check_root_path(root_path)
    if watch is not None:
        files.writable_file(watch)
    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        bound = stack.enter_context(contextlib.closing(server.bind(host, port)))
        token = server.read_token(token_file, bound)
        services = server.open_services(
            models or [], token=token, run=run, root_path=root_path, assume_chest=assume_chest, watch_file=watch
        )
        served = stack.enter_context(services)
        node_port = None if settings is None else stack.enter_context(server.open_node(served, settings, lang))

        def announce(address: str) -> None:
            terminal.say("serve.listens", address=address)
            if not models:
                terminal.say("predict.packaged-model")
            if run is not None:
                terminal.say("serve.follows", address=f"{address}/training")
            if node_port is not None:
                terminal.say("serve.dicom", title=dicom_title, port=node_port, destination=dicom_to)
            if assume_chest:
                terminal.say("serve.assumes-chest")
            if token is not None:
                terminal.say("serve.no-tls")
            terminal.json({"address": address, "models": list(served.services), "dicom_port": node_port})
            sys.stdout.flush()

        server.serve(served, bound, announce)
