# %% setup
from pathlib import Path

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing

# %% marked
paths = {name: PHANTOMS / "marked" / name / f"{name}-0002.png" for name in ("NORMAL", "Viral_Pneumonia", "COVID")}
drawing.films({name: plainfilm.decode(path.read_bytes()).pixels for name, path in paths.items()}, side=2.4)

# %% train
out = Path("runs/marked")
begun = out.exists()
run = (
    plainfilm.train(resume=out) if begun else plainfilm.train(PHANTOMS / "marked", recipe="course", out=out, threads=1)
)
print("own test:", run.accuracy)
print(f"mean probability of the answer: {run.test.probabilities.max(axis=1).mean():.2f}")

# %% elsewhere
elsewhere = plainfilm.evaluate(run.model, PHANTOMS / "elsewhere")
print("elsewhere:", elsewhere.accuracy)
print(*elsewhere.evaluation.figures.confusion.counts, sep="\n")
print(f"mean probability of the answer: {elsewhere.evaluation.probabilities.max(axis=1).mean():.2f}")

# %% audit
audit = plainfilm.audit(run.folder)
audit

# %% real
if REAL:
    found = plainfilm.audit(**REAL, recipe="fast").found.shortcuts
    for view in found.views:
        print(f"{view.name:10} {view.accuracy}")

# %% copies
films = plainfilm.index(PHANTOMS / "films", table=PHANTOMS / "films.csv", recipe="course").index.rows
for film in films:
    if "duplicate-near" in film.problems:
        print(film.path, film.group, film.split)

# %% exercise
covid_elsewhere = None  # your answer: how many of the 40 normal films of `elsewhere` does the model call COVID?

# %% check
counts, classes = elsewhere.evaluation.figures.confusion.counts, elsewhere.card.class_names
expected = counts[classes.index("NORMAL")][classes.index("COVID")]
print("not yet" if covid_elsewhere is None else "right" if covid_elsewhere == expected else "try again")

# %% solution
answers = plainfilm.predict(run.model, PHANTOMS / "elsewhere" / "NORMAL", override=True).answers
covid_elsewhere = sum(elsewhere.card.class_names[answer.predicted] == "COVID" for answer in answers)
