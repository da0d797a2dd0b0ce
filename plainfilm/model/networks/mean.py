"""Several networks as one: each learns from the same batches alone, and their mean logit is the answer.

The mean of class maps is the class map of the mean: the map stays the answer, exactly. Features lie side by side.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from plainfilm.model.networks.resnet import Output, ResNet


class MeanOfNetworks(nn.Module):
    """Networks of one shape, whose mean is the answer.

    Args:
        members: at least two, with the same classes, channels and side of the class maps.
    """

    def __init__(self, members: Sequence[ResNet]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, pixels: Tensor) -> Output:
        """(N, C, S, S), as a member takes them -> mean logits, mean class maps, features (N, D of all members)."""
        answers = [member(pixels) for member in self.members]
        return Output(
            torch.stack([answer.logits for answer in answers]).mean(dim=0),
            torch.stack([answer.class_maps for answer in answers]).mean(dim=0),
            torch.cat([answer.features for answer in answers], dim=1),
        )


Network = ResNet | MeanOfNetworks


def members_of(net: Network) -> Sequence[ResNet]:
    """The networks that learn alone: of a single one, itself."""
    return list(net.members) if isinstance(net, MeanOfNetworks) else [net]  # type: ignore[arg-type]


def device_of(net: Network) -> torch.device:
    """Where it computes."""
    return next(net.parameters()).device
