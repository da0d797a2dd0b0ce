"""The English sentences of the report."""

SENTENCES: dict[str, str] = {
    "report-no-run": "{path} holds no run: neither recipe.toml, model.onnx nor evaluation/metrics.json; expected a "
    "folder that `train` wrote",
    "report-damaged": "{path} is damaged ({reason}); make it again",
    "audit-failed": "the audit could not be made; the run is complete; `plainfilm audit RUN` says why",
    "report-failed": "the report could not be written; the run is complete; `plainfilm report RUN` says why",
    "report.written": "Report: {path}",
    "report.title": "Report on a deep-learning classifier of chest radiographs",
    "report.about": "Classes: {classes}. Every figure comes with its 95 % interval and n, the number of films.",
    "report.contents": "Contents",
    "report.value": "Value",
    "report.interval": "95 % interval",
    "report.n": "n",
    "report.yes": "yes",
    "report.no": "no",
    "report.not-estimable": "not estimable",
    "report.tested-on": "Tested on",
    # what to know first
    "report.first": "Shortcuts and leaks",
    "report.first.no-audit": "No audit was made. It is not known how well the corners, the border or a thumbnail of "
    "these films alone tell the classes apart; until it is, no figure below can be taken for medicine. Make it: "
    "`plainfilm audit RUN`",
    "report.first.corners": "A probe that sees nothing of each film but {view} reaches an accuracy of {accuracy}. "
    "Always answering the commonest class would reach {chance}.",
    "report.first.share": "The model, which sees the whole film, reaches {model}. Of what it adds over chance, that "
    "probe has {share}.",
    "report.first.naive": "Were every tenth film the test, as in the tutorial, {share} of the test films would show a "
    "patient who is also in training, or be a copy of a training film.",
    "report.first.tutorial": "Were every tenth film the test, as in the tutorial, {shared} of {tested} test films "
    "would share a patient with films in other parts, or be copies of them.",
    "report.first.own-leaks": "This run's own split leaks: {shared} of {tested} test films share a patient with films "
    "in other parts, or are copies of them.",
    "report.first.own-clean": "In this run's own split none of the {tested} test films shares a known patient, or a "
    "copy that was found, with another part. The patient is known for {known} of {films} films. Classes of which no "
    "patient is known, grouped by copies alone: {unknown}.",
    "report.first.external": "On films from elsewhere ({name}) the balanced accuracy is {balanced}; one class for "
    "all films would "
    "give {chance:.1f} %. The model calls {count} of the {films} films {called}.",
    "report.none": "none",
    "report.first.no-external": "The model was not tested on films from elsewhere. Do it: `plainfilm evaluate "
    "model.onnx SOURCE --out external/NAME`",
    "report.first.own": "the run's own test films",
    "report.first.at": "elsewhere: {name}",
    "report.first.table": "At home and elsewhere",
    # the data
    "report.data": "The data",
    "report.data.missing": "The run holds no index.csv: what the model was trained on cannot be shown. Train it here: "
    "`plainfilm train SOURCE`",
    "report.data.summary": "{films} films; archives and folders: {sources}; sides: {smallest} to {largest} px; stored "
    "as: {modes}.",
    "report.data.counts": "Films by class, site and part. A group is the films of one patient, and copies of them.",
    "report.data.source-is-class": "The site tells the class: no site of {names} holds a film of another class. "
    "Whatever differs between sites (machine, age, cropping, markers) can be learnt instead of the disease, and no "
    "figure on these films tells the two apart.",
    "report.data.no-sources": "Nothing says where the films come from; whether the site tells the class cannot be "
    "checked. Give a table with the column source: `plainfilm train SOURCE --table TABLE`",
    "report.data.patients": "The patient is known for {known} of {films} readable films ({patients} patients); with "
    "copies joined there are {groups} groups.",
    "report.data.copies": "Films that are copies, by class",
    "report.data.what": "What",
    "report.data.problems": "Other problems of films",
    "report.data.no-patients-table": "Nothing is known of the patients' sex and age, or of the view. Give a table "
    "with the columns sex, age, view: `plainfilm train SOURCE --table TABLE`",
    "report.data.described": "Patients and views by part (films; age: median, range, films)",
    "report.data.column": "Column",
    "report.data.median": "median (range), n",
    "report.data.unknown": "not known, or of fewer than 5 patients",
    "report.column.sex": "Sex",
    "report.column.age": "Age, years",
    "report.column.view": "View",
    "report.column.source": "Site",
    # leaks and shortcuts
    "report.audit": "Leaks and shortcuts in detail",
    "report.audit.pairs": "The films of each pair and cluster are side by side in `audit/pairs.html`.",
    "report.audit.missing": "No audit was made. Make it: `plainfilm audit RUN`",
    "report.audit.no-shortcuts": "The audit holds no part on shortcuts. Make it again: `plainfilm audit RUN "
    "--model model.onnx`",
    "report.audit.no-leaks": "The audit holds no part on leaks. Make it again: `plainfilm audit RUN`",
    "report.audit.method": "Shortcuts: probes (small models) were trained afresh on each view of the films and "
    "tested on {films} of them, in {groups} groups ({split}).",
    "report.audit.views": "What tells the classes apart: the accuracy from each view of the films. Views: the "
    "outermost fourteenth of each side; four squares, a seventh of a side wide; all but the lung field; 16 x 16 "
    "cells; the lung field alone. The lung field is found by a simple rule. A view that sees lung may beat chance "
    "by right; one without lung may not.",
    "report.audit.bar": "Bar: accuracy with interval; dashed: chance",
    "report.audit.sees": "The probe sees",
    "report.audit.chance": "nothing (the most frequent class)",
    "report.audit.model": "the model: the whole film",
    "report.audit.share": "Share of the gain: what each view has of that which the model adds over chance",
    "report.audit.flagged": "Beats chance",
    "report.audit.permutation": "With shuffled labels ({draws} times, {view}, a linear probe) the highest accuracy "
    "was {highest:.1f} % (p = {p:.3f}); with the true labels: {accuracy}.",
    "report.audit.sources": "One site left out of the training of the probe, then tested on it: sensitivity",
    "report.audit.exact": "Exact copies",
    "report.audit.near": "Near copies",
    "report.audit.copies": "Copies, and what they cross",
    "report.audit.column.films": "Films",
    "report.audit.column.clusters": "Clusters",
    "report.audit.clusters": "Clusters; the largest {shown} of {clusters}; all are in clusters.csv",
    "report.audit.column.across_classes": "Across classes",
    "report.audit.column.across_splits": "Across parts",
    "report.audit.column.across_sources": "Across sites",
    "report.audit.patients": "Patients: known for {known_films} films; {patients_across_splits} patients with "
    "{across_splits} films are in several parts.",
    "report.audit.ids": "Image ids",
    "report.audit.conflicts": "Copies of one film under different classes; {shown} of {conflicts}",
    "report.audit.naive-table": "Probes on the tutorial's split (every tenth film) and on a clean one",
    "report.audit.on": "Split",
    "report.audit.naive": "every tenth film",
    "report.audit.clean": "clean",
    "report.audit.difference": "difference, points",
    # model and training
    "report.training": "Model and training",
    "report.training.model": "A ResNet, trained from the recipe below. It takes films of {size}x{size} px ({fit}; "
    "channels: {channels}); grey values are scaled inside the model file.",
    "report.training.imported": "A ResNet whose weights were imported, not trained here. It takes films of "
    "{size}x{size} px ({fit}; channels: {channels}).",
    "report.fit.squash": "squashed to a square",
    "report.fit.letterbox": "made square with black beside the film",
    "report.training.missing": "There is no history of a training: the model was not trained in this folder. Train "
    "one: `plainfilm train SOURCE --out RUN`",
    "report.training.recipe": "The recipe, in short",
    "report.training.field": "Field",
    "report.training.kept": "{steps} steps in {epochs} epochs. Epoch {epoch} (counted from 0) did best on the {n} "
    "validation films and was kept.",
    "report.training.kept-last": "{steps} steps in {epochs} epochs; without a validation part the last epoch was kept.",
    "report.training.curves": "The course of the training. Solid: training films, smoothed; dashed with dots: "
    "validation films, each epoch.",
    "report.training.curve": "{name} over the steps of the training",
    "report.recipe.depth": "Layers of the ResNet",
    "report.recipe.width": "Channels of its first stage",
    "report.recipe.networks": "Networks, whose mean is the answer",
    "report.recipe.init": "First weights",
    "report.recipe.policy": "Variations of the training films",
    "report.recipe.sizes_px": "Sides of the films, step by step, px",
    "report.recipe.epochs": "Epochs at each side",
    "report.recipe.batch_size": "Films a step",
    "report.recipe.optimizer": "Optimiser",
    "report.recipe.learning_rate": "Highest learning rate",
    "report.recipe.weight_decay": "Weight decay",
    "report.recipe.schedule": "Learning rate over time",
    "report.recipe.warmup_epochs": "Epochs of warm-up",
    "report.recipe.ema_decay": "Decay of the weights' moving average",
    "report.recipe.label_smoothing": "Label smoothing",
    "report.recipe.class_weights": "Class weights in the loss",
    "report.recipe.precision": "Arithmetic",
    "report.recipe.kernels": "Kernels",
    "report.recipe.seed": "Seed",
    # results
    "report.results": "Results on the run's own test films",
    "report.results.missing": "The model was not tested. Test it: `plainfilm evaluate model.onnx SOURCE --out "
    "evaluation`",
    "report.results.overall": "Over all classes",
    "report.results.by-class": "Each class against the rest",
    "report.results.confusion": "Confusion matrix: films of each true class (row) by predicted class (column), with "
    "the share of the row",
    "report.results.interval": "Intervals are of 95 % and take the {groups} groups (patients and copies), not the "
    "films, for the unit. They reflect the sampling of patients, and nothing else: not of another "
    "hospital, not of wrong labels.",
    "figure.brier": "Brier score",
    # calibration and decisions
    "report.calibration": "Calibration",
    "report.calibration.fitted": "The logits are divided by a temperature of {temperature:.3f}, fitted on {films} "
    "validation films.",
    "report.calibration.error": "Calibration error",
    "report.calibration.noise_floor": "Noise floor: the error that perfect probabilities would show with so many films",
    "report.calibration.caption": "Reliability: the share observed, with its interval, over the mean probability in "
    "each of ten bins. On the dotted diagonal probabilities are frequencies.",
    "report.calibration.chart": "Reliability for {name}",
    "report.risk": "Answering the surest films only",
    "report.risk.answered": "Films answered",
    "report.decisions": "Thresholds, prediction sets and the input check",
    "report.decisions.missing": "The model has no operating points and no prediction sets: it was not calibrated. "
    "Train it with a validation part: `plainfilm train SOURCE --recipe fast`",
    "report.decisions.points": "Operating points: thresholds fitted on validation films, and what they give on the "
    "test films",
    "report.decisions.asked": "Sensitivity asked for",
    "report.decisions.sets": "Prediction sets: the classes that a film may well be of",
    "report.decisions.set": "The film's prediction set",
    "report.decisions.reasons": "Why the input check would refuse films",
    "report.decisions.reason": "Reason",
    # maps
    "report.maps": "Films with class activation maps",
    "report.maps.missing": "There is no model with predictions on test films, so no film can be shown. Make them: "
    "`plainfilm evaluate model.onnx SOURCE --out evaluation`",
    "report.maps.no-pixels": "The films are not shown: neither the run's pixel store nor the sources named in its "
    "index are there any more. `plainfilm train --resume RUN` makes the store again if the sources are back.",
    "report.maps.how": "In a class activation map orange marks what speaks for the predicted class. The mean of the "
    "map plus a constant is the model's answer; that does not make the marked part the cause, and each cell has seen "
    "most of the film.",
    "report.maps.lungs": "Of what the maps mark on validation films, {evidence} lies in the lung field, which covers "
    "{area} of the film: a map that marks everything equally would reach as much. The lung field is that of the "
    "audit. It may miss opaque lung, and each cell has seen more of the film than it covers, so this is no verdict.",
    "report.maps.worst": "The worst errors: the {shown} of {errors} wrong answers, among {films} films, of which the "
    "model was surest",
    "report.maps.no-errors": "None of the {films} test films was answered wrongly.",
    "report.maps.typical": "Correct answers that are typical: of each class those of middle probability",
    "report.maps.true": "true: {name}",
    "report.maps.predicted": "answer: {name}, {value:.1f} %",
    "report.maps.set": "set: {names}",
    "report.maps.refused": "the input check would refuse it",
    "report.maps.alternative": "Film {id}, true class {true}, predicted {predicted}",
    "report.maps.overlay": "The same film with the map of the predicted class",
    # elsewhere
    "report.external": "Tests on films from elsewhere",
    "report.external.missing": "None was made. What a model is worth shows on films from elsewhere: `plainfilm "
    "evaluate model.onnx SOURCE --out external/NAME`",
    "report.external.cannot-say": "Whether the model was trained on some of these films cannot be said. Make the "
    "test again: `plainfilm evaluate model.onnx SOURCE --out external/NAME`",
    "report.subgroups": "Subgroups",
    "report.subgroups.missing": "There are no figures by subgroup. They need a table with columns such as sex, age, "
    "view, source: `plainfilm evaluate model.onnx SOURCE --table TABLE`",
    "report.risk.confidence": "Probability from",
    "report.calibration.up-to": "95 % of draws up to {high:.3f}",
    "report.subgroups.unknown": "not known, or of fewer than 5 patients",
    "report.subgroups.sensitivity": "Sensitivity, {name}",
    "report.subgroups.by": "By",
    "report.subgroups.group": "Group",
    "report.subgroups.table": "Figures by subgroup: {name}; with fewer than 30 films none is given",
    "report.subgroups.few": "too few",
    # how to repeat it
    "report.origin": "How to repeat it",
    "report.origin.recipe": "The whole recipe, recipe.toml",
    "report.origin.environment": "Environment and seeds",
    "report.origin.device": "Device",
    "report.origin.precision": "Arithmetic",
    "report.origin.threads": "Compute threads",
    "report.origin.time": "Training started",
    "report.origin.split-seed": "Seed of the split",
    "report.origin.training-seed": "Seed of weights, order and variations",
    "report.origin.imported-kind": "Imported from",
    "report.origin.imported-layout": "Layout of the weights",
    "report.origin.imported-sha256": "Checksum of the imported weights",
    "report.origin.data": "Films and labels",
    "report.origin.split": "Split",
    "report.origin.weights": "Weights (the model's identity)",
    "report.origin.checksums": "Checksums",
    "report.origin.commands": "Commands, run beside the recipe below. On one kind of machine they give the same "
    "weights, bit for bit.",
    # limits
    "report.limits": "Limits",
    "report.limits.not-clinical": "Not for clinical use. This model was not tested on patients in care, is no medical "
    "device, and must decide nothing about a person.",
    "report.limits.source": "Site and class cannot be separated for {names}: the figures say how well sites are "
    "recognised as much as how well disease is found.",
    "report.limits.patients": "The patient is known for {known} of {films} films; the others may share patients "
    "across parts unseen, unless they are copies.",
    "report.limits.few": "Fewer than {minimum} test films: {names}. Their intervals are wide, and wrong labels weigh "
    "much.",
    "report.limits.few-of": "{name} (n {n})",
    "report.limits.no-external": "Nothing is known about films from elsewhere.",
    "report.limits.no-audit": "Nothing is known about shortcuts.",
    "report.limits.labels": "Labels were taken as they came: nothing here checks whether they are right.",
    "report.limits.maps": "Class activation maps are coarse and describe the model, not the disease.",
    "report.limits.calibration": "Calibration, thresholds and prediction sets hold for films like the validation "
    "films, with their shares of the classes; not for another hospital.",
    "report.limits.decisions": "Probabilities, decisions and thresholds were fitted on {films}. They hold for films "
    "like those, with their shares of the findings; not for another hospital.",
    # the checklist
    "claim.title": "The CLAIM 2024 checklist",
    "claim.counts": "Of {items} items {program} are filled by the program, {recipe} by the authors through the "
    "recipe, {partly} in part by the program with a rest for the authors, and {author} are left to the authors.",
    "claim.how": "Items after Tejani et al. 2024, Radiology: Artificial Intelligence 6(4):e240300, in our own words. "
    'Authors fill items in the recipe: `[report.claim]`, a line `16 = "..."` for each.',
    "claim.table": "The checklist",
    "claim.number": "No.",
    "claim.topic": "Part",
    "claim.item": "Item",
    "claim.status": "Filled by",
    "claim.where": "What and where",
    "claim.see": "(see there)",
    "claim.status.program": "program",
    "claim.status.recipe": "recipe",
    "claim.status.partly": "in part; rest: author",
    "claim.status.author": "for the author",
    "claim.topic.title": "Title and abstract",
    "claim.topic.introduction": "Introduction",
    "claim.topic.design": "Study design",
    "claim.topic.data": "Data",
    "claim.topic.reference": "Reference standard",
    "claim.topic.partitions": "Data partitions",
    "claim.topic.testing-data": "Testing data",
    "claim.topic.model": "Model",
    "claim.topic.training": "Training",
    "claim.topic.evaluation": "Evaluation",
    "claim.topic.results-data": "Results: data",
    "claim.topic.performance": "Results: performance",
    "claim.topic.discussion": "Discussion",
    "claim.topic.other": "Other information",
    "claim.1": "Named as a study of AI, with the kind of technology",
    "claim.2": "Abstract: design, methods, results, conclusions",
    "claim.3": "Background, and what the method is meant for",
    "claim.4": "Aims, objectives, hypotheses",
    "claim.5": "Prospective or retrospective",
    "claim.6": "Goal of the study",
    "claim.7": "Where the data come from",
    "claim.8": "Who and what was included and excluded",
    "claim.9": "Preprocessing",
    "claim.10": "Parts of the data that were selected",
    "claim.11": "De-identification",
    "claim.12": "How missing data were handled",
    "claim.13": "How the images were acquired",
    "claim.14": "How the reference standard was obtained",
    "claim.15": "Why this reference standard",
    "claim.16": "Who or what gave the reference labels",
    "claim.17": "How the test films were labelled",
    "claim.18": "How far readers agree with others and themselves",
    "claim.19": "How data were assigned to parts",
    "claim.20": "At which level the parts are disjoint",
    "claim.21": "Intended sample size",
    "claim.22": "The model in detail",
    "claim.23": "Software, with versions",
    "claim.24": "First values of the parameters",
    "claim.25": "The training in detail",
    "claim.26": "How the final model was chosen",
    "claim.27": "Ensembles",
    "claim.28": "Measures of performance",
    "claim.29": "Measures of significance and uncertainty",
    "claim.30": "Robustness and sensitivity analysis",
    "claim.31": "Means of explanation, and their check",
    "claim.32": "Evaluation on internal data",
    "claim.33": "Test on external data",
    "claim.34": "Registration of a clinical trial",
    "claim.35": "Numbers of patients or films included and excluded",
    "claim.36": "Who the patients are, in each part",
    "claim.37": "Performance with its uncertainty",
    "claim.38": "Diagnostic accuracy with its precision",
    "claim.39": "Analysis of wrong answers",
    "claim.40": "Limitations",
    "claim.41": "What it means for practice",
    "claim.42": "Where the full protocol or more detail is",
    "claim.43": "Whether software, model and data can be had",
    "claim.44": "Funding, and the funders' role",
    "claim.fill.technology": "Deep learning: a convolutional network (ResNet) that classifies single radiographs.",
    "claim.fill.goal": "A model is made and tested.",
    "claim.fill.sources": "Sites named: {sources}, with counts (archives and folders: {archives}). Where and when "
    "they were collected is the authors' to say.",
    "claim.fill.left-out": "Films that could not be read or that contradict each other are counted by reason. "
    "Clinical criteria are the authors' to say.",
    "claim.fill.preprocessing": "Grey pixels, {fit} of {size} px; one function for training, test and use.",
    "claim.fill.subsets": "Whole films, none cropped. Films that serve for training alone and stay out of "
    "validation and test: {films}.",
    "claim.fill.identifiers": "This report and the model file name films by a hash of their pixels; patients from "
    "DICOM by a keyed hash. What was done before is the authors' to say.",
    "claim.fill.missing": "Unreadable films and films without a class are left out and counted; no value is imputed.",
    "claim.fill.missing-findings": "Unreadable films and films of which no finding is stated are left out and counted. "
    "What uncertain and blank cells were taken for is said beside the figures.",
    "claim.fill.partitions": "{kind}; seed {seed}; counts by part, and the checksum of the split.",
    "claim.fill.split.grouped": "At random, groups kept whole, shares kept in each class and site",
    "claim.fill.split.folds": "Folds, groups kept whole, shares kept in each class and site",
    "claim.fill.split.tutorial": "Every tenth film of the sorted files of a class",
    "claim.fill.split.column": "As a column of the table says",
    "claim.fill.disjoint": "Patients, if known, and copies found by hash: no group is in two parts.",
    "claim.fill.leaking": "Files only: films of one patient, and copies, may be in several parts. Figures are marked "
    "so.",
    "claim.fill.films": "{films} films found, {unused} in no part; by class, site and part. Patients: if known.",
    "claim.fill.described": "Sex, age or view by part.",
    "claim.fill.model": "ResNet-{depth} with {width} channels in its first stage, films of {size} px; the graph itself "
    "is in the model file.",
    "claim.fill.software": "Packages and versions.",
    "claim.fill.init": "{init}; the draw has a seed of its own.",
    "claim.fill.training": "Recipe, curves, number of steps; one model was trained.",
    "claim.fill.selection": "The epoch with the best validation figure; without validation films the last one.",
    "claim.fill.ensembling.mean": "The mean logit of {networks} networks, trained on the same batches; moving average "
    "of the weights with decay {decay}.",
    "claim.fill.ensembling": "None; moving average of the weights with decay {decay}.",
    "claim.fill.metrics": "{figures}; the calibration error.",
    "claim.fill.intervals": "95 % intervals over groups for every figure.",
    "claim.fill.audit": "What probes reach without the lungs, leaks, labels drawn at random.",
    "claim.fill.maps": "Class activation maps, checked by deletion, insertion and random weights.",
    "claim.fill.internal": "Test part, n {n}, opened after everything was fixed.",
    "claim.fill.external": "Tests on films from elsewhere: {tests}.",
    "claim.fill.performance": "All figures with interval and n.",
    "claim.fill.by-class": "Sensitivity, specificity and more of each class, with intervals.",
    "claim.fill.by-finding": "Sensitivity and specificity of each finding at each threshold, and how many of the films "
    "that are called present have it, with intervals.",
    "claim.fill.failures": "Confusion matrix and the worst errors with maps. What the films have in common is the "
    "authors' to say.",
    "claim.fill.limits": "Limits that follow from the data and from what was not done.",
    "claim.fill.implications": "Not for clinical use.",
    "claim.fill.protocol": "The recipe, the commands and the checksums.",
    "claim.fill.available": "The model file (weights {weights}). Where it and the data can be had is the authors' to "
    "say.",
    # the audit by finding
    "view.table": "the table alone",
    "finding-audit.views": "What gives each finding away: the AUC from each view of the films; 0.500 is chance. "
    "{mark}: above chance also when all findings and views are looked at together (Holm, 5 %). Views: the outermost "
    "fourteenth of each side; four squares, a seventh of a side wide; all but the lung field; 16 x 16 cells; the "
    "lung field alone. A view that sees lung may be above chance by right; one without lung may not. The table "
    "alone is no film: what the table says of view position, sex, age and site.",
    "finding-audit.sees-lung": "{view} (sees lung)",
    "finding-audit.worst": "Of each finding, the view without lung that gives most of it away. An interval is of "
    "one AUC alone. A verdict holds for all findings and views together, so it takes more than an interval above "
    "0.5.",
    "finding-audit.counts": "With / without",
    "finding-audit.said": "Verdict",
    "finding-audit.view": "View",
    "finding-audit.auc": "AUC",
    "finding-audit.share": "Share of what the model adds",
    "finding-audit.word.untrusted": "cannot be trusted",
    "finding-audit.word.doubted": "in doubt",
    "finding-audit.word.model-adds-nothing": "model not above chance",
    "finding-audit.word.data-untrusted": "data cannot be trusted",
    "finding-audit.word.data-doubted": "data in doubt",
    "finding-audit.word.clear": "no shortcut shown",
    "finding-audit.word.too-few": "too few films",
    "finding-audit.table": "The table probe sees no film, but what the table says: {columns}. Its macro AUC over "
    "the {count} findings that are judged: {macro}.",
    "finding-audit.column.view": "view position",
    "finding-audit.column.sex": "sex",
    "finding-audit.column.age": "age",
    "finding-audit.column.source": "site",
    "finding-audit.above": "The model has {model}: it is above the table probe. The difference: {gain}.",
    "finding-audit.not-above": "The model has {model}. It is not shown to be above a probe that sees no film; the "
    "difference: {gain}.",
    "finding-audit.table-of": "{finding} {auc}",
    "finding-audit.table-alone": "Looked at by itself, the table alone has an AUC above chance for: {findings}. With "
    "all findings and views looked at together, that may be chance.",
    "finding-audit.sites": "Films with and without each finding, by site. An AUC within a site takes {minimum} of "
    "each.",
    "finding-audit.site-unknown": "site unknown",
    "finding-audit.site-few": "{counts}, too few",
    "finding-audit.not-stated": "never stated",
    "finding-audit.verdict.untrusted": "Verdict on {count} of {total} findings ({findings}): a probe that sees one "
    "view without lungs gets at least half of what the model adds over chance. These scores cannot be trusted as "
    "medicine.",
    "finding-audit.verdict.doubted": "Verdict on {count} of {total} findings ({findings}): a probe beats chance "
    "from a view without lungs. Part of these scores may not be medicine.",
    "finding-audit.verdict.model-adds-nothing": "Verdict on {count} of {total} findings ({findings}): the model "
    "adds nothing measurable over chance, while a probe beats it from a view without lungs.",
    "finding-audit.verdict.data-untrusted": "Verdict on {count} of {total} findings ({findings}): a probe reaches "
    "an AUC of 0.75 or more from a view without lungs. No score on these films can be trusted as medicine.",
    "finding-audit.verdict.data-doubted": "Verdict on {count} of {total} findings ({findings}): a probe beats "
    "chance from a view without lungs. Part of any score on these films may not be medicine.",
    "finding-audit.verdict.clear": "Verdict on {count} of {total} findings ({findings}): no view without lungs is "
    "shown to beat chance. Another kind of shortcut may exist, and few films hide a weak one.",
    "finding-audit.verdict.too-few": "No verdict on {count} of {total} findings ({findings}): fewer than {minimum} "
    "judged films have the finding, or fewer than {minimum} do not.",
    "finding-audit.from": "{finding}: {view}",
}
"""By key, as in `plainfilm.locales.en.commands`."""
