"""Train the acoustic network with CTC on the shards of a folder; new shards are picked up while training runs.

    python -m scripts.hearing.train --data data --out checkpoint.pt --steps 5000

One CPU thread, bfloat16 products. Muon for the convolutions, AdamW for the rest; one cosine over the whole time; the
exported weights are an exponential average. `--resume` continues from the checkpoint with a fresh cosine.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor, nn

from scripts.hearing.augment import batch
from scripts.hearing.net import Net, Shape

BATCH = 48
EMPTY_SHARE = 0.04
WEIGHT = {"natural": 1.5, "espeak": 1.0}
"""How much more often an utterance of a shard family is drawn than one of the others."""


class Shards:
    """The utterances of all shards seen so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[Path] = set()
        self.clips: list[NDArray[np.float16]] = []
        self.labels: list[NDArray[np.int16]] = []
        self.weights: list[float] = []

    def refresh(self) -> bool:
        """Read shards that appeared since the last call."""
        new = [p for p in sorted(self._folder.glob("*.npz")) if p not in self._seen and ".part" not in p.name]
        for path in new:
            data = np.load(path)
            ends, label_ends = np.cumsum(data["fl"]), np.cumsum(data["ll"])
            frames, labels = data["f"], data["l"]
            weight = WEIGHT.get(path.name.split("-")[0], 1.0)
            self.clips += np.split(frames, ends[:-1])
            self.labels += np.split(labels, label_ends[:-1])
            self.weights += [weight] * len(ends)
            self._seen.add(path)
            print(f"read {path.name}: {len(self.clips)} utterances", flush=True)
        return bool(new)


def orthogonalised(update: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrix by five Newton-Schulz steps (Muon), scaled to keep the update's size."""
    x = update / (update.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = (x.T if tall else x).bfloat16()
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    x = (x.T if tall else x).float()
    return x * max(1.0, update.shape[0] / update.shape[1]) ** 0.5


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalised updates for weights of two or more dimensions (flattened to out x rest)."""

    def __init__(self, weights: list[nn.Parameter], lr: float, momentum: float = 0.95, decay: float = 0.01) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002  the base class has it
        """One update."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                speed = self.state[weight].setdefault("speed", torch.zeros_like(weight))
                speed.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(speed, group["momentum"])
                update = orthogonalised(ahead.reshape(len(ahead), -1)).view_as(weight)
                weight.mul_(1 - group["lr"] * group["decay"]).add_(update, alpha=-group["lr"])


def batches(rng: np.random.Generator, shards: Shards, count: int) -> list[NDArray[np.int64]]:
    """`count` batches of indices with clips of similar length, drawn by the shards' weights."""
    weight = np.asarray(shards.weights)
    drawn = rng.choice(len(weight), count * BATCH, p=weight / weight.sum())
    length = np.array([len(shards.clips[i]) for i in drawn]) + rng.normal(0, 12, len(drawn))
    rows = drawn[np.argsort(length)].reshape(count, BATCH)
    rng.shuffle(rows)
    return list(rows)


def main() -> int:
    """Train."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    length = options.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int, help="updates; the same steps, seed and shards give the same weights")
    length.add_argument("--minutes", type=float, help="wall clock, for a machine that is shared")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--rate", type=float, default=0.02, help="Muon's; AdamW takes a tenth")
    options.add_argument("--adam", action="store_true", help="AdamW for everything (for comparison)")
    options.add_argument("--resume", type=Path, help="start from this checkpoint's average")
    options.add_argument("--start-strength", type=float, default=0.35)
    args = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    shards = Shards(args.data)
    shards.refresh()
    noises = np.load(args.data / "noises.npy")
    shape = Shape()
    net = Net(shape)
    if args.resume:
        net.load_state_dict(torch.load(args.resume, weights_only=True)["weights"])
    average = {name: value.detach().clone() for name, value in net.state_dict().items()}
    matrices = (
        []
        if args.adam
        else [p for n, p in net.named_parameters() if p.ndim == 3 and n.split(".")[0] not in ("out", "middle")]
    )
    chosen = {id(p) for p in matrices}
    rest = [p for p in net.parameters() if id(p) not in chosen]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, lr=1e-3, weight_decay=1e-3, betas=(0.9, 0.98))]
    peaks = [args.rate / 10]
    if matrices:
        optimisers.append(Muon(matrices, lr=args.rate))
        peaks.append(args.rate)
    print(f"{sum(p.numel() for p in net.parameters())} parameters", flush=True)
    start = report = time.monotonic()
    step, running, plan = 0, math.nan, []
    saved = start
    context = shape.context
    while (done := step / args.steps if args.steps else (time.monotonic() - start) / 60 / args.minutes) < 1:
        if not plan:
            shards.refresh()
            plan = batches(rng, shards, 60)
        strength = min(1.0, args.start_strength + (1 - args.start_strength) * done / 0.3)
        shape_rate = min(1.0, (step + 1) / 150) * (
            1.0 if done < 0.2 else 0.5 * (1 + math.cos(math.pi * (done - 0.2) / 0.8)) + 0.005
        )
        for optimiser, peak in zip(optimisers, peaks, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * shape_rate
        row = plan.pop()
        empty = rng.random(len(row)) < EMPTY_SHARE * (strength > 0.5)
        clips = [
            np.zeros((0, 40), np.float32) if e else shards.clips[i].astype(np.float32)
            for i, e in zip(row, empty, strict=True)
        ]
        targets = [np.zeros(0, np.int16) if e else shards.labels[i] for i, e in zip(row, empty, strict=True)]
        mel = torch.from_numpy(batch(rng, clips, noises, strength))
        mel = nnf.pad(mel.transpose(1, 2), (context, context), mode="replicate").transpose(1, 2)
        sizes = torch.tensor([len(t) for t in targets])
        flat = torch.from_numpy(np.concatenate(targets).astype(np.int64))
        with torch.autocast("cpu", torch.bfloat16):
            outputs = net(mel, 0.2)
        losses = [
            nnf.ctc_loss(out, flat, torch.full((len(row),), out.shape[0]), sizes, reduction="none", zero_infinity=True)
            / torch.clamp(sizes, min=12)
            for out in outputs
        ]
        loss = losses[0].mean() + 0.25 * losses[1].mean()
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(rest, 5.0)
        for optimiser in optimisers:
            optimiser.step()
        step += 1
        running = losses[0].mean().item() if math.isnan(running) else 0.98 * running + 0.02 * losses[0].mean().item()
        keep = min(0.998, step / (step + 30))
        with torch.no_grad():
            for name, value in net.state_dict().items():
                if value.dtype.is_floating_point:
                    average[name].lerp_(value, 1 - keep)
                else:
                    average[name].copy_(value)
        now = time.monotonic()
        if step % 50 == 0:
            speed, minutes = (now - report) / 50, (now - start) / 60
            state = f"loss {running:.3f} rate {shape_rate:.3f} strength {strength:.2f}"
            print(f"{step} {state} {minutes:.1f} min {speed:.2f} s/step", flush=True)
            report = now
        if now - saved > 180:
            save(args.out, average, shape, step)
            saved = now
    save(args.out, average, shape, step)
    print(f"done: {step} steps, loss {running:.3f}")
    return 0


def save(path: Path, weights: dict[str, Tensor], shape: Shape, step: int) -> None:
    """Write the averaged weights, atomically."""
    partial = path.with_suffix(".part")
    sizes = {name: getattr(shape, name) for name in ("outputs", "front", "hidden", "bottleneck", "layers")}
    torch.save({"weights": weights, "shape": sizes, "step": step}, partial)
    partial.rename(path)


if __name__ == "__main__":
    sys.exit(main())
