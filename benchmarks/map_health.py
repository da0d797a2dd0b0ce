"""Are the class maps of a model faithful? Deletion, insertion and randomised weights, with intervals.

    python benchmarks/map_health.py MODEL RUN [--part validation]

RUN: the folder of the run that trained the model (its index.csv and its films). At most 200 films of the part, drawn at
random; everything is chosen on validation films, and `--part test` is for the end. Differences of areas under the
curve are positive where the map is better; intervals are 95 %, resampling groups of films (patients and copies). Below
them the correlation of the maps as random weights go from the head down. Classes are those that the model predicts.
"""

import argparse
import time
from pathlib import Path

from plainfilm.config import load_recipe
from plainfilm.data.film_index import read_index
from plainfilm.estimate import Estimate
from plainfilm.evaluation import saliency
from plainfilm.io.machine import num_threads
from plainfilm.model import modelfile
from plainfilm.model.predictor import Predictor
from plainfilm.workflows.prepare import fill_store

CASCADE = ("fc", "layer4", "layer3", "layer2", "layer1", "conv1")


def main() -> None:
    """Check, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--part", default="validation", choices=("validation", "test"))
    arguments = parser.parse_args()

    index, recipe = read_index(arguments.run / "index.csv"), load_recipe(str(arguments.run / "recipe.toml"))
    films, part = fill_store(index, recipe, arguments.run), index.part(arguments.part)
    rows = [part[number] for number in saliency.sample(len(part), seed=recipe.training.seed)]
    pixels, groups = films.pixels(rows, recipe.data.channels), films.groups(rows)
    model = modelfile.opened(arguments.model)
    predictor = Predictor(model, threads=num_threads(), abreast=True)
    options = {"seed": recipe.training.seed, "threads": num_threads()}

    begun, begun_cpu = time.perf_counter(), time.process_time()
    explained = saliency.explained(predictor.answer(pixels))
    found = saliency.check_maps(model, predictor, pixels, explained, groups, name=arguments.part, **options)
    if found is None:
        print(f"not checked: fewer than {saliency.MIN_GROUPS} groups in {arguments.part}")
        return
    taken = f"{time.perf_counter() - begun:.0f} s, {time.process_time() - begun_cpu:.0f} CPU seconds"
    verdict = "faithful" if found.faithful else "NOT FAITHFUL"
    print(
        f"{found.n} {arguments.part} films in {len(set(groups))} groups, {found.others['cells']} cells: "
        f"{verdict} ({taken})"
    )
    for name, figures in {"all": found.others, **found.classes}.items():
        for test in saliency.TESTS:
            for other in saliency.BASELINES:
                print(f"  {name:16} {test:9} against {other:7} {shown(figures[test][other])}")
    for measure, entry in found.others["randomised"].items():
        print(f"  random weights, {measure:8} {shown(entry)}")

    if found.lungs is not None:
        print(f"  evidence in the lung field {shown(found.lungs.evidence)}, its area {shown(found.lungs.area)}")

    for depth in range(1, len(CASCADE) + 1):
        prefixes = CASCADE[:depth]
        correlation = saliency.random_weights(model, pixels, explained, prefixes=prefixes, **options)
        print(f"random from fc to {prefixes[-1]:7} spearman {shown(correlation['spearman'])}")


def shown(estimate: Estimate) -> str:
    """With three decimals."""
    return estimate.in_decimals().shown("en")


if __name__ == "__main__":
    main()
