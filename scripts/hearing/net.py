"""The acoustic network: a small time-delay network with factored layers, trained with CTC.

40 log-mel bins at 10 ms in, log probabilities of blank and 39 phones at 30 ms out. All convolutions are "valid":
the caller repeats the edge frame `context` times on each side, which is what Kaldi does at the ends of an utterance.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

RESIDUAL = 0.66
MEAN, SCALE = 6.0, 4.0
"""Fixed normalisation of log-mel input; folded into the first layer at export."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. The defaults give 1.8 M parameters."""

    outputs: int = 40
    front: int = 192
    hidden: int = 384
    bottleneck: int = 112
    layers: int = 9

    @property
    def context(self) -> int:
        """10 ms frames needed on each side of the first and last output."""
        return 3 + 3 * self.layers


class Factored(nn.Module):
    """linear over (t-1, t) to the bottleneck, affine over (t, t+1) back, batch norm, ReLU, plus 0.66 of the input."""

    def __init__(self, hidden: int, bottleneck: int) -> None:
        super().__init__()
        self.lin = nn.Conv1d(hidden, bottleneck, 2, bias=False)
        self.aff = nn.Conv1d(bottleneck, hidden, 2)
        self.bn = nn.BatchNorm1d(hidden)

    def forward(self, x: Tensor, jitter: float) -> Tensor:
        """(B, hidden, T) → (B, hidden, T - 2). `jitter` is the width of a multiplicative noise per channel."""
        y = nnf.relu(self.bn(self.aff(self.lin(x))))
        if self.training and jitter > 0:
            y = y * (1 + (torch.rand(y.shape[0], y.shape[1], 1) * 2 - 1) * jitter).to(y.dtype)
        return y + RESIDUAL * x[:, :, 1:-1]


class Net(nn.Module):
    """See the module's text."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        s = self.shape
        self.c1 = nn.Conv1d(40, s.front, 5)
        self.b1 = nn.BatchNorm1d(s.front)
        self.c2 = nn.Conv1d(s.front, s.hidden, 3, stride=3)
        self.b2 = nn.BatchNorm1d(s.hidden)
        self.blocks = nn.ModuleList([Factored(s.hidden, s.bottleneck) for _ in range(s.layers)])
        self.out = nn.Conv1d(s.hidden, s.outputs, 1)
        self.middle = nn.Conv1d(s.hidden, s.outputs, 1)  # a second CTC loss half way; training only

    def forward(self, mel: Tensor, jitter: float = 0.0) -> tuple[Tensor, Tensor]:
        """(B, T + 2 context, 40) → two (ceil(T/3) and more frames for the middle one, B, 40) log probabilities."""
        x = ((mel - MEAN) / SCALE).transpose(1, 2)
        x = nnf.relu(self.b1(self.c1(x)))
        x = nnf.relu(self.b2(self.c2(x)))
        half = x
        for number, block in enumerate(self.blocks):
            x = block(x, jitter)
            if number == len(self.blocks) // 2:
                half = x
        final = nnf.log_softmax(self.out(x).float(), 1).permute(2, 0, 1)
        middle = nnf.log_softmax(self.middle(half).float(), 1).permute(2, 0, 1)
        return final, middle
