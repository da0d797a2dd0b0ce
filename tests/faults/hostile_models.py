"""Files that are no weights and no model: code in pickles, forged headers, graphs that reach for files and memory.

Each stands once where weights are asked for and once where a model is: for the commands, and as a checkpoint in a run.
The kernel watches the folder beside it, in which the code would leave a file and to whose secret the graphs point.
"""

import contextlib
import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import builders
import hostile
import onnx
from onnx import TensorProto, helper

from faults.measured import commanded, measured
from faults.row import Outcome, row
from faults.watched import Watch
from plainfilm.data import phantom
from plainfilm.errors import ModelFileError
from plainfilm.training import checkpoint
from tests.model import forged

COMMANDS = (
    "auditing",
    "checks",
    "external_test",
    "weights_import",
    "answers",
    "training",
)  # their modules, imported once for all
MAX_GROWN_BYTES = 100e6
MAX_CPU_MS = 5000.0
SECRET = "secret.bin"
Maker = Callable[[onnx.ModelProto, Path], bytes]  # gets a good model, and the folder that is watched


# --- graphs ----------------------------------------------------------------------------------------------------------


def reaching(location: str) -> Maker:
    """A model whose weights lie in another file: the secret."""

    def make(proto: onnx.ModelProto, outside: Path) -> bytes:
        weights = proto.graph.initializer[1]
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=location.format(outside=outside))
        return hostile.signed(proto)

    return make


def reaching_quietly(proto: onnx.ModelProto, outside: Path) -> bytes:
    """The weights are there, and said to be elsewhere without the mark that they are."""
    proto.graph.initializer[1].external_data.add(key="location", value=f"{outside}/{SECRET}")
    return hostile.signed(proto)


def shaped(*dims: int) -> Maker:
    def make(proto: onnx.ModelProto, _: Path) -> bytes:
        del proto.graph.initializer[1].dims[:]
        proto.graph.initializer[1].dims.extend(dims)
        return hostile.signed(proto)

    return make


def cyclic(proto: onnx.ModelProto, _: Path) -> bytes:
    node = next(node for node in proto.graph.node if node.op_type == "Conv")
    node.input[0] = next(node for node in reversed(proto.graph.node) if node.op_type == "Relu").output[0]
    return hostile.signed(proto)


def called(name: str) -> Maker:
    """A model with weights of this name, which a node uses."""

    def make(proto: onnx.ModelProto, _: Path) -> bytes:
        old = proto.graph.initializer[1].name
        proto.graph.initializer[1].name = name
        for node in proto.graph.node:
            node.input[:] = [name + "more" if given == old else given for given in node.input]
        return hostile.signed(proto)

    return make


def sparse(proto: onnx.ModelProto, _: Path) -> bytes:
    values = helper.make_tensor("values", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("places", TensorProto.INT64, [1], [2**40])
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [2**41]))
    return hostile.signed(proto)


def carrying(proto: onnx.ModelProto, _: Path) -> bytes:
    """A constant of 16 TB in an attribute."""
    tensor = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[2**42])
    proto.graph.node[0].attribute.append(helper.make_attribute("value", tensor))
    return hostile.signed(proto)


def training(proto: onnx.ModelProto, _: Path) -> bytes:
    proto.training_info.add().initialization.name = "more"
    return hostile.signed(proto)


def wide(proto: onnx.ModelProto, _: Path) -> bytes:
    """Outputs of another size than the card's."""
    for output in proto.graph.output:
        output.type.tensor_type.shape.dim[-1].dim_value = 2**40
    return hostile.signed(proto)


GRAPHS: dict[str, Maker] = {
    "weights in ../": reaching("../outside/" + SECRET),
    "weights at an absolute path": reaching("{outside}/" + SECRET),
    "weights at a path with NUL": reaching("{outside}/" + SECRET + "\0.bin"),
    "weights elsewhere, unmarked": reaching_quietly,
    "negative sides": shaped(-1, -1),
    "sides that overflow": shaped(2**32, 2**32),
    "sides of 2**62": shaped(2**62),
    "cycle": cyclic,
    "NUL in a name": called("conv1\0.weight"),
    "no weights for a node": called("elsewhere"),
    "sparse weights": sparse,
    "constant of 16 TB": carrying,
    "training graph": training,
    "outputs of 4 TB": wide,
    "a library to load": lambda proto, _: hostile.with_node("PyOp", domain="ai.onnx.contrib")(proto),
    **{
        f"model: {kind}": lambda proto, _, make=make: make(proto)
        for kind, (make, _) in hostile.FILES.items()
        if not kind.startswith("card: preprocessing") and kind != "large and damaged"
    },
}

# --- weights ---------------------------------------------------------------------------------------------------------


WEIGHTS: dict[str, bytes] = {
    **{
        f"pickle: {kind} in {container}": forged.wrapped(container, content)
        for number, (kind, (content, _)) in enumerate(forged.HOSTILE.items())
        for container in (("pdparams", "zip", "legacy")[number % 3],)
    },
    **{f"safetensors: {kind}": content for kind, (content, _) in forged.FORGED.items() if kind != "a header of 100 MB"},
    "safetensors: NUL in a name": forged.safetensors({"a\0b": forged.entry()}),
    "safetensors: a path for a name": forged.safetensors({"../outside/" + SECRET: forged.entry()}),
}

# --- places ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """What the trials share."""

    folder: Path
    films: Path
    outside: Path  # watched
    model: Path

    @contextlib.contextmanager
    def standing(self, content: bytes, name: str) -> Iterator[Path]:
        """An empty folder with the file in it; afterwards nothing of it is left."""
        place = self.folder / "place"
        place.mkdir()
        (place / name).write_bytes(content)
        yield place / name
        shutil.rmtree(place)


Place = tuple[str, Callable[[Scene, Path], list[object]]]  # the name of the file, and the command that is given it
PLACES: dict[str, Place] = {
    "predict": ("model.onnx", lambda scene, file: ["predict", file, scene.films, "--maps", file.parent / "out"]),
    "import": ("w.pth", lambda _, file: ["import", file, "--out", file.parent / "out", "--classes", "a,b"]),
    "evaluate": ("model.onnx", lambda scene, file: ["evaluate", file, scene.films, "--out", file.parent / "out"]),
    "train --init": ("w.pth", lambda scene, file: ["train", scene.films, "--init", file, "--out", file.parent / "out"]),
    "audit": ("model.onnx", lambda scene, file: ["audit", scene.films, "--model", file]),
    "checkpoint": ("step-00000008.safetensors", lambda *_: []),
    "serve": ("model.onnx", lambda _, file: ["serve", file, "--port", 0]),
    "doctor": ("model.onnx", lambda _, file: ["doctor", file]),
}
FOR_MODELS = ("predict", "evaluate", "audit", "serve", "doctor", "import")
FOR_WEIGHTS = ("import", "train --init", "checkpoint", "predict", "doctor")


def as_checkpoint(folder: Path) -> str:
    """Load the last checkpoint of a folder with a good one before the hostile one; "" where that came of it."""
    warned: list[ModelFileError] = []
    _, facts = checkpoint.load_last(folder, warned.append)
    return "" if facts == {"step": 4} and len(warned) == 1 else f"facts {facts}, warned {warned}"


def trial(scene: Scene, watch: Watch, content: bytes, place: str) -> tuple[str, float, int]:
    """What did not hold ("" where all did), the CPU time and the memory."""
    name, words = PLACES[place]
    with scene.standing(content, name) as file:
        before = {path: path.stat().st_mtime_ns for path in scene.folder.rglob("*") if path != scene.outside}
        if place == "checkpoint":
            checkpoint.save_tensors(file.with_name("step-00000004.safetensors"), {}, {"step": 4})
            end = measured(lambda: as_checkpoint(file.parent))
            wrong = "" if end.end == "done: ''" else end.end
            file.with_name("step-00000004.safetensors").unlink()
        else:
            end, printed = commanded([*words(scene, file), "--lang", "en"], scene.outside)
            lines = printed.strip().splitlines()
            is_told = end.end == "exit 1" and "Traceback" not in printed and file.name in printed and len(lines) <= 3
            wrong = "" if is_told else f"{end.end}: {printed[-300:]!r}"
        touched = watch.seen()
        made = {path for path in scene.folder.rglob("*") if path != scene.outside} - set(before)
    if touched:
        wrong += f"; touched {touched}"
    if made:
        wrong += f"; left {sorted(path.name for path in made)}"
    if end.grown_bytes > MAX_GROWN_BYTES or end.cpu_ms > MAX_CPU_MS:
        wrong += f"; {end.grown_bytes / 1e6:.0f} MB, {end.cpu_ms:.0f} ms"
    return wrong, end.cpu_ms, end.grown_bytes


# --- the row ---------------------------------------------------------------------------------------------------------


@row(
    fault="a pickle, hostile safetensors, hostile ONNX (external data paths, huge shapes, unknown operators), wherever "
    "a file is named or found in a run",
    must_hold="refused with a sentence, nothing executed, no path outside the folder read, nothing left; memory bounded",
    counted="taken",
    short=len(WEIGHTS) + len(GRAPHS),
    long=len(WEIGHTS) * len(FOR_WEIGHTS) + len(GRAPHS) * len(FOR_MODELS),
)
def run(num_trials: int, folder: Path) -> Outcome:
    """A trial is a file at a place; the first ones are all files, each at another place."""
    scene = _prepare(folder)
    proto = onnx.load(scene.model)
    files: list[tuple[str, Callable[[], bytes], tuple[str, ...]]] = [
        *((name, lambda content=content: content, FOR_WEIGHTS) for name, content in WEIGHTS.items()),
        *((name, lambda make=make: make(_copy(proto), scene.outside), FOR_MODELS) for name, make in GRAPHS.items()),
    ]
    rounds = max(len(FOR_MODELS), len(FOR_WEIGHTS))
    pairs = [
        (name, make, places[(number + shift) % len(places)])
        for shift in range(rounds)
        for number, (name, make, places) in enumerate(files)
        if shift < len(places)
    ]
    watch = Watch(scene.outside)
    failures = _blind(scene, watch, proto)
    most_ms, most_bytes = 0.0, 0
    for number, (name, make, place) in enumerate(pairs[:num_trials]):
        wrong, cpu_ms, grown_bytes = trial(scene, watch, make(), place)
        most_ms, most_bytes = max(most_ms, cpu_ms), max(most_bytes, grown_bytes)
        if wrong:
            failures.append(f"trial {number}, {name} as {place}: {wrong}")
    watch.close()
    measures = {"most CPU time": f"{most_ms:.0f} ms", "most memory": f"{most_bytes / 1e6:.1f} MB"}
    return Outcome(len(pairs[:num_trials]), tuple(failures), {"files": str(len(files)), **measures})


def _prepare(folder: Path) -> Scene:
    for name in (
        *(f"workflows.{name}" for name in COMMANDS),
        "model.predictor",
        "serving.server",
        "present.sections.health",
    ):
        importlib.import_module(f"plainfilm.{name}")
    scene = Scene(folder, folder / "films", folder / "outside", folder / "model.onnx")
    scene.outside.mkdir()
    (scene.outside / SECRET).write_bytes(bytes(2**16))
    phantom.write_folder(scene.films, seed=3, per_class=2, size=96, duplicates=0)

    def write() -> None:
        builders.slim_widths()
        builders.write_model(scene.model)

    made = measured(write)  # in a fork, since threads of this process would not survive the next
    assert made.end == "done: None", made
    return scene


def _copy(proto: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    return copy


def _blind(scene: Scene, watch: Watch, proto: onnx.ModelProto) -> list[str]:
    """What the watch does not see although it happens: code that Python's own reader runs, weights that ONNX's reads."""
    found = []

    pickled = scene.folder / "pickled"
    pickled.write_bytes(forged.wrapped("pdparams", forged.HOSTILE["system"][0]))
    subprocess.run([sys.executable, "-m", "pickle", pickled], cwd=scene.outside, check=False, capture_output=True)
    pickled.unlink()
    if forged.LEFT not in watch.seen():
        found.append("the watch does not see that a pickle's code runs")
    (scene.outside / forged.LEFT).unlink(missing_ok=True)
    watch.seen()
    near = scene.outside / "near.onnx"
    near.write_bytes(reaching(SECRET)(_copy(proto), scene.outside))
    watch.seen()
    measured(lambda: onnx.load(near))
    if SECRET not in watch.seen():
        found.append("the watch does not see that weights elsewhere are read")
    near.unlink()
    watch.seen()
    return found
