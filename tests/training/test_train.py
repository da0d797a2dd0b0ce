import copy
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import broken_run
import numpy as np
import pytest
import torch
from builders import SLIM_WIDTHS, Recorder, make_films, make_recipe, relabelled, with_policy
from torch.nn import functional as F

from plainfilm.errors import Interrupted, ModelFileError, TrainingError, UsageError
from plainfilm.io.run_folder import Run
from plainfilm.model.networks import resnet
from plainfilm.training import checkpoint, hardware, loop
from plainfilm.training.batches import Batch, Batches
from plainfilm.training.history import Facts, read_history
from plainfilm.training.objective import CrossEntropy, class_weights
from plainfilm.training.schedule import learning_rate, make_plan
from plainfilm.training.state import make_optimizer, new_state, restore, save, update_ema

CPU = torch.device("cpu")
FACTS = Facts(threads=3, precision="float32", device="cpu")


@pytest.fixture(autouse=True)
def _slim_and_alone(monkeypatch):
    """Slim networks on one thread; the number of threads is put back."""
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def run_training(run: Path, recipe, films, **options):
    run.mkdir(exist_ok=True)
    reporter = options.pop("reporter", Recorder())
    return loop.train(Run(run), recipe, films, reporter, **{"threads": 1, **options})


def content(run: Path) -> dict[str, bytes]:
    """Every file of a run by its path."""
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


def whole_batch(films, recipe) -> Batch:
    batches = Batches(recipe, films, make_plan(recipe.training, 1))
    return batches[0]


def one_step(recipe, films, batch=None, dtype=torch.float32):
    """The state after one step, and what the step said."""
    state = new_state(recipe, len(films.index.classes), CPU)
    objective = CrossEntropy(recipe.training, films, CPU)
    said = loop.optimise(
        state, batch or whole_batch(films, recipe), recipe.training.learning_rate, recipe, objective, dtype
    )
    return state, said


# --- resuming equals never having stopped ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
        run = tmp_path_factory.mktemp("unbroken")
        run_training(run, broken_run.RECIPE, broken_run.films())
    return run


def test_an_unbroken_run_leaves_what_it_should(unbroken):
    assert sorted(content(unbroken)) == [
        "checkpoints/best.safetensors",
        "checkpoints/step-00000009.safetensors",
        "checkpoints/step-00000012.safetensors",
        "history.csv",
    ]
    assert len(read_history(unbroken / "history.csv")) == 12


# A new run's moments 1 and 2 are either side of the first checkpoint, 3 and 4 of the history; a resumed run begins with
# the history's two. The first row kills in turn: before and after the first checkpoint; before the history; before
# and after a checkpoint with steps; between the best network and its checkpoint, twice; before the old checkpoint is
# removed; after the last best network; after the last checkpoint.
@pytest.mark.parametrize(
    ("workers", "moments"),
    [(0, [1, 2, 1, 6, 7, 10, 5, 9, 6, 9]), (0, [20, 3]), (2, [18, 6])],
)
def test_a_killed_run_ends_with_the_same_bits(unbroken, tmp_path, workers, moments):
    done = subprocess.run(
        [sys.executable, broken_run.__file__, str(tmp_path), str(workers), *map(str, moments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert max(map(int, done.stdout.split())) > 0, "no attempt went on from a checkpoint"
    assert content(tmp_path) == content(unbroken)


def test_a_damaged_checkpoint_costs_time_and_no_bit(unbroken, tmp_path):
    for name, data in content(unbroken).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "checkpoints" / "step-00000012.safetensors").write_bytes(b"")
    reporter = Recorder()
    run_training(tmp_path, broken_run.RECIPE, broken_run.films(), reporter=reporter)
    assert [warning.code for warning in reporter.warnings] == ["checkpoint-damaged"]
    assert reporter.first_step == 9
    assert content(tmp_path) == content(unbroken)


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_the_best_weights_come_back_from_the_last_checkpoint(unbroken, tmp_path, harm):
    for name, data in content(unbroken).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    best = tmp_path / "checkpoints" / "best.safetensors"
    if harm == "missing":
        best.unlink()
    else:
        best.write_bytes(best.read_bytes()[:1000])
    run_training(tmp_path, broken_run.RECIPE, broken_run.films())
    assert content(tmp_path) == content(unbroken)


@pytest.mark.parametrize("name", ["net.conv1.weight", "best.conv1.weight", "optimizer.0.exp_avg", "other.thing"])
def test_a_checkpoint_of_something_else_is_told(unbroken, tmp_path, name):
    """Its digest is right, but it holds one tensor less, or more, than this run needs."""
    found, facts = checkpoint.load_last(unbroken / "checkpoints", pytest.fail)
    changed = {key: tensor for key, tensor in found.items() if key != name}
    if changed.keys() == found.keys():
        changed[name] = torch.zeros(1)
    (tmp_path / "checkpoints").mkdir()
    checkpoint.save_step(tmp_path / "checkpoints", 12, changed, facts)
    with pytest.raises(ModelFileError) as caught:
        run_training(tmp_path, broken_run.RECIPE, broken_run.films())
    assert caught.value.code == "checkpoint-foreign"


def test_a_finished_run_goes_on_to_nothing(unbroken, tmp_path):
    before = content(unbroken)
    reporter = Recorder()
    net, best = run_training(unbroken, broken_run.RECIPE, broken_run.films(), reporter=reporter)
    assert not reporter.steps
    assert content(unbroken) == before
    kept, figures = checkpoint.load_tensors(unbroken / "checkpoints" / "best.safetensors")
    assert figures == best
    assert all(torch.equal(kept[name], tensor) for name, tensor in net.state_dict().items())
    assert not net.training


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_restored_state_is_the_state(tmp_path, optimizer):
    """Values, and the order in memory: convolutions run on channels-last, and sums are rounded in the order they run."""
    recipe, films = make_recipe(optimizer=optimizer, ema_decay=0.5), make_films(8)
    state, _ = one_step(recipe, films)
    state.step, state.best = 1, {"epoch": 0, "accuracy": 1 / 3, "loss": 0.1}
    state.best_weights = {name: tensor.clone() for name, tensor in state.average.state_dict().items()}
    save(state, tmp_path, FACTS)
    other = new_state(replace(recipe, training=replace(recipe.training, seed=5)), len(films.index.classes), CPU)
    assert restore(other, tmp_path, pytest.fail) == FACTS
    assert (other.step, other.best) == (state.step, state.best)
    pairs = [
        *zip(state.net.state_dict().items(), other.net.state_dict().items(), strict=True),
        *zip(state.average.state_dict().items(), other.average.state_dict().items(), strict=True),
    ]
    for ours, theirs in zip(state.net.parameters(), other.net.parameters(), strict=True):
        moments = state.optimizer.state[ours], other.optimizer.state[theirs]
        assert moments[0]
        pairs += zip(*(sorted(entries.items()) for entries in moments), strict=True)
    for (name, first), (same_name, second) in pairs:
        assert name == same_name
        assert first.dtype == second.dtype
        assert torch.equal(first, second), name
        assert first.stride() == second.stride(), name


def test_scaler_state_goes_through_a_checkpoint(tmp_path):
    recipe = make_recipe(precision="float16")
    state, other = new_state(recipe, 2, CPU), new_state(recipe, 2, CPU)
    state.scaler.scale(torch.ones(1))
    state.scaler.update(512.0)
    save(state, tmp_path, FACTS)
    restore(other, tmp_path, pytest.fail)
    assert other.scaler.get_scale() == 512.0 != new_state(recipe, 2, CPU).scaler.get_scale()


def test_the_number_of_threads_belongs_to_the_run(tmp_path):
    recipe, films = make_recipe(epochs=(1,)), make_films(8)
    run_training(tmp_path, recipe, films, threads=2)
    torch.set_num_threads(1)
    reporter = Recorder()
    with pytest.raises(UsageError) as caught:
        run_training(tmp_path, recipe, films, threads=1, reporter=reporter)
    assert (caught.value.code, caught.value.parameters["expected"]) == ("threads-other", 2)
    assert not reporter.facts
    run_training(tmp_path, recipe, films, threads=None, reporter=reporter)
    assert reporter.facts == Facts(threads=2, precision="float32", device=hardware.find_device().type)
    assert torch.get_num_threads() == 2


# --- stopping --------------------------------------------------------------------------------------------------------


def test_a_stopped_run_saves_says_so_and_goes_on(unbroken, tmp_path):
    reporter = Recorder()
    for steps in (2, 7, 12):  # the last: with the last step already done
        with pytest.raises(Interrupted) as caught:
            run_training(
                tmp_path,
                broken_run.RECIPE,
                broken_run.films(),
                reporter=reporter,
                stop=lambda steps=steps: signal.SIGTERM if len(reporter.steps) == steps else 0,
            )
        assert caught.value.exit_code == 143
        assert caught.value.parameters == {"run": str(tmp_path), "step": steps}
    _, best = run_training(tmp_path, broken_run.RECIPE, broken_run.films())
    assert best == checkpoint.load_tensors(unbroken / "checkpoints" / "best.safetensors")[1]
    for name in ("history.csv", "checkpoints/best.safetensors", "checkpoints/step-00000012.safetensors"):
        assert content(tmp_path)[name] == content(unbroken)[name]


def test_a_signal_to_the_whole_group_stops_a_run_with_workers_in_order(tmp_path):
    """Ctrl-C and service managers signal the workers too; the training still ends in order."""
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nimport broken_run, builders\n"
        "from plainfilm.errors import Interrupted\nfrom plainfilm.io.run_folder import Run\nfrom plainfilm.training.loop import train\n"
        "builders.slim_widths()\nseen = []\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, lambda number, _: seen.append(number))\n"
        "class Signalling(builders.Recorder):\n"
        "    def on_step(self, step, num_films):\n"
        "        import time\n"
        "        if step.step == 4: os.system(f'kill -{sys.argv[2]} -{os.getpgrp()}'); time.sleep(0.5)\n"
        "try: train(Run(Path(sys.argv[1])), broken_run.RECIPE, broken_run.films(), Signalling(), workers=2, threads=1,\n"
        "           stop=lambda: seen[0] if seen else 0)\n"
        "except Interrupted as stopped: sys.exit(stopped.exit_code)\n"
    )
    (run := tmp_path / "run").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(run), str(int(signal.SIGTERM))],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, done.stderr) == (143, "")
    assert (run / "checkpoints" / "step-00000005.safetensors").is_file()


def test_workers_end_with_a_process_that_ends_half_way(tmp_path):
    """A launcher ends a rank by an error in the middle of anything; it may not wait for a worker that obeys no SIGTERM."""
    program = (
        "import multiprocessing, sys\nfrom pathlib import Path\nimport broken_run, builders\n"
        "from plainfilm.io.run_folder import Run\nfrom plainfilm.training.loop import train\n"
        "builders.slim_widths()\n"
        "class Failing(builders.Recorder):\n"
        "    def on_step(self, step, num_films): raise RuntimeError('ended')\n"
        "def rank(): train(Run(Path(sys.argv[1])), broken_run.RECIPE, broken_run.films(), Failing(), workers=2, threads=1)\n"
        "started = multiprocessing.get_context('fork').Process(target=rank)\n"
        "started.start(); started.join()\n"
        "sys.exit(started.exitcode)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "RuntimeError: ended")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loss_that_is_not_finite_ends_the_run(tmp_path, monkeypatch, workers):
    """The error names step, rate and films; what was saved before stays; the broken weights are nowhere."""
    recipe, films = make_recipe(epochs=(2,), checkpoint_steps=3, schedule="constant"), make_films(40, 8)
    plan = make_plan(recipe.training, 5)
    batch = Batches(recipe, films, plan)[7]
    right = loop.optimise

    def poisoned(state, batch, *arguments):
        if batch.step == 7:
            with torch.no_grad():
                state.net.fc.bias[0] = torch.nan
        return right(state, batch, *arguments)

    monkeypatch.setattr(loop, "optimise", poisoned)
    with pytest.raises(TrainingError) as caught:
        run_training(tmp_path, recipe, films, workers=workers)
    assert caught.value.code == "loss-not-finite"
    given = caught.value.parameters
    assert (given["step"], given["epoch"]) == (7, 1)
    assert given["rate"] == learning_rate(recipe.training, plan, 7)
    assert given["images"].split() == [films.image_ids[row] for row in batch.rows]
    found, facts = checkpoint.load_last(tmp_path / "checkpoints", pytest.fail)
    assert facts["step"] == 6
    assert all(tensor.isfinite().all() for tensor in found.values())
    assert len(read_history(tmp_path / "history.csv")) == 7
    monkeypatch.setattr(loop, "optimise", right)
    run_training(tmp_path, recipe, films)  # nothing is left that would hinder another try


def test_a_weight_that_breaks_is_traced_to_its_step(tmp_path, monkeypatch):
    """Weights are looked at when an epoch or a checkpoint is due; the steps since the last one are then done again."""
    recipe, films = make_recipe(epochs=(1,), checkpoint_steps=4), make_films(8 * 9)
    right = loop.update_ema

    def breaking(state, decay):
        if state.step == 5:
            with torch.no_grad():
                state.net.bn1.running_var[0] = torch.inf  # no loss of a training shows it
        right(state, decay)

    monkeypatch.setattr(loop, "update_ema", breaking)
    with pytest.raises(TrainingError) as caught:
        run_training(tmp_path, recipe, films)
    batch = Batches(recipe, films, make_plan(recipe.training, 9))[5]
    given = caught.value.parameters
    assert (given["step"], given["images"].split()) == (5, [films.image_ids[row] for row in batch.rows])
    assert checkpoint.load_last(tmp_path / "checkpoints", pytest.fail)[1]["step"] == 4


def test_what_breaks_once_and_not_again_is_told_of_the_step_that_showed_it(tmp_path, monkeypatch):
    recipe, films = make_recipe(epochs=(1,), checkpoint_steps=4), make_films(8 * 9)
    right, broken = loop.update_ema, []

    def breaking_once(state, decay):
        if state.step == 5 and not broken:
            broken.append(state.step)
            with torch.no_grad():
                state.net.bn1.running_var[0] = torch.inf
        right(state, decay)

    monkeypatch.setattr(loop, "update_ema", breaking_once)
    with pytest.raises(TrainingError) as caught:
        run_training(tmp_path, recipe, films)
    assert caught.value.parameters["step"] == 7


def test_fast_kernels_resume_to_the_same_bits(tmp_path):
    recipe, films = make_recipe(epochs=(2,), checkpoint_steps=3, kernels="fast", ema_decay=0.9), make_films(40, 8)
    (whole := tmp_path / "whole").mkdir()
    run_training(whole, recipe, films)
    stopped = tmp_path / "stopped"
    reporter = Recorder()
    with pytest.raises(Interrupted):
        run_training(stopped, recipe, films, reporter=reporter, stop=lambda: 15 if len(reporter.steps) == 4 else 0)
    run_training(stopped, recipe, films)
    assert content(stopped) == content(whole)
    (reference := tmp_path / "reference").mkdir()
    run_training(reference, make_recipe(epochs=(2,), checkpoint_steps=3, ema_decay=0.9), films)
    losses = [[step.loss for step in read_history(run / "history.csv")] for run in (whole, reference)]
    assert losses[0] != losses[1]  # they are rounded otherwise
    np.testing.assert_allclose(losses[0][:3], losses[1][:3], rtol=1e-4)


@pytest.mark.parametrize("num_steps", [1, 2])
def test_weights_that_are_not_finite_are_never_kept(tmp_path, monkeypatch, num_steps):
    """A finite loss may have an infinite gradient: without a look at the weights, the last step would be "best"."""
    recipe, films = make_recipe(epochs=(1,), checkpoint_steps=1), make_films(8 * num_steps)
    right = loop.update_ema

    def after_the_step(state, decay):
        if state.step == num_steps - 1:
            with torch.no_grad():
                state.net.layer1[0].conv1.weight[0, 0, 0, 0] = torch.inf
        right(state, decay)

    monkeypatch.setattr(loop, "update_ema", after_the_step)
    with pytest.raises(TrainingError) as caught:
        run_training(tmp_path, recipe, films)
    assert caught.value.code == "loss-not-finite"
    assert not (tmp_path / "checkpoints" / "best.safetensors").exists()
    found, _ = checkpoint.load_last(tmp_path / "checkpoints", pytest.fail)
    assert all(tensor.isfinite().all() for tensor in found.values())


def test_a_rate_far_too_high_never_leaves_a_broken_network(tmp_path):
    """Whatever becomes of it: an error, or a network of finite weights."""
    recipe = make_recipe(epochs=(6,), optimizer="sgd", learning_rate=10.0, schedule="constant", checkpoint_steps=1)
    with suppress(TrainingError):
        run_training(tmp_path, recipe, make_films(24, 8))
    for path in (tmp_path / "checkpoints").glob("*.safetensors"):
        assert all(tensor.isfinite().all() for tensor in checkpoint.load_tensors(path)[0].values()), path.name


# --- what a result depends on ----------------------------------------------------------------------------------------


def test_seeds_and_workers(tmp_path):
    films = make_films(20, 4)
    runs = {}
    for name, seed, workers in (("first", 1, 0), ("again", 1, 2), ("other", 2, 0)):
        recipe = with_policy(make_recipe(epochs=(1,), seed=seed), "tutorial")
        run_training(tmp_path / name, recipe, films, workers=workers)
        runs[name] = content(tmp_path / name)
    assert runs["first"] == runs["again"]
    assert runs["first"].keys() == runs["other"].keys()
    assert all(runs["first"][name] != data for name, data in runs["other"].items())


def test_the_global_random_state_is_not_asked(tmp_path):
    films = make_films(16)
    for name, seed in (("first", 0), ("again", 1)):
        torch.manual_seed(seed)
        np.random.seed(seed)
        run_training(tmp_path / name, with_policy(make_recipe(epochs=(1,)), "radiograph"), films)
    assert content(tmp_path / "first") == content(tmp_path / "again")


def test_a_last_batch_of_one_film_trains(tmp_path):
    reporter = Recorder()
    run_training(tmp_path, make_recipe(epochs=(1,), batch_size=4), make_films(9), reporter=reporter)
    assert [step.step for step in reporter.steps] == [0, 1, 2]
    assert all(np.isfinite(step.loss) for step in reporter.steps)


# --- one step --------------------------------------------------------------------------------------------------------


def gradients(state):
    return [weight.grad.clone() for weight in state.net.parameters()]


@pytest.mark.parametrize(("norm_group", "num_films"), [(4, 8), (4, 7), (2, 8), (None, 8), (None, 5), (1, 3)])
def test_groups_add_up_to_the_batchs_mean_loss(norm_group, num_films):
    recipe, films = make_recipe(norm_group=norm_group, ema_decay=0.0), make_films(num_films, num_classes=3)
    batch = whole_batch(films, recipe)
    state, (loss, _) = one_step(recipe, films, batch)

    plain = new_state(recipe, 3, CPU).net.train()
    size = norm_group or num_films
    logits = torch.cat([plain(part).logits for part in batch.pixels.split(size)])  # statistics of each part alone
    expected = F.cross_entropy(logits, batch.targets)
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for found, weight in zip(gradients(state), plain.parameters(), strict=True):
        assert torch.allclose(found, weight.grad, rtol=1e-3, atol=1e-5 * float(weight.grad.abs().max()) + 1e-7)
    assert torch.allclose(state.net.bn1.running_mean, plain.bn1.running_mean, atol=1e-6)
    assert int(state.net.bn1.num_batches_tracked) == -(-num_films // size)


def test_each_member_of_a_mean_learns_as_if_it_were_alone():
    films, recipe = make_films(8, num_classes=3), make_recipe(ema_decay=0.0)
    together = replace(recipe, model=replace(recipe.model, networks=3))
    state, (loss, accuracy) = one_step(together, films)
    started = new_state(together, 3, CPU).net
    logits, losses = [], []
    for number, member in enumerate(started.members):
        alone = new_state(recipe, 3, CPU)
        alone.net.load_state_dict(member.state_dict())
        batch = whole_batch(films, recipe)
        objective = CrossEntropy(recipe.training, films, CPU)
        said = loop.optimise(alone, batch, recipe.training.learning_rate, recipe, objective, torch.float32)
        losses.append(said[0])
        logits.append(member.train()(batch.pixels).logits)
        for name, tensor in alone.net.state_dict().items():
            assert torch.equal(state.net.members[number].state_dict()[name], tensor), name
    assert loss == pytest.approx(np.mean(losses), rel=1e-6)
    hits = (torch.stack(logits).mean(dim=0).argmax(dim=1) == batch.targets).tolist()
    assert accuracy == sum(hits) / len(hits)
    assert len({member.conv1.weight[0, 0, 0, 0].item() for member in started.members}) == 3


def test_a_mean_of_networks_resumes_to_the_same_bits(tmp_path):
    recipe, films = make_recipe(epochs=(2,), checkpoint_steps=3, ema_decay=0.9), make_films(24, 8)
    recipe = replace(recipe, model=replace(recipe.model, networks=2))
    (whole := tmp_path / "whole").mkdir()
    net, figures = run_training(whole, recipe, films)
    stopped, reporter = tmp_path / "stopped", Recorder()
    with pytest.raises(Interrupted):
        run_training(stopped, recipe, films, reporter=reporter, stop=lambda: 15 if len(reporter.steps) == 3 else 0)
    run_training(stopped, recipe, films)
    assert content(stopped) == content(whole)
    assert figures == {
        "epoch": figures["epoch"],
        **loop.validate(net, films, 64, 1, CrossEntropy(recipe.training, films, CPU)),
    }


def test_groups_matter():
    films = make_films(8)
    batch = whole_batch(films, make_recipe())
    losses = {norm_group: one_step(make_recipe(norm_group=norm_group), films, batch)[1][0] for norm_group in (None, 4)}
    assert losses[None] != pytest.approx(losses[4], rel=1e-4)


@pytest.mark.parametrize("norm_group", [None, 4])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_the_loss_is_torchs_mean(weights, smoothing, norm_group):
    films = relabelled(make_films(12, num_classes=3), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    recipe = make_recipe(class_weights=weights, label_smoothing=smoothing, norm_group=norm_group)
    batch = whole_batch(films, recipe)
    state, (loss, accuracy) = one_step(recipe, films, batch)
    plain = new_state(recipe, 3, CPU).net.train()
    logits = torch.cat([plain(part).logits for part in batch.pixels.split(norm_group or 8)])
    by_hand = None if weights == "none" else torch.tensor([4 / 7, 4 / 3, 4 / 2])
    expected = F.cross_entropy(logits, batch.targets, weight=by_hand, label_smoothing=smoothing)
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert accuracy == int((logits.argmax(1) == batch.targets).sum()) / len(logits)
    expected.backward()
    assert torch.allclose(state.net.fc.weight.grad, plain.fc.weight.grad, rtol=1e-3, atol=1e-6)


def test_a_class_without_training_films_has_a_finite_weight():
    films = relabelled(make_films(6, 3, num_classes=3), [0, 0, 0, 0, 1, 1])
    weights = class_weights(make_recipe(class_weights="balanced").training, films)
    assert weights.tolist() == pytest.approx([0.5, 1.0, 2.0])


@pytest.mark.parametrize(
    ("optimizer", "reference"),
    [
        ("sgd", lambda groups: torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True)),
        ("adam", lambda groups: torch.optim.Adam(groups, lr=0.01)),
        ("adamw", lambda groups: torch.optim.AdamW(groups, lr=0.01)),
    ],
)
def test_optimisers_decay_weights_and_nothing_else(optimizer, reference):
    recipe, films = make_recipe(optimizer=optimizer, learning_rate=0.01, weight_decay=0.1), make_films(8)
    before = new_state(recipe, 2, CPU).net
    state, _ = one_step(recipe, films)
    named = list(before.named_parameters())
    for (_, weight), gradient in zip(named, gradients(state), strict=True):
        weight.grad = gradient
    decayed = [weight for name, weight in named if "conv" in name or "downsample.0" in name or name == "fc.weight"]
    free = [weight for name, weight in named if "bn" in name or "downsample.1" in name or name == "fc.bias"]
    assert len(decayed) + len(free) == len(named)
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": free, "weight_decay": 0.0}]
    reference(groups).step()
    for found, (name, expected) in zip(state.net.parameters(), named, strict=True):
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-7), name
    with_decay, without = (group["weight_decay"] for group in make_optimizer(recipe.training, before).param_groups)
    assert (with_decay, without) == (0.1, 0.0)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_the_rate_of_the_schedule_is_the_rate_of_the_step(optimizer):
    recipe, films = make_recipe(optimizer=optimizer), make_films(8)
    state = new_state(recipe, 2, CPU)
    before = copy.deepcopy(state.net.state_dict())
    loop.optimise(
        state, whole_batch(films, recipe), 0.0, recipe, CrossEntropy(recipe.training, films, CPU), torch.float32
    )
    after = state.net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name, _ in state.net.named_parameters())
    assert not torch.equal(before["bn1.running_mean"], after["bn1.running_mean"])


def test_the_moving_average_by_hand():
    recipe = make_recipe(ema_decay=0.5)
    state = new_state(recipe, 2, CPU)
    expected = {name: tensor.double() for name, tensor in state.net.state_dict().items()}
    for step in range(12):
        with torch.no_grad():
            for tensor in state.net.state_dict().values():
                tensor.add_(step + 1)
        state.step = step
        update_ema(state, 0.5)
        decay = min(0.5, (1 + step) / (10 + step))
        for name, tensor in state.net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                expected[name] = tensor.double()
            else:
                expected[name] = decay * expected[name] + (1 - decay) * tensor.double()
    for name, tensor in state.average.state_dict().items():
        assert torch.allclose(tensor.double(), expected[name], rtol=1e-5), name
    assert decay == 0.5


def test_without_an_average_the_network_itself_is_kept():
    state = new_state(make_recipe(ema_decay=0.0), 2, CPU)
    assert state.average is state.net


# --- validation ------------------------------------------------------------------------------------------------------


def test_without_validation_films_the_last_epoch_is_kept(tmp_path):
    net, best = run_training(tmp_path, make_recipe(epochs=(3,)), make_films(16))
    assert best == {"epoch": 2}
    last, _ = checkpoint.load_last(tmp_path / "checkpoints", pytest.fail)
    assert all(torch.equal(last[f"net.{name}"], tensor) for name, tensor in net.state_dict().items())
    assert all(step.validation_accuracy is None for step in read_history(tmp_path / "history.csv"))


@pytest.mark.parametrize(
    ("accuracies", "losses", "kept"),
    [
        ([0.9, 0.5, 0.7, 0.6], [0.1, 0.9, 0.8, 0.1], 2),  # epoch 0 has another size
        ([0.9, 0.5, 0.5, 0.5], [0.1, 0.9, 0.3, 0.8], 2),  # as accurate, lower loss
        ([0.9, 0.7, 0.7, 0.7], [0.1, 0.3, 0.3, 0.3], 1),  # a draw keeps the earlier
        ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], 3),  # accuracy comes first
    ],
)
def test_the_best_epoch_of_the_final_size_is_kept(tmp_path, monkeypatch, accuracies, losses, kept):
    weights = []

    def planned(net, films, size_px, channels, objective, team):
        weights.append(copy.deepcopy(net.state_dict()))
        return {"accuracy": accuracies[len(weights) - 1], "loss": losses[len(weights) - 1]}

    monkeypatch.setattr(loop, "validate", planned)
    recipe = make_recipe(sizes_px=(64, 80), epochs=(1, 3), ema_decay=0.5)
    net, best = run_training(tmp_path, recipe, make_films(16, 4, sizes_px=(64, 80)))
    assert best == {"epoch": kept, "accuracy": accuracies[kept], "loss": losses[kept]}
    assert all(torch.equal(weights[kept][name], tensor) for name, tensor in net.state_dict().items())
    rows = [step for step in read_history(tmp_path / "history.csv") if step.validation_loss is not None]
    assert [(row.step, row.validation_accuracy, row.validation_loss) for row in rows] == [
        (2 * epoch + 1, accuracies[epoch], losses[epoch]) for epoch in range(4)
    ]


def test_validation_figures_by_hand(monkeypatch):
    monkeypatch.setattr(loop, "VALIDATION_BATCH", 4)
    films = make_films(4, 10, num_classes=3)
    net = new_state(make_recipe(), 3, CPU).net.train()
    before = copy.deepcopy(net.state_dict())
    figures = loop.validate(net, films, 64, 1, CrossEntropy(make_recipe().training, films, CPU))
    with torch.no_grad():
        logits = net.eval()(torch.from_numpy(films.stores[64][4:][:, None])).logits
    labels = torch.from_numpy(films.labels(films.part("validation")))
    assert figures["loss"] == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-5)
    assert figures["accuracy"] == int((logits.argmax(1) == labels).sum()) / 10
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_it_learns(tmp_path):
    recipe = make_recipe(epochs=(8,), learning_rate=3e-3, ema_decay=0.8)
    reporter = Recorder()
    _, best = run_training(tmp_path, recipe, make_films(72, 24), reporter=reporter)
    assert best["accuracy"] > 0.9
    assert reporter.steps[-1].loss < 0.3 < reporter.steps[0].loss


# --- precision -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "native"),
    [
        ({}, ()),
        ({"amx_bf16": True}, ("bfloat16",)),
        ({"avx512_bf16": True}, ("bfloat16",)),
        ({"amx_fp16": True}, ("float16",)),
    ],
)
def test_precision_is_what_the_processor_has(monkeypatch, capabilities, native):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert hardware.resolve_precision("float32", CPU) == "float32"
    assert hardware.resolve_precision("auto", CPU) == ("bfloat16" if "bfloat16" in native else "float32")
    for wanted in ("bfloat16", "float16"):
        if wanted in native:
            assert hardware.resolve_precision(wanted, CPU) == wanted
        else:
            with pytest.raises(TrainingError) as caught:
                hardware.resolve_precision(wanted, CPU)
            assert caught.value.code == "precision-not-native"


def test_a_refused_precision_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    with pytest.raises(TrainingError):
        run_training(tmp_path, make_recipe(precision="float16"), make_films(8))
    assert not content(tmp_path)


def test_a_step_in_bfloat16_is_close_to_one_in_float32():
    films = make_films(8)
    start = new_state(make_recipe(), 2, CPU).net.fc.weight
    exact, (loss, _) = one_step(make_recipe(optimizer="sgd"), films)
    state, (close, _) = one_step(make_recipe(optimizer="sgd"), films, dtype=torch.bfloat16)
    assert close == pytest.approx(loss, rel=0.05)
    assert {weight.dtype for weight in state.net.parameters()} == {torch.float32}
    moves = [(net.fc.weight - start).detach().flatten() for net in (exact.net, state.net)]
    assert float(F.cosine_similarity(*moves, dim=0)) > 0.9


def test_an_overflow_in_float16_skips_the_step_and_lowers_the_scale():
    films, recipe = make_films(8), make_recipe(precision="float16", optimizer="sgd", learning_rate=0.01)
    start = new_state(recipe, 2, CPU)
    state, (loss, _) = one_step(recipe, films, dtype=torch.float16)
    assert np.isfinite(loss)
    skipped = torch.equal(state.net.fc.weight, start.net.fc.weight)
    assert state.scaler.get_scale() == (0.5 if skipped else 1.0) * start.scaler.get_scale()
    while torch.equal(state.net.fc.weight, start.net.fc.weight) and state.scaler.get_scale() > 1:
        objective = CrossEntropy(recipe.training, films, CPU)
        loop.optimise(state, whole_batch(films, recipe), 0.01, recipe, objective, torch.float16)
    assert loop.is_finite(state)
    assert not torch.equal(state.net.fc.weight, start.net.fc.weight)


def test_bfloat16_runs_where_it_is_native(tmp_path):
    if hardware.resolve_precision("auto", CPU) != "bfloat16":
        pytest.skip("no native bfloat16 here")
    reporter = Recorder()
    run_training(tmp_path, make_recipe(precision="auto", epochs=(1,)), make_films(8, 4), reporter=reporter)
    assert reporter.facts is not None
    assert reporter.facts.precision == "bfloat16"
