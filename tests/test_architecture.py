"""The architecture, walked: layers, cycles, homes of heavy libraries, what importing imports."""

import ast
import importlib.util
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from source_files import FILES, imports, own_imports, room, tree

import plainfilm
from plainfilm.cli import COMMANDS

DOCS = Path(__file__).parents[1] / "docs"
LAYERS = [
    {"errors", "text"},
    {"locales"},
    {"messages"},
    {"records"},
    {"estimate"},
    {"randomness"},
    {"io"},
    {"task"},
    {"config"},
    {"data"},
    {"model"},
    {"evaluation"},
    {"audits"},
    {"training"},
    {"present"},
    {"tasks"},
    {"workflows"},
    {"api"},
    {"course", "sklearn"},
    {"serving"},
    {"commands"},
    {"cli"},
    {"__main__", "__init__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
TRAINING_HOMES = (
    *("model/networks/", "model/graph.py", "model/formats/weights.py", "model/modelfile.py"),
    *("data/augment.py", "data/pillow_ops.py", "training/"),
)
NODE_HOMES = ("serving/dicom/",)
HOMES = {
    "torch": TRAINING_HOMES,
    "safetensors": ("training/",),
    "onnx": ("model/graph.py", "model/modelfile.py", "model/quantise.py"),
    "onnxruntime": ("model/",),
    "matplotlib": ("present/figures.py", "present/audit_figures.py", "course/drawing.py"),
    "jinja2": ("present/",),
    "markupsafe": ("present/",),
    "pydicom": ("data/decoding/dicom.py", "data/decoding/dicom_lut.py", "data/decoding/dicom_pixels.py", *NODE_HOMES),
    "gdcm": ("data/decoding/dicom.py",),
    "pynetdicom": ("serving/dicom/node.py", "serving/dicom/sender.py"),
    "highdicom": ("serving/dicom/structured_report.py",),
    "fastapi": ("serving/api/http.py",),
    "starlette": ("serving/api/http.py",),
    "pydantic": ("serving/api/schema.py",),
    "uvicorn": ("serving/server.py",),
    "h11": ("serving/server.py",),
    "python_multipart": ("serving/api/multipart.py",),
    "prometheus_client": ("serving/api/metrics.py",),
    "threadpoolctl": ("data/duplicates/search.py", "workflows/"),
    "typer": ("cli.py", "commands/"),
    "rich": ("present/terminal.py",),
    "tomli_w": ("config.py",),
    "PIL": ("data/", "model/", "present/", "serving/"),
    "sklearn": ("sklearn.py",),
    "numpy": ("",),
}
HEAVY = (
    "torch",
    "onnx",
    "matplotlib",
    "jinja2",
    "markupsafe",
    "safetensors",
    "fastapi",
    "pydicom",
    "gdcm",
    "pynetdicom",
    "highdicom",
)
LIGHT_MODULES = (
    "plainfilm",
    "plainfilm.model.predictor",
    "plainfilm.workflows.answers",
    "plainfilm.workflows.external_test",
    "plainfilm.workflows.prepare",
    "plainfilm.serving.api.samples",
    "plainfilm.present.film_json",
    "plainfilm.present.on_terminal",
    "plainfilm.present.sections.answers",
    "plainfilm.present.sections.comparison",
    "plainfilm.present.sections.data_set",
    "plainfilm.present.sections.elsewhere",
    "plainfilm.present.sections.evaluation",
    "plainfilm.present.sections.leaks_and_shortcuts",
    "plainfilm.cli",
)


def level(file: str) -> int:
    return LEVEL[room(file)]


@pytest.mark.parametrize("file", FILES)
def test_no_file_imports_a_later_layer(file):
    """Imports under TYPE_CHECKING and inside functions count: what reads upward depends upward."""
    for other in own_imports(file):
        same_folder = "/" in file and room(other) == room(file)
        assert same_folder or level(other) < level(file), f"{file} -> {other}"


def test_there_is_no_cycle():
    list(TopologicalSorter({file: own_imports(file) for file in FILES}).static_order())


@pytest.mark.parametrize("file", FILES)
def test_libraries_stay_in_their_homes(file):
    for module in imports(file):
        library = module.partition(".")[0]
        if library in sys.stdlib_module_names or library == "plainfilm":
            continue
        assert library in HOMES, f"{file} imports {library}: name its home here"
        assert file.startswith(HOMES[library]), f"{file} imports {library}"


def test_no_home_and_no_heavy_library_is_one_that_nothing_imports():
    found = {(module.partition(".")[0], file) for file in FILES for module in imports(file)}
    for library, homes in HOMES.items():
        for home in homes:
            assert any(name == library and file.startswith(home) for name, file in found), f"{library} in {home}"
    assert set(HEAVY) <= set(HOMES)


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_answering_needs_no_heavy_library(module):
    program = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


@pytest.mark.parametrize("file", [file for file in FILES if file.endswith("/__init__.py")])
def test_a_package_imports_nothing_but_light_things(file):
    allowed = {"plainfilm.errors", "plainfilm.text"}
    allowed |= {f"plainfilm.{file.removesuffix('/__init__.py')}.{name}" for name in ("en", "zh")}
    assert {name for name in imports(file) if name.partition(".")[0] not in sys.stdlib_module_names} <= allowed


def test_no_module_has_the_name_of_a_public_function():
    public = {*plainfilm.__all__, *(function.__name__ for _, function, _ in COMMANDS)}
    assert not public & {part.removesuffix(".py") for file in FILES for part in file.split("/")}


FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "extractall", "system", "popen", "unpack_archive"}


@pytest.mark.parametrize("file", FILES)
def test_nothing_runs_what_it_reads(file):
    assert not {module.partition(".")[0] for module in imports(file)} & FORBIDDEN_MODULES
    for node in ast.walk(tree(file)):
        if not isinstance(node, ast.Call):
            continue
        where = f"{file}:{node.lineno} {ast.unparse(node)[:60]}"
        name = getattr(node.func, "id", None)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else None
        assert name not in FORBIDDEN_CALLS, where
        assert method not in FORBIDDEN_CALLS - {"compile", "eval"}, where
        assert (owner, method) not in {("torch", "load"), ("torch", "save")}, where
        for keyword in node.keywords:
            assert keyword.arg not in ("shell", "allow_pickle") or ast.unparse(keyword.value) == "False", where


@pytest.mark.parametrize("file", FILES)
def test_importing_does_no_work(file):
    """Modules hold definitions; a call at the top level as a statement of its own is work."""
    if file == "__main__.py":
        return
    statements = [node for node in tree(file).body if isinstance(node, ast.Expr)]
    assert all(isinstance(node.value, ast.Constant) for node in statements)
    assert not any(isinstance(node, ast.For | ast.While | ast.With | ast.Try) for node in tree(file).body)


@pytest.mark.parametrize("file", FILES)
def test_random_numbers_come_from_randomness(file):
    if file == "randomness.py":
        return
    assert not {module.partition(".")[0] for module in imports(file)} & {"random"}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Attribute):
            chain = ast.unparse(node)
            assert not chain.startswith(("np.random.", "torch.rand", "torch.manual_seed")) or chain in (
                "np.random.Generator",
            ), f"{file}:{node.lineno} {chain}"


WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
WALL_CLOCK_HOMES = (
    "serving/api/training_progress.py",
    "serving/dicom/secondary_capture.py",
)  # the age of a file; the date of an object


@pytest.mark.parametrize("file", FILES)
def test_no_duration_is_measured_by_a_clock_that_may_jump(file):
    if file in WALL_CLOCK_HOMES:
        return
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in WALL_CLOCKS, f"{file}:{node.lineno}: time.monotonic() never jumps"


def test_onnx_runtime_is_told_to_send_nothing_before_it_is_loaded():
    """Every module that loads it lies below `model`, whose own import tells it so."""
    assert all(
        file.startswith("model/")
        for file in FILES
        if "onnxruntime" in {name.partition(".")[0] for name in imports(file)}
    )
    program = "import plainfilm.model.predictor, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "1\n"


@pytest.fixture(scope="module")
def script():
    """The script that draws the rooms."""
    spec = importlib.util.spec_from_file_location("diagram", DOCS / "diagram.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_diagram_of_rooms_is_what_the_files_import(script):
    text = script.DOCUMENT.read_text(encoding="utf-8")
    assert script.with_diagram(text, script.diagram(script.imported_rooms())) == text, "python docs/diagram.py --write"


def test_the_diagram_leaves_out_what_a_longer_way_implies(script):
    edges = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}
    assert script.reduced(edges) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}


NAME_IN_LINK = re.compile(r"\[`(\w+)`\]\((?:\.\./)?plainfilm/([^)]+\.py)\)")


@pytest.mark.parametrize(
    "document", [DOCS / "architecture.md", DOCS.parent / "CONTRIBUTING.md"], ids=lambda path: path.name
)
def test_every_name_that_leads_to_a_file_is_defined_there(document):
    links = NAME_IN_LINK.findall(document.read_text(encoding="utf-8"))
    assert len(links) > 5
    assert [(name, file) for name, file in links if name not in defined(file)] == []


def defined(file: str) -> set[str]:
    """The functions, classes, methods and module constants of a file."""
    found = {node.name for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree(file).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
