# %% setup
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing
from plainfilm.data import phantom

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}
out = Path("runs/course")
run = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**films, recipe="course", out=out, threads=1)


# %% second
def with_letter(image):
    """The film with a letter in its upper left corner."""
    ImageDraw.Draw(image).text((4, 2), "L", fill=255)
    return image


def from_second(pixels):
    """A film as the second hospital makes it: other greys, softer, with a letter."""
    image = Image.fromarray(pixels).point(lambda grey: round(255 * (grey / 255) ** 0.55))
    return with_letter(image.filter(ImageFilter.GaussianBlur(0.7)))


for name in phantom.CLASSES:
    for number in range(1, 61):
        path = Path("second") / phantom.file_name(name, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        from_second(phantom.draw(name, seed=10, number=number, size=128).pixels).save(path)
paths = sorted(Path("second").glob("*/*.png"))

# %% look
drawn = phantom.draw("COVID", seed=10, number=2, size=128).pixels
first, second = drawing.label("first hospital", "第一家医院"), drawing.label("second hospital", "第二家医院")
drawing.films({first: drawn, second: np.asarray(from_second(drawn))}, side=2.4)

# %% evaluate
tested = {"first": run.test.figures, "second": plainfilm.evaluate(run.model, "second").evaluation.figures}
for name, figures in tested.items():
    print(f"{name:6} accuracy {figures.overall['accuracy']}, sets hold the truth {figures.sets.coverage}")

# %% predict
result = plainfilm.predict(run.model, paths[::6])
result

# %% shift
shift = result.shift
print(f"{shift.films} of {len(result)} films count: {shift.verdict}, distance {shift.distance:.1f}")
print("moved:", *shift.moved)
print("unlike home one by one:", shift.unlike)

# %% single
alike = next(answer for answer in result.answers if not answer.is_refused and not answer.placed.is_unlike)
plainfilm.predict(run.model, alike.path)

# %% mix
home = {name: [PHANTOMS / "films" / row.path for row in run.test.rows if row.label == name] for name in run.classes}
for name, chosen in home.items():
    shift = plainfilm.predict(run.model, chosen).shift
    print(f"{name:15} {shift.films} films: {shift.verdict}, distance {shift.distance:.2f}")
at_home = [path for chosen in home.values() for path in chosen]

# %% guess
for name, figures in tested.items():
    print(f"{name:6} true          {figures.overall['accuracy']}")
    print(f"       by threshold  {figures.guessed.threshold}")
    print(f"       by difference {figures.guessed.difference}")
print(result.as_dict()["guessed"]["message"])

# %% recalibrate
fitted = Path("second.onnx")
fitted.unlink(missing_ok=True)
recalibrated = plainfilm.recalibrate(run.model, "second", out=fitted)
recalibrated

# %% after
for name, chosen in {"first": at_home, "second": paths}.items():
    answered = plainfilm.predict(fitted, chosen)
    refused = sum(answer.is_refused for answer in answered.answers)
    print(f"{name:6} {len(answered)} films, {refused} refused by the input check, the others: {answered.shift.verdict}")

# %% real
if REAL:
    done = Path("runs/real-quick")
    quick = plainfilm.train(resume=done) if done.exists() else plainfilm.train(**REAL, recipe="quick", out=done)
    shift = quick.test.figures.shift
    print(f"{shift.films} patients: {shift.verdict}, distance {shift.distance:.2f}, {shift.unlike} films unlike home")

# %% exercise
lettered = None  # your answer: what plainfilm.predict gives for the films `at_home`, with the letter

# %% check
found = None if lettered is None else lettered.shift
is_right = found is not None and found.films >= 60 and found.is_abroad and "features" not in found.moved
print("not yet" if found is None else "right" if is_right else "try again")

# %% solution
for path in at_home:
    copy = Path("lettered") / path.parent.name / path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    with_letter(Image.open(path)).save(copy)
lettered = plainfilm.predict(run.model, "lettered")
print(f"{lettered.shift.verdict}, distance {lettered.shift.distance:.1f}, moved {lettered.shift.moved}")
right = np.mean([run.classes[answer.predicted] == answer.truth for answer in lettered.answers if answer.is_answered])
print(f"accuracy {right:.1%}, without the letter {run.accuracy}")  # abroad means untested, not worse
