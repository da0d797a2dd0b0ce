"""Sentences about tasks in English: what a label is, and films of several findings."""

SENTENCES: dict[str, str] = {
    "expected.task": "classes, findings, or the task of an installed package",
    "expected.meanings": 'for a finding, uncertain = "ignore" | "absent" | "present" | 0.5, or blank = "ignore" | '
    '"absent"',
    "task-unknown": "there is no task {given}; expected one of: {expected}",
    "findings-uncertain-unsaid": "{cells} cells are uncertain ({findings}), and nothing says what that means; "
    'write uncertain = "ignore" | "absent" | "present" | 0.5 into the section [task] of the recipe; for a model file '
    "or scores, give such a recipe with --recipe",
    "findings-blank-unsaid": "{cells} cells are blank ({findings}), and nothing says what that means; write "
    'blank = "ignore" | "absent" into the section [task] of the recipe; for a model file or scores, give such a recipe '
    "with --recipe",
    "findings-too-few-groups": "the films with findings are of {groups} patients or groups; expected at least "
    "{minimum}, one for each part",
    "finding-one-value": "the finding {name} is present in {present} films and absent in {absent}; both are needed "
    "to learn it; leave it out with data.classes, or add films",
    "problem.findings-unknown": "Nothing stated of the findings of the recipe, left out",
    "problem.findings-blank": "All cells of findings blank, left out",
    "evaluation-no-findings": "none of the {films} films states one of the findings of the model: {findings}; give "
    "the table that states them with --table",
    "state.uncalibrated": "not calibrated",
    "state.present": "present",
    "state.absent": "absent",
    "state.undecided": "undecided",
    "state.too-few": "too few films for a promise",
    "findings.state.present": "Called present: {names}.",
    "findings.state.undecided": "Undecided: {names}.",
    "findings.numbered": "{name} ({number:.2f})",
    "findings.untested": "Nobody knows what these calls are worth, as fewer than {minimum} films of the model's own "
    "test had the finding: {names}.",
    "findings.state.absent": "Called absent: {names}.",
    "findings.state.too-few": "Nothing is promised, as too few films had it: {names}.",
    "findings.of-film": "Film {number}. {words}",
    "findings.headline.refused": "Refused, and not reliable. {name}",
    "findings.headline.abroad": "The films here are not like those of the test; not reliable. {name}",
    "findings.headline.unlike": "Not like the films of the test, and not reliable. {name}",
    "findings.no-diagnosis": "Called present is no diagnosis: where the probability is below 50 %, most films with "
    "such a one do not have the finding. What is said holds for each finding by itself: over {count} findings, a wrong "
    "call in a film is nothing rare.",
    "findings.none-present": "No finding is called present",
    "findings.undecided-count": "Undecided: {count} of {of} findings",
    "findings.too-few": "too few: {n}",
    "findings.table": "Films",
    "findings.headline": "Answer",
    "findings.present": "Present",
    "findings.undecided": "Undecided",
    "findings.meaning.uncertain": "Uncertain cells of findings were taken as: {meaning}.",
    "findings.meaning.blank": "Blank cells of findings were taken as: {meaning}.",
    "findings.meaning-columns": "Other meanings have the cells of: {columns}.",
    "findings.cells-uncertain": "Uncertain cells: {cells} ({findings}), taken as: {meaning}",
    "findings.cells-blank": "Blank cells: {cells} ({findings}), taken as: {meaning}",
    "findings.scarce": "Present in fewer than {minimum} films of a part ({parts}): {names}",
    "findings.share.present": "Called present",
    "findings.share.absent": "Called absent",
    "findings.share.undecided": "Undecided",
    "findings.share.coverage_positives": "Not called absent, if there",
    "findings.share.coverage_negatives": "Not called present, if not there",
    "findings.share.predictive_value": "There, if called present",
    "findings.of.validation": "validation films",
    "findings.of.out-of-fold": "training films, each answered by a network that had not seen its patient",
    "findings.of.local": "local films",
    "figure.right-findings": "Findings on the right side of 50 %",
    "figure.average_precision": "Average precision",
    "figure.calibration_error": "Calibration error",
    "figure.macro_average_precision": "Mean average precision",
    "figure.macro_brier": "Mean Brier score",
    "report.findings.finding": "Finding",
    "report.findings.counts": "Films by finding, site and part. A film counts for each of its findings. A group is the "
    "films of one patient, and copies of them.",
    "report.findings.copies": "Films that are copies, by finding",
    "report.findings.decisions": "Decisions and thresholds",
    "report.findings.positives": "With it / known",
    "report.findings.macro": "Means over findings",
    "report.findings.macro-over": "Means are over the findings that at least {minimum} films have: {names}.",
    "report.findings.by-finding": "Figures of each finding",
    "report.findings.unstated": "Of these findings, nothing is stated here: {names}.",
    "report.findings.sets": "What is said of each finding. At home, {coverage:g} % of films with it are promised not "
    "to be called absent, and as many without it not to be called present; elsewhere nothing is.",
    "report.findings.calls": "Over all films and findings, a finding is called present {calls} times; right: {right}.",
    "report.findings.fitted": "Fitted on {films}",
    "report.findings.fitted-positives": "With it",
    "report.findings.fitted-negatives": "Without it",
    "report.findings.scale": "Temperature, shift",
    "report.findings.absent-below": "Absent below",
    "report.findings.present-above": "Present above",
    "report.findings.subgroups": "AUC in parts of the films: {name}",
    "report.findings.first": "Mean AUC over {count} findings on the test films: {auc}. Over: {names}.",
    "report.findings.few": "Fewer than {minimum} test films have these findings, so their figures say little and "
    "are in no mean: {names}.",
    "report.findings.external": "On the {films} films of {name} the mean AUC is {auc}.",
    "card.tested-findings": "This model's mean AUC over {count} of {of} findings on its own test films, which come "
    "from where its training films come from: {auc}. On films from elsewhere expect less, perhaps far less.",
    "card.recalibrated-findings": "This model was recalibrated for a place other than that of its training. Its mean "
    "AUC over {count} of {of} findings on test films from there: {auc}. On films from elsewhere expect less, perhaps "
    "far less.",
    "card.calibrated-findings": "Decisions were fitted on {films}. Among films like those a finding that is there "
    "is called absent, and one that is not there present, in at most {most:g} of 100 cases; where too few films "
    "had a finding, nothing is promised.",
    "train.fold": "Fold {number} of {total}: a network that does not see it",
    "report.findings.points": "Thresholds at a sensitivity, and what they give on these films",
    "report.findings.gap": "AUC in the own test and here",
    "recalibration.halves-findings": "Of {films} labelled films {fitted} were for fitting (probabilities, decisions, "
    "thresholds, input check); the other {tested}, of other patients, were for the test before and after.",
    "recalibration.missing-findings": "No film to fit on says anything of: {names}. Their probabilities are the "
    "network's own, and nothing is promised.",
    "recalibration.probabilities": "Probabilities before and after recalibrating (95 % intervals)",
    "recalibration.worse-of": "{name} ({before} before, {after} after)",
    "recalibration.worse-findings": "The probabilities of these findings are worse after recalibrating, by their Brier "
    "score: {names}. More labelled films with the finding may mend that.",
    "recalibration.said": "What is said of each finding before and after recalibrating; {coverage:g} % are promised",
    "recalibration.advised-findings": "Recalibrate the model for these films: plainfilm recalibrate MODEL SOURCE "
    "--table TABLE --out FILE takes at least {minimum} labelled films of the place, better {better}; here are {films}.",
    "recalibration.needed-findings": "Half of the films is for fitting. So the decisions of a finding take {decisions} "
    "patients with it and as many without it, its probabilities {probabilities} of each. Findings with so many films "
    "here: {enough}.",
    "accuracy-missing": "there is no accuracy, as a film may show several findings; read headline instead, or one of "
    "{known} in figures",
    "classifier-classes-alone": "FilmClassifier learns one class a film, and this recipe is one of {given}; train "
    "with plainfilm.train instead",
    "list.sentences": " ",
    "card.audited-findings": "A table of view position, sex, age and site, without any film, reaches a mean AUC of "
    "{table} on its test films; this model's is higher by {gain}.",
    "card.audited-findings-not-above": "A table of view position, sex, age and site, without any film, reaches a mean "
    "AUC of {table} on its test films. It is not shown that this model, which sees the films, is better than that; the "
    "difference: {gain}.",
    "audit.written-findings": "audit.json, pairs.html and clusters.csv are in {folder}",
    "report.findings.about": "Findings: {classes}. Every figure comes with its 95 % interval and n, the number of "
    "films.",
    "findings.called-present": "Called present: {names}",
    "findings.called-more": "Called present: {names} and {count} more",
    "compare-tasks": "{first} and {second} are predictions of two kinds, one of classes and one of findings; "
    "compare two of one kind",
    "doctor.model-tested-by": "{figure_key} on its own test films {value} ({low} to {high}, n {n})",
    "doctor.model-tested-over": "{figure_key} over {count} of {of} findings on its own test films {value} ({low} to "
    "{high}, n {n})",
    "doctor.data-cells": "Of the cells of findings, {uncertain} are uncertain and {blank} blank. What that means, the "
    "section [task] of a recipe must say before a training.",
    "doctor.data-findings": "The tables state {count} findings ({names}): films with findings and films without "
    "any are looked at here; plainfilm index --recipe findings says more.",
    "balance.findings-unused": "The tables state {count} findings ({names}), and each film is taken to be of one "
    "class here; for findings use --recipe findings",
}
