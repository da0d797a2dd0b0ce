# %% setup
import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing
from plainfilm.data import phantom

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}

# %% classes
drawn = [phantom.draw(name, seed=4, number=2, size=128) for name in phantom.CLASSES]
drawing.films({film.label: film.pixels for film in drawn}, outlines=[film.opacities for film in drawn], side=2.2)

# %% index
plainfilm.index(**films, recipe="course")

# %% rows
for film in plainfilm.index(**films, recipe="course").index.rows[:4]:
    print(film.path, film.label, film.patient, film.split, film.image_id[:8])

# %% tutorial-split
tutorial = plainfilm.index(**films, recipe="tutorial")
print(str(tutorial).splitlines()[-1])

# %% real
if REAL:
    for recipe in ("tutorial", "fast"):
        found = plainfilm.index(**REAL, recipe=recipe)
        counts = {name: sum(row.label == name for row in found.index.rows) for name in found.classes}
        torn = set(found.index.straddling())  # the groups with films in several parts
        tested = [row for row in found.index.rows if row.split == "test"]
        print(recipe, counts, f"{sum(row.group in torn for row in tested)} of {len(tested)} test films leak")

# %% exercise
groups_in_both = None  # your answer: how many groups have films in training and in test, in `tutorial`?

# %% check
rows = tutorial.index.rows
expected = len({row.group for row in rows if row.split == "train"} & {row.group for row in rows if row.split == "test"})
print("not yet" if groups_in_both is None else "right" if groups_in_both == expected else "try again")

# %% solution
parts = {}
for row in tutorial.index.rows:
    parts.setdefault(row.group, set()).add(row.split)
groups_in_both = sum({"train", "test"} <= found for found in parts.values())
