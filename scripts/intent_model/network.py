"""The network: the llama architecture as llama.cpp computes it, small."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network."""

    vocabulary: int
    width: int = 192
    layers: int = 5
    heads: int = 6
    feed: int = 512
    context: int = 128
    epsilon: float = 1e-5
    rope: float = 10_000.0


class Layer(nn.Module):
    """Attention and a gated feed-forward part, each behind its norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(width, shape.epsilon)
        self.ffn_norm = nn.RMSNorm(width, shape.epsilon)
        self.attn_q = nn.Linear(width, width, bias=False)
        self.attn_k = nn.Linear(width, width, bias=False)
        self.attn_v = nn.Linear(width, width, bias=False)
        self.attn_output = nn.Linear(width, width, bias=False)
        self.ffn_gate = nn.Linear(width, shape.feed, bias=False)
        self.ffn_up = nn.Linear(width, shape.feed, bias=False)
        self.ffn_down = nn.Linear(shape.feed, width, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], later: Tensor) -> Tensor:
        batch, length, width = x.shape
        seen = self.attn_norm(x)

        def split(part: nn.Linear) -> Tensor:
            return part(seen).view(batch, length, self.heads, width // self.heads).transpose(1, 2)

        query, key, value = turned(split(self.attn_q), turn), turned(split(self.attn_k), turn), split(self.attn_v)
        # spelled out: for lengths of twenty the fused one took half of a whole step's time, nearly all in its gradient
        scores = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5 + later
        mixed = scores.float().softmax(-1).type_as(value) @ value
        x = x + self.attn_output(mixed.transpose(1, 2).reshape(batch, length, width))
        seen = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(seen)) * self.ffn_up(seen))


def turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions over neighbouring pairs, as ggml's plain mode has them."""
    cos, sin = turn
    one, other = x[..., 0::2], x[..., 1::2]
    return torch.stack((one * cos - other * sin, one * sin + other * cos), -1).flatten(-2).type_as(x)


class Network(nn.Module):
    """Token numbers to scores; the output matrix is the embedding."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, shape.epsilon)
        half = shape.width // shape.heads // 2
        steps = torch.arange(shape.context)[:, None] * shape.rope ** (-torch.arange(half) / half)
        self.register_buffer("cos", steps.cos(), persistent=False)
        self.register_buffer("sin", steps.sin(), persistent=False)
        unseen = torch.full((shape.context, shape.context), -torch.inf).triu(1)
        self.register_buffer("later", unseen, persistent=False)
        for name, part in self.named_parameters():
            if part.ndim == 2:
                shrink = (2 * shape.layers) ** -0.5 if name.endswith(("attn_output.weight", "ffn_down.weight")) else 1.0
                nn.init.normal_(part, std=shrink * (0.02 if "embd" in name else shape.width**-0.5 * 0.8))

    def forward(self, tokens: Tensor, wanted: Tensor) -> Tensor:
        """Scores (places, vocabulary) at the places of `tokens` (batch, length) where `wanted` is true."""
        length = tokens.shape[1]
        x = self.token_embd(tokens)
        for layer in self.blk:
            x = layer(x, (self.cos[:length], self.sin[:length]), self.later[:length, :length])
        return functional.linear(self.output_norm(x[wanted]), self.token_embd.weight)
