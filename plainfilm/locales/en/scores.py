"""Tables of scores that any program wrote, in English: their errors, and what is said of their figures."""

SENTENCES: dict[str, str] = {
    "help.evaluate-model": "A model file (model.onnx); or a table (.csv, .tsv, .txt) of scores that any program wrote: "
    "path, and a probability a class or finding. Scores need --table and no SOURCE.",
    "help.evaluate-source": "Class-per-folder directory, zip, tar, CSV table or index.csv; none for scores.",
    "help.recipe-cells": "What uncertain and blank cells of findings mean in these tables: a recipe's section [task]; "
    "without it, what the model file says.",
    "evaluate-sources-missing": "no SOURCE was given; expected the folder, zip, tar or table of the films to test the "
    "model on; only a table of scores in the place of the model needs none",
    "recipe-without-cells": "beside a model file, --recipe says what uncertain and blank cells of findings mean; the "
    "task of this recipe is {given}, that of the model {expected}; leave --recipe out, or give a recipe of the same "
    "task",
    "scores-with-sources": "{path} is a table of scores, which is judged by --table alone, as no film is opened; leave "
    "{source} out, or give a model file in the place of the scores",
    "scores-without-table": "{path} is a table of scores; give the table that says what its films show with --table",
    "scores-task": "scores are judged as {expected}; the recipe has task.kind = {given}",
    "scores-no-columns": "no column of the scores names what the tables of the films have; its columns: {columns}; the "
    "tables have: {known}; name each column of scores as its class or finding, for instance p_COVID",
    "scores-column-twice": "the columns {columns} of the scores are all of {name}; keep one of them",
    "scores-film-twice": "{path} has several rows about {film}, with different scores in the column {column}: {given}; "
    "expected one row a film",
    "scores-cell-unknown": "{film} has {given} in the column {column}; expected a probability from 0 to 1, with a "
    "decimal point, such as 0.93",
    "scores-cell-blank": "{film} has other scores, and none in the column {column} ({cells} such cells); fill it, or "
    "leave all scores of the film blank, and it is not judged",
    "scores-range": "{film} has {given} in the column {column}, and {beyond} scores are below 0 or above 1; expected "
    "probabilities",
    "scores-logits": "the scores in {path} look like logits: {beyond} of {cells} are below 0 or above 1 ({film}, "
    "{column}: {given}); expected probabilities: {link}",
    "scores-percent": "the scores in {path} look like percentages: {beyond} of {cells} are above 1 ({film}, {column}: "
    "{given}); expected probabilities: divide them by 100",
    "scores-sum": "the probabilities of {films} films in {path} ({columns}) do not sum to 1 within 0.01: {film} has "
    "{sum}; if a film is of one class, apply the softmax over all classes, and name columns of classes that no film "
    "has p_NAME; if it may show several findings, add --recipe findings",
    "scores-none-judged": "none of the {films} films of {path} can be judged: {reasons}",
    "scores-cells-unsaid": "of the cells of {findings}, {uncertain} are uncertain and {blank} blank, and what that "
    'means has no default; give a recipe with --recipe whose section [task] has kind = "findings", uncertain = '
    '"ignore" | "absent" | "present" | 0.5, blank = "ignore" | "absent"',
    "scores.sigmoid": "apply the sigmoid, 1 / (1 + exp(-score)), to each",
    "scores.softmax": "apply the softmax, exp(score) / sum of exp(score), over the classes of each film",
    "scores.left-out-for": "{reason} {films}",
    "scores.reason.no-row": "no row in the tables",
    "scores.reason.no-score": "no score",
    "scores.reason.no-label": "no label, or blank cells alone",
    "scores.reason.several-labels": "several labels in one cell",
    "scores.reason.class-unknown": "label without a column of scores",
    "scores.title": "Test of scores that another program wrote",
    "scores.about": "Films: {films}. Scored: {names}. Every figure comes with its 95 % interval and n, the number of "
    "films.",
    "scores.first": "What was judged",
    "scores.not-ours": "These are scores of another program: plainfilm cannot audit its films or its maps, and cannot "
    "say whether it has seen these films before.",
    "scores.counts": "Scores: {rows} rows about {films} films; {judged} of them are judged.",
    "scores.left-out": "Films with scores that are not judged",
    "scores.table": "Table {table}: {rows} rows, of which {fit} are about a film with scores and {twice} are given "
    "twice.",
    "scores.unfit": "  Rows about films without scores: {rows}.",
    "scores.for-instance": "  For instance: {names}.",
    "scores.taken.classes": "Taken as classes, one a film: {columns}.",
    "scores.taken.findings": "Taken as findings, any number a film: {columns}.",
    "scores.unscored": "Without scores, and not judged: {names}.",
    "scores.further": "Further columns, left out: {names}.",
    "scores.others": "{count} whose names are not known here",
    "scores.these": "the films of the tables",
    "scores.copies": "No film was opened, so copies of a film are not known.",
    "scores.patients": "The patient is known of {known} of {films} films; each of the others counts as a patient of "
    "its own.",
    "scores.results": "Results",
    "scores.thresholds": "Thresholds",
    "scores.name": "Of",
    "scores.films": "With / without it",
    "scores.threshold": "Threshold",
    "scores.thresholds-table": "Thresholds: 0.5, and those for a sensitivity",
    "scores.cross-fitted": "A threshold for a sensitivity is fitted on all of these films, and takes more than 9, 19 "
    "or 99 patients with it. What it gives is measured with the films of each patient called at a threshold that was "
    "fitted without that patient. So it holds for films to come from the same place, and for no other place.",
    "scores.prevalence": "Predictive values if {prevalence:g} % of the films are {name}, and all are like these",
    "scores.origin": "Which files these are",
    "scores.origin.scores": "The table of scores",
    "scores.origin.table": "Table {number} of the films",
    "scores.written": "Written: {folder}",
}
