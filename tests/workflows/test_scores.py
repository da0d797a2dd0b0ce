"""`plainfilm evaluate SCORES --table TABLE`: scores that any program wrote, judged without a model or a film."""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

import plainfilm
from plainfilm import records
from plainfilm.api.results import ScoresResult
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.scores_columns import choose
from plainfilm.data.sources.scores_table import is_scores
from plainfilm.data.statements import joined
from plainfilm.errors import SourceError
from plainfilm.evaluation.known import Known
from plainfilm.evaluation.scores import FOLDS, ClassScores, FindingScores, cross_fitted, cuts_of
from plainfilm.messages import text
from plainfilm.model.findings import needed
from tests.conftest import Cli, Ran

CLASSES = ("NORMAL", "COVID", "Viral_Pneumonia")
FINDINGS = ("Effusion", "Mass", "Edema")
IGNORE = '[task]\nkind = "findings"\nuncertain = "ignore"\nblank = "ignore"\n'
Cells = list[dict[str, object]]


def written(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_classes(count: int = 90, *, seed: int = 0) -> tuple[Cells, Cells, NDArray[Any], NDArray[Any]]:
    """Rows of scores and of the films' table, the classes (N,) and the probabilities (N, 3)."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    odds = np.exp(random.normal(size=(count, len(CLASSES))) + 1.2 * np.eye(len(CLASSES))[labels])
    values = np.round(odds / odds.sum(axis=1, keepdims=True), 6)
    scores: Cells = [
        {"path": f"{film:03}", "version": "2.1"} | {f"p_{name}": own for name, own in zip(CLASSES, row, strict=True)}
        for film, row in enumerate(values)
    ]
    table: Cells = [
        {"file": f"images/{film:03}.png", "label": CLASSES[label], "patient": f"P{film // 2}", "sex": "MF"[film % 2]}
        for film, label in enumerate(labels)
    ]
    return scores, table, labels, values


def of_findings(count: int = 120, *, seed: int = 0) -> tuple[Cells, Cells, NDArray[Any], NDArray[Any]]:
    """The same of findings: targets (N, 3) and probabilities (N, 3)."""
    random = np.random.default_rng(seed)
    targets = (random.random((count, len(FINDINGS))) < (0.3, 0.25, 0.5)).astype(int)
    values = np.round(1 / (1 + np.exp(-(random.normal(size=targets.shape) + 1.5 * targets - 1))), 5)
    scores: Cells = [
        {"Image Index": f"{film:03}.png"} | dict(zip(FINDINGS, row, strict=True)) for film, row in enumerate(values)
    ]
    table: Cells = [
        {"path": f"a/{film:03}.png", "patient": f"P{film}"}
        | dict(zip(("Pleural Effusion", "Mass", "edema"), row, strict=True))
        for film, row in enumerate(targets.tolist())
    ]
    return scores, table, targets, values


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """Writes scores and table, and gives the words of the command."""

    def make(scores: Cells, table: Cells) -> list[object]:
        return [
            *("evaluate", written(tmp_path / "scores.csv", scores)),
            *("--table", written(tmp_path / "local.csv", table)),
        ]

    return make


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_of_classes_are_those_of_scikit_learn(cli: Cli, files: Any) -> None:
    scores, table, labels, values = of_classes()
    figures = json.loads(cli(*files(scores, table[::-1]), "--json").out)
    right = values.argmax(axis=1) == labels
    assert figures["accuracy"]["value"] == pytest.approx(right.mean())
    for k, name in enumerate(CLASSES):
        assert figures["classes"][name]["auc"]["value"] == pytest.approx(roc_auc_score(labels == k, values[:, k]))
    assert figures["brier"]["value"] == pytest.approx(((values - np.eye(3)[labels]) ** 2).sum(axis=1).mean())
    assert figures["interval"]["groups"] == 45
    assert figures["subgroups"]["sex"]["F"]["n"] == 45
    assert 0 < figures["calibration"]["expected_calibration_error"]["value"] < 1


def test_figures_of_findings_are_those_of_scikit_learn(cli: Cli, files: Any) -> None:
    scores, table, targets, values = of_findings()
    figures = json.loads(cli(*files(scores, table), "--json").out)
    assert figures["scored"]["task"] == "findings"
    for k, name in enumerate(FINDINGS):
        found = figures["findings"][name]
        assert found["auc"]["value"] == pytest.approx(roc_auc_score(targets[:, k], values[:, k]))
        assert found["average_precision"]["value"] == pytest.approx(
            average_precision_score(targets[:, k], values[:, k])
        )
        assert (found["positives"], found["n"]) == (targets[:, k].sum(), 120)


def test_a_list_of_findings_and_an_index_say_the_same_as_columns(cli: Cli, files: Any) -> None:
    scores, table, targets, _ = of_findings()
    listed: Cells = [
        {"path": row["path"], "patient": row["patient"], "Finding Labels": "|".join(names) or "No Finding"}
        for row, own in zip(table, targets, strict=True)
        for names in [[name for name, value in zip(FINDINGS, own, strict=True) if value]]
    ]
    index: Cells = [
        {
            "path": row["path"],
            "patient": row["patient"],
            "label": joined(dict(zip(FINDINGS, map(str, own), strict=True))),
        }
        for row, own in zip(table, targets, strict=True)
    ]
    columns, *others = (json.loads(cli(*files(scores, rows), "--json").out) for rows in (table, listed, index))
    for of_files in (columns, *others):
        del of_files["scored"]
    assert others == [columns, columns]


def test_the_own_predictions_of_a_model_give_its_figures_again(
    cli: Cli, model: Path, strangers: Path, tmp_path: Path
) -> None:
    own = json.loads(cli("evaluate", model, strangers, "--out", tmp_path / "out", "--json").out)
    cli("predict", model, strangers, "--csv", tmp_path / "answers.csv", "--override")
    rows: Cells = [{"path": row["path"], "label": row["label"]} for row in read(tmp_path / "out/predictions.csv")]
    table = written(tmp_path / "local.csv", rows)
    for scores in (tmp_path / "out/predictions.csv", tmp_path / "answers.csv"):
        again = json.loads(cli("evaluate", scores, "--table", table, "--json").out)
        assert again["confusion"] == own["confusion"]
        for name in ("log_loss", "macro_auc", "brier"):
            assert again[name]["value"] == pytest.approx(own[name]["value"], abs=1e-5)


def test_a_film_without_patient_is_a_group_by_itself(cli: Cli, files: Any) -> None:
    scores, table, _, _ = of_classes()
    for row in table[:10]:
        row["patient"] = "unknown"
    ran = cli(*files(scores, table), "--lang", "en")
    assert "The patient is known of 80 of 90 films" in ran.out
    figures = json.loads(cli(*files(scores, table), "--json").out)
    assert figures["interval"]["groups"] == 40 + 10
    assert figures["scored"]["known_patients"] == 80


def test_a_class_that_no_film_has_is_not_estimable(cli: Cli, files: Any) -> None:
    scores, table, labels, _ = of_classes()
    kept: Cells = [row for row, label in zip(table, labels, strict=True) if label != 2]
    ran = cli(*files(scores, kept), "--lang", "en")
    assert ran.code == 0, ran.err
    assert "no row in the tables" in ran.out
    figures = json.loads(cli(*files(scores, kept), "--json").out)
    assert figures["classes"]["Viral_Pneumonia"]["sensitivity"]["value"] is None
    assert figures["scored"]["left_out"] == {"no-row": 30}


def test_what_is_not_judged_is_counted_and_named(cli: Cli, files: Any) -> None:
    scores, table, _, _ = of_classes()
    table[0]["label"] = ""
    table[1]["label"] = "Tuberculosis"
    scores[2] |= {f"p_{name}": "" for name in CLASSES}
    del scores[3], table[5]
    ran = cli(*files(scores, table), "--lang", "en")
    assert "Scores: 89 rows about 89 films; 85 of them are judged." in ran.out
    for line in ("no row in the tables", "no score", "no label, or blank cells alone", "label without a column"):
        assert line in ran.out
    assert "Without scores, and not judged: Tuberculosis." in ran.out
    assert "Further columns, left out: version." in ran.out
    assert "  Rows about films without scores: 1.\n  For instance: images/003.png." in ran.out
    assert "005" in ran.out


def test_uncertain_and_blank_cells_mean_what_the_recipe_says(cli: Cli, files: Any, tmp_path: Path) -> None:
    scores, table, targets, values = of_findings()
    for row in table[:20]:
        row["Mass"] = ""
    for row in table[20:30]:
        row["Mass"] = -1
    words = files(scores, table)
    assert "10 are uncertain and 20 blank" in cli(*words, "--lang", "en").err
    for meaning, wanted in (("ignore", targets[30:, 1]), ("absent", [0] * 20 + targets[30:, 1].tolist())):
        recipe = tmp_path / "recipe.toml"
        recipe.write_text(IGNORE.replace('blank = "ignore"', f'blank = "{meaning}"'))
        found = json.loads(cli(*words, "--recipe", recipe, "--json").out)
        own = np.delete(values[:, 1], slice(20, 30)) if meaning == "absent" else values[30:, 1]
        assert found["findings"]["Mass"]["auc"]["value"] == pytest.approx(roc_auc_score(wanted, own))
        assert found["labels"]["blank"] == meaning
    ran = cli(*words, "--recipe", "findings", "--out", tmp_path / "out", "--lang", "en")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_a_finding_of_which_nothing_is_known_is_not_estimable(cli: Cli, files: Any, tmp_path: Path) -> None:
    scores, table, _, _ = of_findings()
    (tmp_path / "recipe.toml").write_text(IGNORE)
    words = [*files(scores, with_cells(table, Mass=-1)), "--recipe", tmp_path / "recipe.toml"]
    assert cli(*words, "--out", tmp_path / "out", "--lang", "en").code == 0
    figures = json.loads((tmp_path / "out/metrics.json").read_text(encoding="utf-8"))
    assert figures["findings"]["Mass"]["auc"]["value"] is None
    assert figures["thresholds"]["Mass"] == {"positives": 0, "cuts": []}
    every = with_cells(table, **{"Pleural Effusion": -1, "Mass": -1, "edema": -1})
    assert cli(*files(scores, every), "--recipe", tmp_path / "recipe.toml", "--lang", "zh").code == 0


def test_a_prevalence_gives_predictive_values_at_every_threshold(cli: Cli, files: Any) -> None:
    words = [*files(*of_findings()[:2]), "--prevalence", "Mass=0.02"]
    found = json.loads(cli(*words, "--json").out)["thresholds"]
    assert "ppv" not in found["Edema"]["cuts"][0]
    for cut in found["Mass"]["cuts"]:
        hits, false = 0.02 * cut["sensitivity"]["value"], 0.98 * (1 - cut["specificity"]["value"])
        assert cut["ppv"]["value"] == pytest.approx(hits / (hits + false))
    printed = cli(*words, "--lang", "en").out
    assert "if 2 % of the films are Mass" in printed
    assert "validation" not in printed.split("if 2 % of the films are Mass")[1]


# --- thresholds ------------------------------------------------------------------------------------------------------


def known_films(positives: int, negatives: int, *, films: int = 1, seed: int = 0) -> Known:
    """A finding on patients with `films` films each, normal scores, 1.5 apart."""
    random = np.random.default_rng(seed)
    present = np.repeat(np.arange(positives + negatives) < positives, films)
    scores = random.normal(1.5 * present)
    group = np.repeat(random.permutation(positives + negatives), films)
    return Known(np.arange(len(scores)), 1 / (1 + np.exp(-scores)), present, group)


@pytest.mark.parametrize("films", [1, 3])
def test_a_film_is_called_at_a_threshold_that_its_patient_had_no_part_in(films: int) -> None:
    """By hand: the weight of each patient is shared among its films, and one more patient counts as below all."""
    known = known_films(60, 40, films=films)
    called = cross_fitted(known, [0.9])[:, 0]
    for film in range(len(known.scores)):
        others = np.sort(known.scores[known.present & (known.group_of_film != known.group_of_film[film])])[::-1]
        patients = len(others) // films
        enough = int(np.ceil(round(0.9 * (patients + 1) * films, 9)))
        assert called[film] == (known.scores[film] >= others[enough - 1]), film


@pytest.mark.parametrize("share", [0.9, 0.95, 0.99])
def test_a_threshold_takes_one_patient_more_than_its_promise(share: float) -> None:
    asked = [[cut.asked for cut in cuts_of(known_films(needed(share) + more, 30)).cuts] for more in (0, 1)]
    assert share not in asked[0]
    assert share in asked[1]
    assert asked[0][0] is None


def test_measured_thresholds_are_worth_as_much_on_films_to_come() -> None:
    """Sensitivity and specificity of the threshold that is shown, on many other films, lie in their intervals."""
    inside, errors = [], []
    to_come = known_films(20_000, 20_000, seed=1)
    for seed in range(100):
        cut = cuts_of(known_films(60, 300, seed=seed + 2)).cuts[1]
        positive = to_come.scores >= cut.threshold
        true = positive[to_come.present].mean(), (~positive[~to_come.present]).mean()
        for estimate, value in zip((cut.sensitivity, cut.specificity), true, strict=True):
            inside.append(estimate.low <= value <= estimate.high)
            errors.append(estimate.value - value)
    assert np.mean(inside) > 0.88
    assert abs(np.mean(errors[::2])) < 0.015
    assert abs(np.mean(errors[1::2])) < 0.015


def test_many_patients_are_left_out_in_parts() -> None:
    known = known_films(2 * FOLDS + 10, 50)
    found = cuts_of(known).cuts
    assert [cut.asked for cut in found] == [None, 0.9, 0.95, 0.99]
    for cut in found[1:]:
        assert cut.sensitivity.value == pytest.approx(cut.asked, abs=0.02)
        own = (known.scores[~known.present] < cut.threshold).mean()
        assert cut.specificity.value == own, "a film without it has no part in the threshold"


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "kind"), [(of_classes, ClassScores), (of_findings, FindingScores)])
def test_the_files_say_what_the_command_says(cli: Cli, files: Any, tmp_path: Path, make: Any, kind: Any) -> None:
    scores, table, targets, values = make()
    scores[0][next(iter(scores[0]))] = "=cmd/000.png"
    table[0][next(iter(table[0]))] = "=cmd/000.png"
    words = files(scores, table)
    printed = json.loads(cli(*words, "--out", tmp_path / "out", "--json").out)
    kept = json.loads((tmp_path / "out/metrics.json").read_text(encoding="utf-8"))
    assert printed == kept
    assert records.from_dict(kind, kept).as_dict() == kept
    rows = read(tmp_path / "out/predictions.csv")
    assert rows[0]["path"] == "'=cmd/000.png"
    names = [name for name in rows[0] if name.startswith("p_")]
    assert np.allclose([[float(row[name]) for name in names] for row in rows], values, atol=1e-6)
    if kind is FindingScores:
        assert [int(row["target_Mass"]) for row in rows] == targets[:, 1].tolist()
    again = json.loads(cli("evaluate", tmp_path / "out/predictions.csv", *words[2:], "--json").out)
    assert again["thresholds"] == kept["thresholds"]


@pytest.mark.parametrize("make", [of_classes, of_findings])
def test_the_page_has_the_figures_and_no_path(cli: Cli, files: Any, tmp_path: Path, make: Any) -> None:
    scores, table, _, _ = make()
    del table[4], scores[7]
    cli(*files(scores, table), "--out", tmp_path / "out", "--lang", "zh")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    figures = json.loads((tmp_path / "out/metrics.json").read_text(encoding="utf-8"))
    for language in ("en", "zh"):
        assert text("scores.not-ours", language) in page
        assert text("scores.cross-fitted", language) in page
    overall = figures["overall"] if make is of_findings else figures
    assert f"{overall['macro_auc']['value']:.3f}" in page
    assert figures["scored"]["scores_sha256"] in page
    assert "images/004" not in page
    assert "007.png" not in page


def test_what_tables_are_called_and_say_of_people_is_on_the_terminal_alone(cli: Cli, tmp_path: Path) -> None:
    scores, table, targets, _ = of_findings()
    words = [[name for name, value in zip(FINDINGS, row, strict=True) if value] for row in targets]
    words[0].append("as Zdenka said")
    listed: Cells = [
        {"path": row["path"], "Finding Labels": "|".join(some)} for row, some in zip(table, words, strict=True)
    ]
    kept: Cells = [{name: row[name] for name in row if name != "Edema"} | {"seen by Tokenova": 1} for row in scores]
    files = written(tmp_path / "scores.csv", kept), written(tmp_path / "films of Enova.csv", listed)
    (tmp_path / "recipe.toml").write_text(IGNORE)
    asked = ("--table", files[1], "--recipe", tmp_path / "recipe.toml", "--out", tmp_path / "out")
    ran = cli("evaluate", files[0], *asked, "--lang", "en")
    page, metrics = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("report.html", "metrics.json"))
    assert "Without scores, and not judged: Edema, as Zdenka said." in ran.out
    assert "Without scores, and not judged: Edema, 1 whose names are not known here." in page
    for name in ("Zdenka", "Tokenova", "Enova"):
        assert name in ran.out
        assert name not in page
        assert name not in metrics


def test_the_function_says_what_the_command_says(cli: Cli, files: Any, tmp_path: Path) -> None:
    words = files(*of_findings()[:2])
    found = plainfilm.evaluate(words[1], table=words[3], prevalence={"Mass": 0.1}, lang="en")
    assert isinstance(found, ScoresResult)
    ran = cli(*words, "--prevalence", "Mass=0.1", "--lang", "en")
    assert str(found).split() == ran.out.split()
    figures = found.figures if isinstance(found.figures, list) else found.figures.to_dict("records")
    by_name = {(row["class"], row["figure"]): row["value"] for row in figures}
    assert by_name["Mass", "auc"] == found.evaluation.figures.findings["Mass"].auc.value  # type: ignore[union-attr]
    assert len(found.predictions) == 120
    assert "评估" in str(found.in_language("zh"))


# --- classes or findings ---------------------------------------------------------------------------------------------


def entries(labels: Sequence[str], **columns: Sequence[str]) -> list[Entry]:
    cells = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] or [{}] * len(labels)
    return [Entry(0, f"{film}.png", label, own) for film, (label, own) in enumerate(zip(labels, cells, strict=True))]


@pytest.mark.parametrize(
    ("headings", "films", "kind", "columns"),
    [
        (
            ["COVID", "normal", "site_id"],
            entries(["COVID", "NORMAL"]),
            "classes",
            {"COVID": "COVID", "NORMAL": "normal"},
        ),
        (["p_A", "p_B", "p_C"], entries(["A", "B"]), "classes", {"A": "p_A", "B": "p_B", "C": "p_C"}),
        (["A", "B", "C"], entries(["A", "B"]), "classes", {"A": "A", "B": "B"}),
        (["A", "B", "p_A", "p_B"], entries(["A", "B"]), "classes", {"A": "p_A", "B": "p_B"}),
        (["A", "B"], entries(["A", "B", "Other"]), "classes", {"A": "A", "B": "B"}),
        (["Mass", "Edema"], entries(["Mass|Edema", "Mass", "Edema"]), "findings", {"Mass": "Mass", "Edema": "Edema"}),
        (["Mass", "Edema"], entries(["Mass", "Edema", "No Finding"]), "findings", {"Mass": "Mass", "Edema": "Edema"}),
        (["p_COVID"], entries(["COVID", "NORMAL"]), "findings", {"COVID": "p_COVID"}),
        (["Mass", "p_age"], entries(["", ""], mass=["1", "0"], age=["5", "7"]), "findings", {"Mass": "Mass"}),
        (["p_Rash", "Height"], entries([""], Rash=["1"], Height=["180"]), "findings", {"Rash": "p_Rash"}),
        (["Effusion"], entries([""], **{"Pleural Effusion": ["1"]}), "findings", {"Effusion": "Effusion"}),
        (["Mass", "No Finding"], entries([""], Mass=["1"], No_Finding=["0"]), "findings", {"Mass": "Mass"}),
    ],
)
def test_what_columns_score_follows_from_the_tables(
    headings: list[str], films: list[Entry], kind: str, columns: dict[str, str]
) -> None:
    chosen = choose(headings, films)
    assert (chosen.kind, dict(chosen.columns)) == (kind, columns)
    assert set(chosen.further) == set(headings) - set(columns.values())


def test_a_recipe_decides_between_classes_and_findings() -> None:
    films = entries(["Mass", "Edema"])
    assert choose(["Mass", "Edema"], films).kind == "classes"
    assert choose(["Mass", "Edema"], films, kind="findings").kind == "findings"
    spelt = choose(["Effusion"], entries([""], Effusion=["1"]), kind="findings", spelt=["Pleural Effusion"])
    assert dict(spelt.columns) == {"Pleural Effusion": "Effusion"}


def test_columns_that_nothing_fits_are_an_error_that_names_both_sides() -> None:
    with pytest.raises(SourceError) as raised:
        choose(["score", "p_X"], entries(["A", "B"]))
    assert raised.value.code == "scores-no-columns"
    assert raised.value.parameters == {"columns": "score, p_X", "known": "A, B"}
    with pytest.raises(SourceError, match="scores-column-twice"):
        choose(["Effusion", "Pleural Effusion"], entries([""], Effusion=["1"]))
    with pytest.raises(SourceError, match="scores-column-twice"):
        choose(["Mass", "Effusion", "Effusion (2)"], entries([""], Effusion=["1"]))


# --- bad input -------------------------------------------------------------------------------------------------------


def with_cells(rows: Cells, **cells: object) -> Cells:
    return [{name: cells.get(name, value) for name, value in row.items()} for row in rows]


def logits(rows: Cells) -> Cells:
    return [
        {name: np.log(value) + 3.0 if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
    ]


FAULTS: dict[str, tuple[Any, str]] = {
    "other films": (lambda s, t: ([row | {"path": f"x{n}"} for n, row in enumerate(s)], t), "table-fits-none"),
    "a column of text": (lambda s, t: (with_cells(s, p_COVID="high"), t), "scores-cell-unknown"),
    "a decimal comma": (lambda s, t: (with_cells(s, p_COVID="0,2"), t), "scores-cell-unknown"),
    "a column of blanks": (lambda s, t: (with_cells(s, p_COVID=""), t), "scores-cell-blank"),
    "one below 0": (lambda s, t: ([s[0] | {"p_COVID": -0.1}, *s[1:]], t), "scores-range"),
    "one infinite": (lambda s, t: ([s[0] | {"p_COVID": "inf"}, *s[1:]], t), "scores-range"),
    "logits": (lambda s, t: (logits(s), t), "scores-logits"),
    "percentages": (
        lambda s, t: ([{n: 100 * v if isinstance(v, float) else v for n, v in row.items()} for row in s], t),
        "scores-percent",
    ),
    "sums": (lambda s, t: ([s[0] | {"p_COVID": 0.999}, *s[1:]], t), "scores-sum"),
    "a film twice": (lambda s, t: ([*s, s[0] | {"p_COVID": 0.5}], t), "scores-film-twice"),
    "other names": (lambda s, t: (s, with_cells(t, label="Tuberculosis")), "scores-no-columns"),
    "no labels": (lambda s, t: (s, with_cells(t, label="")), "scores-no-columns"),
    "no path": (lambda s, t: ([{"p_COVID": 0.1}], t), "table-column-missing"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_nothing_is_written(
    cli: Cli, files: Any, tmp_path: Path, fault: str, language: str
) -> None:
    change, code = FAULTS[fault]
    words = files(*change(*of_classes()[:2]))
    ran = cli(*words, "--out", tmp_path / "out", "--lang", language)
    assert ran.code == 1
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
    with pytest.raises(SourceError) as raised:
        plainfilm.evaluate(words[1], table=words[3], out=tmp_path / "out")
    assert raised.value.code == code


def test_logits_are_told_with_the_function_that_they_need(cli: Cli, files: Any) -> None:
    scores, table, _, _ = of_findings()
    assert "apply the sigmoid" in cli(*files(logits(scores), table), "--lang", "en").err
    scores, table, _, _ = of_classes()
    assert "apply the softmax" in cli(*files(logits(scores), table), "--lang", "en").err


def test_the_same_row_twice_counts_once(cli: Cli, files: Any) -> None:
    scores, table, _, _ = of_classes()
    ran = cli(*files([*scores, scores[0]], table), "--lang", "en")
    assert "Scores: 91 rows about 90 films; 90 of them are judged." in ran.out


def test_films_with_blank_cells_alone_cannot_be_judged(cli: Cli, files: Any) -> None:
    scores, table, _, _ = of_findings()
    ran = cli(*files(scores, with_cells(table, **{"Pleural Effusion": "", "Mass": "", "edema": ""})), "--lang", "en")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_call_is_one_line(
    cli: Cli, files: Any, model: Path, strangers: Path, tmp_path: Path, language: str
) -> None:
    words = files(*of_classes()[:2])
    (tmp_path / "third.toml").write_text('[task]\nkind = "findings"\n')
    calls: list[Sequence[object]] = [
        [*words[:2]],
        [*words[:2], strangers, *words[2:]],
        ["evaluate", model],
        ["evaluate", model, strangers, "--recipe", "fast"],
        [*words, "--recipe", "nowhere"],
        [*words, "--prevalence", "COVID=2"],
        [*words, "--prevalence", "Mass=0.5"],
    ]
    for call in calls:
        ran = cli(*call, "--lang", language, "--out", tmp_path / "out")
        assert (ran.code, ran.out) == (2, ""), call
        assert len(ran.err.splitlines()) == 1
        assert not (tmp_path / "out").exists()


def test_a_model_file_is_a_model_whatever_its_name(cli: Cli, model: Path, strangers: Path, tmp_path: Path) -> None:
    renamed = shutil.copy(model, tmp_path / "model.csv")
    assert not is_scores(renamed)
    assert is_scores(tmp_path / "missing.csv")
    ran: Ran = cli("evaluate", renamed, strangers, "--json")
    assert json.loads(ran.out)["accuracy"]["n"] == 48
    assert (
        cli("evaluate", tmp_path / "missing.csv", "--table", renamed, "--lang", "en").err.count("does not exist") == 1
    )
