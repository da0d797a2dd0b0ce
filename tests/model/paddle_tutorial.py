"""Writes `.pdparams` of the tutorial's network, with inputs and logits: `python paddle_tutorial.py FOLDER NAME...`.

Runs in an environment that has PaddlePaddle, apart from this project's. A NAME is ResNet-DEPTH-WIDTHS-PROTOCOL, for
instance ResNet-18-64.128.256.512-4. The network is the tutorial's as its keys have it: convolutions with biases, each
with its batch-norm in a `net`, `layers` and `shortcut` in a block, `conv1` to `conv5`, `linear`.
"""

import sys
from pathlib import Path

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional as F

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


class ConvNorm(nn.Layer):
    def __init__(self, inputs, outputs, kernel, stride, is_active):
        super().__init__()
        self.is_active = is_active
        self.net = nn.Sequential(nn.Conv2D(inputs, outputs, kernel, stride, kernel // 2), nn.BatchNorm2D(outputs))

    def forward(self, x):
        return F.relu(self.net(x)) if self.is_active else self.net(x)


class Block(nn.Layer):
    def __init__(self, inputs, width, stride, is_bottleneck):
        super().__init__()
        outputs = width * 4 if is_bottleneck else width
        if is_bottleneck:
            parts = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        else:
            parts = [(inputs, width, 3, stride), (width, outputs, 3, 1)]
        self.layers = nn.Sequential(*(ConvNorm(*part, is_active=part is not parts[-1]) for part in parts))
        self.shortcut = ConvNorm(inputs, outputs, 1, stride, False) if inputs != outputs else None

    def forward(self, x):
        return F.relu(self.layers(x) + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Layer):
    def __init__(self, depth, widths):
        super().__init__()
        is_bottleneck, inputs = depth >= 50, 64
        self.conv1 = ConvNorm(3, 64, 7, 2, True)
        for stage, (count, width) in enumerate(zip(BLOCKS[depth], widths, strict=True)):
            blocks = []
            for number in range(count):
                blocks.append(Block(inputs, width, 2 if stage and not number else 1, is_bottleneck))
                inputs = width * 4 if is_bottleneck else width
            setattr(self, f"conv{stage + 2}", nn.Sequential(*blocks))
        self.linear = nn.Sequential(nn.Flatten(1, -1), nn.Linear(inputs, 3))

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 3, 2, 1)
        x = self.conv5(self.conv4(self.conv3(self.conv2(x))))
        return self.linear(F.adaptive_avg_pool2d(x, 1))


def main():
    folder, *names = sys.argv[1:]
    draws = np.random.default_rng(0)
    for name in names:
        _, depth, widths, protocol = name.split("-")
        paddle.seed(0)
        model = ResNet(int(depth), [int(width) for width in widths.split(".")])
        state = model.state_dict()
        for key, value in state.items():  # scales, shifts and biases of all kinds
            if len(value.shape) == 1 and not key.endswith(("_mean", "_variance")):
                is_last = (
                    f"layers.{2 if int(depth) >= 50 else 1}.net.1" in key
                )  # small: each block refines, none explodes
                low, high = (-0.3, 0.3) if is_last or key.endswith("bias") else (0.5, 1.5)
                value.set_value(draws.uniform(low, high, value.shape).astype("float32"))
        coarse = draws.integers(0, 256, (4, 3, 8, 8)).repeat(8, axis=2).repeat(8, axis=3)
        inputs = coarse.astype("float32") / 255
        model.train()
        with paddle.no_grad():
            for _ in range(12):  # statistics of these films
                model(paddle.to_tensor(inputs))
        model.eval()
        with paddle.no_grad():
            logits = model(paddle.to_tensor(inputs)).numpy()
        paddle.save(state, str(Path(folder) / f"{name}.pdparams"), protocol=int(protocol))
        np.savez(Path(folder) / f"{name}.npz", inputs=inputs, logits=logits)


if __name__ == "__main__":
    main()
