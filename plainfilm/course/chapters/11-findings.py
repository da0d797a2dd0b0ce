# %% setup
import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import plainfilm
from plainfilm.course import REAL, drawing
from plainfilm.data import phantom
from plainfilm.data.anatomy import anatomy, edge, spot
from plainfilm.data.films import Films
from plainfilm.randomness import generator
from plainfilm.task import task_of
from plainfilm.training.objective import MaskedBinaryCrossEntropy


def title(finding):
    """What a finding is called."""
    return drawing.label(finding, task_of("findings").labels.display_names(finding)["zh"])


def as_text(estimate):
    """A value and its interval."""
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


# %% draw
def fluid(chest, random):
    """An effusion: fluid at the bottom of one lung."""
    side, level = random.choice((-1, 1)), random.uniform(0.05, 0.2)
    return random.uniform(0.15, 0.4) * edge(chest.y - level, 0.03) * (side * chest.x > 0)


def nodule(chest, random):
    """One small round spot."""
    centre = random.choice((-1, 1)) * random.uniform(0.25, 0.5), random.uniform(-0.5, 0.1)
    return random.uniform(0.25, 0.4) * spot(chest.x, chest.y, centre, (0.06, 0.06))


OPACITIES = {
    "Consolidation": phantom.ground_glass,
    "Effusion": fluid,
    "Infiltration": phantom.interstitial,
    "Nodule": nodule,
}


def draw(number, findings, view="PA"):
    """Film `number`, 96 pixels a side, with the findings; a film made lying (AP) has a letter in its corner."""
    chest = anatomy(generator(11, "body", number), 96)
    attenuation = chest.attenuation.copy()
    for name in findings:
        attenuation += OPACITIES[name](chest, generator(11, name, number)) * np.clip(chest.depth / 0.05, 0, 1)
    pixels = phantom.expose(attenuation, generator(11, "film", number))
    if view == "AP":
        phantom.stamp(pixels)
    return pixels


shown = {drawing.label("no finding", "无征象"): (), **{title(name): (name,) for name in OPACITIES}}
shown[f"{title('Effusion')}, {title('Infiltration')}"] = "Effusion", "Infiltration"
drawing.films({words: draw(1, names) for words, names in shown.items()}, side=2.2)

# %% patients
SHARES = {"Consolidation": 0.3, "Effusion": 0.35, "Infiltration": 0.35, "Nodule": 0.05}  # of the films
films = [
    tuple(name for name, share in SHARES.items() if generator(11, "shown", name, number).random() < share)
    for number in range(400)
]
print("films by number of findings:", dict(sorted(Counter(map(len, films)).items())))
together = Counter(films)
print(f"{len(together)} combinations, {sum(count < 20 for count in together.values())} of them on fewer than 20 films")

# %% link
logits = np.array([2.0, 2.0, -1.0, -3.0])
print("softmax", (np.exp(logits) / np.exp(logits).sum()).round(2))
print("sigmoid", (1 / (1 + np.exp(-logits))).round(2))

# %% table
WRITTEN = {  # how often the author of a report wrote 1, 0, -1 (uncertain) or nothing of a finding
    True: {"1": 0.85, "-1": 0.1, "": 0.05},  # that is there
    False: {"0": 0.4, "-1": 0.05, "": 0.55},  # that is not there
}
LYING = {"Effusion": 0.9, "Consolidation": 0.7, "Infiltration": 0.5}  # how often patients with it are filmed lying

Path("several").mkdir(exist_ok=True)
rows, counted = [], Counter()
for number, names in enumerate(films):
    lying = max([0.15, *(LYING.get(name, 0) for name in names)])
    view = "AP" if generator(11, "view", number).random() < lying else "PA"
    Image.fromarray(draw(number, names, view)).save(f"several/{number:03}.png")
    cells = []
    for name in SHARES:
        chances = WRITTEN[name in names]
        cells.append(generator(11, "cell", number, name).choice(list(chances), p=list(chances.values())))
        counted[cells[-1], name in names] += 1
    rows.append((f"{number:03}.png", view, *cells))
with open("several.csv", "w", newline="") as file:
    csv.writer(file).writerows([("path", "view", *SHARES), *rows])
print(*Path("several.csv").read_text().splitlines()[:7], sep="\n")

# %% cells
for value, words in (("-1", "uncertain"), ("", "blank")):
    count = counted[value, True] + counted[value, False]
    print(f"{words:9} {count} cells; the finding is there in {counted[value, True] / count:.0%} of them")

# %% refuse
recipe = plainfilm.load_recipe("course")
for said in ({}, {"uncertain": "ignore"}, {"blank": "absent"}):
    recipe = replace(recipe, task=replace(recipe.task, kind="findings", **said))
    try:
        indexed = plainfilm.index("several", table="several.csv", recipe=recipe)
    except plainfilm.PlainfilmError as error:
        print(error, end="\n\n")
indexed

# %% loss
targets = np.array([[1, 0, np.nan, 0], [0.5, 1, 0, np.nan]], np.float32)  # two films, four findings
logits = np.array([[2, -1, 3, 0.5], [0, -2, -1, 4]], np.float32)
probabilities = 1 / (1 + np.exp(-logits))
losses = -(targets * np.log(probabilities) + (1 - targets) * np.log(1 - probabilities))
known = ~np.isnan(targets)
print(losses.round(3), f"the mean of {known.sum()}: {losses[known].mean():.5f}", sep="\n")
print("pull:", (np.where(known, probabilities - targets, 0) / known.sum()).round(3), sep="\n")

# %% package
objective = MaskedBinaryCrossEntropy(recipe.training, Films(indexed.index, {}), torch.device("cpu"))
free, fixed = torch.tensor(logits, requires_grad=True), torch.tensor(targets)
loss = objective.loss(free, fixed) / objective.weight(fixed)
loss.backward()
print(f"{loss.item():.5f}", free.grad.numpy().round(3), sep="\n")

# %% train
out = Path("runs/several")
recipe = replace(recipe, decision=replace(recipe.decision, out_of_fold=2))
data = {"sources": "several", "table": "several.csv", "recipe": recipe}
run = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**data, out=out, threads=1)
figures = run.test.figures
print("macro AUC", as_text(run.headline), "over", *figures.macro_over)
for name, of in figures.findings.items():
    print(f"{name:13} AUC {as_text(of.auc)}; {of.positives} of {of.n} films have it")

# %% probe
found = plainfilm.audit(run.folder).found.findings
print("macro AUC of the model:", as_text(found.table.model))
print(f"of the table alone ({', '.join(found.table.columns)}):", as_text(found.table.macro))
print("the difference:", as_text(found.table.gain))

# %% both
figure, (axes,) = drawing.panels(width=6, height=2.4)
table, model = drawing.label("table", "表格"), drawing.label("model", "模型")
spans = {}
for finding in found.findings:
    for probe in finding.probes:
        if probe.view == "table":
            for who, auc in ((table, probe.auc), (model, finding.model)):
                spans[f"{title(finding.name)}, {who}"] = auc.value, auc.low, auc.high
drawing.bars(axes, spans, x="AUC")
drawing.Picture.of(figure)

# %% verdicts
for finding in found.findings:
    print(f"{finding.name:13} {finding.verdict.code}, by the view: {finding.verdict.view or '-'}")

# %% within
for view, aucs in figures.subgroups["view"].items():
    for name, auc in aucs.items():
        print(f"{view} {name:13} AUC {as_text(auc)}")

# %% nineteen
random = generator(11, "nineteen")
for n in (5, 9, 18, 19, 40):
    scores = random.random((100_000, n + 1))  # of n patients with the finding, and of the next one
    missed = (scores[:, 0] < scores[:, 1:].min(axis=1)).mean()
    print(f"{n:2} patients: the next is below them all in {missed:.1%} of cases; 1 of {n + 1} is {1 / (n + 1):.1%}")

# %% fitted
for name, fitted in zip(run.classes, run.card.calibration.findings, strict=True):
    for state, count, bound in (
        ("absent below", fitted.positives, fitted.called_absent_below),
        ("present above", fitted.negatives, fitted.called_present_above),
    ):
        print(f"{name:13} {state:13} {'too few' if bound is None else f'{bound:.3f}':7}, from {count} patients")

# %% states
for name, of in figures.findings.items():
    shares = {"present": of.sets.present, "absent": of.sets.absent, "undecided": of.sets.undecided}
    print(f"{name:13}", *(f"{state} {share.value:4.0%}" for state, share in shares.items()), end="  ")
    print("if there, not called absent:", of.sets.coverage_positives)

# %% predict
plainfilm.predict(run.model, [Path("several") / row.path for row in run.test.rows[:32:16]])

# %% real
if REAL:
    done = Path("runs/real-quick")
    quick = plainfilm.train(resume=done) if done.exists() else plainfilm.train(**REAL, recipe="quick", out=done)
    covid, viral = (quick.test.probabilities[:, quick.classes.index(name)] for name in ("COVID", "Viral_Pneumonia"))
    scores, truth = [("path", "Pneumonia", "COVID")], [("path", "patient", "Pneumonia", "COVID")]
    for row, p_covid, p_viral in zip(quick.test.rows, covid, viral, strict=True):
        scores.append((row.path, p_covid + p_viral, p_covid))
        truth.append((row.path, row.group, int(row.label != "NORMAL"), int(row.label == "COVID")))
    for name, lines in (("scores.csv", scores), ("truth.csv", truth)):
        with open(name, "w", newline="") as file:
            csv.writer(file).writerows(lines)
    two = plainfilm.load_recipe("findings")
    two = replace(two, data=replace(two.data, classes=("Pneumonia", "COVID")))
    judged = plainfilm.evaluate("scores.csv", table="truth.csv", recipe=two).evaluation
    for name, of in judged.figures.findings.items():
        print(f"{name:9} AUC {as_text(of.auc)}; {of.positives} of {of.n} films have it")

# %% exercise
auc = None  # your answer: of Effusion, from run.test.targets and run.test.probabilities, both (N, K)

# %% check
expected = figures.findings["Effusion"].auc.value
print("not yet" if auc is None else "right" if abs(auc - expected) < 1e-6 else "try again")

# %% solution
number = run.classes.index("Effusion")
target, probability = run.test.targets[:, number], run.test.probabilities[:, number]
there, not_there = probability[target == 1][:, None], probability[target == 0]
auc = ((there > not_there) + 0.5 * (there == not_there)).mean()
