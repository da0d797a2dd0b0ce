# %% setup
from dataclasses import replace
from pathlib import Path

import plainfilm
from plainfilm.course import PHANTOMS, drawing
from plainfilm.data.film_index import reopen

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}
recipe = plainfilm.load_recipe("tutorial")
recipe = replace(  # a small network, for phantoms
    recipe,
    model=replace(recipe.model, depth=18, width=16),
    training=replace(recipe.training, sizes_px=(96,), batch_size=16, learning_rate=3e-3, precision="float32"),
)
# films, recipe = plainfilm.course.REAL, "tutorial"  # the original's films, the original's network

# %% index
index = plainfilm.index(**films, recipe=recipe)
index

# %% network
from plainfilm.model.networks.resnet import ResNet

for depth in (18, 34, 50, 101, 152):
    net = ResNet(depth, num_classes=3, in_channels=3)
    print(f"ResNet-{depth}: {sum(weight.numel() for weight in net.parameters()):,} parameters")

# %% train
run = plainfilm.train(**films, recipe=recipe, out="runs/tutorial", threads=1)
print(*run.lines, sep="\n")

# %% figure
drawing.Picture.at(run.folder / "figures" / "history.png")

# %% evaluate
tutorial = run.test.figures.tutorial
print(f"Eval \t Loss:{tutorial.loss:.5f},Acc:{tutorial.accuracy:.5f}")
print(run.accuracy)

# %% predict
opened = reopen(index.index)  # the folder or archive
for row in index.index.rows:
    if row.split == "predict":
        film = Path("three") / row.label / Path(row.path).name
        film.parent.mkdir(parents=True, exist_ok=True)
        film.write_bytes(opened.read(row.entry))
plainfilm.predict(run.model, "three", override=True)
