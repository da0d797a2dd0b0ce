# %% setup
import zipfile
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

import plainfilm
from plainfilm.course import PHANTOMS, REAL, drawing
from plainfilm.model.networks.resnet import DEPTHS, BasicBlock, Bottleneck, ResNet, shortcut

torch.set_num_threads(1)  # for networks this small more threads only wait for each other

# %% blocks
drawing.blocks(
    {
        "BasicBlock": ["3x3", "batch-norm, ReLU", "3x3", "batch-norm"],
        "Bottleneck": ["1x1", "batch-norm, ReLU", "3x3", "batch-norm, ReLU", "1x1", "batch-norm"],
    },
    {"BasicBlock": drawing.label("shortcut", "残差连接"), "Bottleneck": drawing.label("shortcut", "残差连接")},
)

# %% shortcut
for channels_in, channels_out, stride in ((64, 64, 1), (64, 128, 2), (64, 256, 1)):
    print(
        channels_in, channels_out, stride, "nothing" if shortcut(channels_in, channels_out, stride) is None else "1x1"
    )

# %% shapes
net = ResNet(50, num_classes=3, in_channels=3).eval()
x = torch.zeros(1, 3, 224, 224)
with torch.inference_mode():
    x = net.bn1(net.conv1(x)).relu()
    print("stem   ", tuple(x.shape))
    x = F.max_pool2d(x, 3, 2, 1)
    print("pool   ", tuple(x.shape))
    for name in ("layer1", "layer2", "layer3", "layer4"):
        x = getattr(net, name)(x)
        print(name, "", tuple(x.shape))

# %% depths
print("depth  block       blocks          layers  parameters")
for depth, (is_bottleneck, blocks) in DEPTHS.items():
    net = ResNet(depth, num_classes=3, in_channels=3)
    layers = sum(blocks) * (3 if is_bottleneck else 2) + 2
    count = sum(weight.numel() for weight in net.parameters())
    print(f"{depth:5}  {'Bottleneck' if is_bottleneck else 'BasicBlock':10}  {blocks!s:14}  {layers:6}  {count:,}")


# %% plain
class PlainBlock(BasicBlock):
    """A BasicBlock without its shortcut."""

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)))


def network(block, count, width=16):
    """`count` blocks of one width between a stem and a head."""
    stem = [nn.Conv2d(1, width, 7, 4, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 3)]
    return nn.Sequential(*stem, *(block(width, width, 1) for _ in range(count)), *head)


# %% train
def learn(net, pixels, labels, epochs=8):
    """Train, and give back the loss of each epoch."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)  # a kind of Adam, see chapter 4
    losses = []
    for epoch in range(epochs):
        order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(epoch))
        total = 0.0
        for batch in order.split(32):
            loss = F.cross_entropy(net(pixels[batch]), labels[batch])  # how wrong, see chapter 4
            optimizer.zero_grad()
            loss.backward()  # the gradient
            optimizer.step()  # a small change of every weight
            total += loss.item() * len(batch) / len(pixels)
        losses.append(total)
    return losses


def losses_of(films):
    """The losses of the three networks on films, given as (class, bytes of a file)."""
    classes = sorted({name for name, _ in films})
    small = [plainfilm.preprocess(plainfilm.decode(content).pixels, size=64, channels=1) for _, content in films]
    pixels = torch.stack([torch.from_numpy(film) for film in small]).float() / 255
    labels = torch.tensor([classes.index(name) for name, _ in films])
    losses = {}
    for name, block, count in (
        ("plain, 4 blocks", PlainBlock, 4),
        ("plain, 20 blocks", PlainBlock, 20),
        ("residual, 20 blocks", BasicBlock, 20),
    ):
        torch.manual_seed(0)
        losses[name] = learn(network(block, count), pixels, labels)
    return losses


phantoms = sorted((PHANTOMS / "films").glob("*/*.png"))[::2]  # every second one, which is faster
losses = losses_of([(path.parent.name, path.read_bytes()) for path in phantoms])
figure, (axes,) = drawing.panels(width=5)
drawing.curves(axes, losses, x=drawing.label("epoch", "轮次"), y=drawing.label("training loss", "训练损失"))
drawing.Picture.of(figure)

# %% real
if REAL:
    with zipfile.ZipFile(REAL["sources"]) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))[::20]
        real = [(Path(name).parent.name, archive.read(name)) for name in names]
    for name, values in losses_of(real).items():
        print(f"{name:19}", [round(value, 2) for value in values])

# %% exercise
parameters = None  # your answer: the parameters of a Bottleneck with 256 channels in and out, and 64 in the middle

# %% check
expected = sum(weight.numel() for weight in Bottleneck(256, 64, 1).parameters())
print("not yet" if parameters is None else "right" if parameters == expected else "try again")

# %% solution
convolutions = 256 * 64 + 64 * 64 * 9 + 64 * 256  # no biases: a batch-norm follows each
norms = 2 * (64 + 64 + 256)  # a weight and a bias for each channel
parameters = convolutions + norms  # no convolution on the shortcut: the shape does not change
