"""Train the embedded intent model: python scripts/train_intent_model.py [--minutes 40] [--seed 7] [--out DIR].

Sentences come from templates written for this project (scripts/nlu/corpus, scripts/intent_model/more.txt); one template
in twelve is held out, for the figures and the calibration in the model's card. Needs the project's packages and those
in scripts/intent_model/requirements.txt. The same seed and the same number of steps make the same model on the same
machine. No test corpus is read here.
"""

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.intent_model.network import Network, Shape
from scripts.intent_model.sentences import NONE, Generator, Sample
from scripts.intent_model.vocabulary import Vocabulary, learn

SLOTS = ("name", "area", "duration", "time", "day", "repeat", "item", "list", "text", "place", "aspect", "query",
         "level", "step", "brightness", "color", "position", "percentage", "temperature")  # fmt: skip
"""In the order in which a call names them."""

MERGES = 2000
BATCH = 64
CHUNK = 32
"""Batches made at a time, sorted by length so that little is padding."""
HELD_EVERY = 12
MATRIX_RATE, RATE, WARM, DECAY = 0.02, 3e-3, 100, 0.02
"""Muon for the layers' matrices and AdamW for the rest: fewer sentences until it has learnt than AdamW alone."""
AVERAGE = 0.995
"""The exported weights are a running mean over the last two hundred steps or so."""
ROUGH = 0.05
"""Share of sentences whose words are cut into smaller pieces than need be, so that rare words
are read by their parts."""


def held_out(generator: Generator, seed: int) -> frozenset[int]:
    """Templates kept from training: one in twelve of each label that has at least six."""
    rng = random.Random(seed)
    by_label: dict[str, list[int]] = {}
    for index, (label, _) in enumerate(generator.rows):
        by_label.setdefault(label, []).append(index)
    return frozenset(
        index for indices in by_label.values() if len(indices) >= 6
        for index in rng.sample(indices, max(1, len(indices) // HELD_EVERY))
    )  # fmt: skip


def vocabulary_of(seed: int, held: frozenset[int], kept: Path) -> Vocabulary:
    """The vocabulary, read from `kept` where an earlier run with this seed left it."""
    if not kept.exists():
        generator = Generator(seed + 2)
        merges = learn((f" {word}" for sample in generator.samples(30_000, held) for word in sample.words), MERGES)
        kept.write_text(json.dumps([merges, tools_of(generator), SLOTS]))
    merges, tools, slots = json.loads(kept.read_text())
    return Vocabulary([(one, other) for one, other in merges], tools, slots)


@torch.no_grad()
def neighbours(network: Network, vocabulary: Vocabulary, samples: Iterator[Sample]) -> None:
    """Let words that keep the same company begin alike: half of each embedding from a table of neighbours."""
    size, width = network.token_embd.weight.shape
    counts = torch.zeros(size, size)
    for sample in samples:
        numbers = torch.tensor(vocabulary.request(sample.words)[:-1])
        for apart in (1, 2, 3):
            counts.index_put_((numbers[:-apart], numbers[apart:]), torch.tensor(1.0 / apart), accumulate=True)
    counts += counts.T.clone()
    expected = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum().clamp(min=1)
    table = (counts / expected.clamp(min=1e-9)).clamp(min=1).log()  # what keeps no company more often than chance: 0
    left, strength, _ = torch.svd_lowrank(table, q=width)
    found = left * strength.sqrt()
    found *= 0.02 / found.std()
    network.token_embd.weight.mul_(0.7).add_(found, alpha=0.7)


def tools_of(generator: Generator) -> list[str]:
    """Every tool that some template calls."""
    found = {sample.tool for index in range(len(generator.rows)) for _ in range(3) if (sample := generator.make(index))}
    return sorted(found - {NONE})


def encode(vocabulary: Vocabulary, sample: Sample, rng: random.Random | None = None) -> tuple[list[int], int]:
    """(tokens, where the answer begins)."""
    prompt = vocabulary.request(sample.words)
    if rng is not None and rng.random() < ROUGH:
        rough = [number for word in sample.words for number in _rough(vocabulary, f" {word}", rng)]
        prompt = [prompt[0], *rough, *prompt[-2:]]
    return prompt + vocabulary.answer(sample.tool, sample.arguments), len(prompt)


def _rough(vocabulary: Vocabulary, piece: str, rng: random.Random) -> list[int]:
    if rng.random() < 0.5 or len(piece) < 4:
        return vocabulary.text(piece)
    cut = rng.randint(2, len(piece) - 1)
    return vocabulary.text(piece[:cut]) + vocabulary.text(piece[cut:])


def batches(vocabulary: Vocabulary, samples: Iterator[Sample], rng: random.Random) -> Iterator[tuple[Tensor, Tensor]]:
    """(tokens, targets), (batch, length); -1 where nothing is to be learnt."""
    while True:
        chunk = [encode(vocabulary, sample, rng) for sample in itertools.islice(samples, BATCH * CHUNK)]
        chunk.sort(key=lambda pair: len(pair[0]))
        groups = [chunk[at : at + BATCH] for at in range(0, len(chunk), BATCH)]
        rng.shuffle(groups)
        for group in groups:
            yield packed(group)


def packed(group: list[tuple[list[int], int]]) -> tuple[Tensor, Tensor]:
    """One batch, padded at the right."""
    length = max(len(tokens) for tokens, _ in group) - 1
    tokens = np.zeros((len(group), length), np.int64)
    targets = np.full((len(group), length), -1, np.int64)
    for row, (numbers, begin) in enumerate(group):
        tokens[row, : len(numbers) - 1] = numbers[:-1]
        targets[row, begin - 1 : len(numbers) - 1] = numbers[begin:]
    return torch.from_numpy(tokens), torch.from_numpy(targets)


@torch.no_grad()
def judge(network: Network, vocabulary: Vocabulary, samples: list[Sample]) -> dict[str, float]:
    """Share of held-out sentences whose tool is right, and whose whole call is (teacher-forced), and false calls."""
    tools = right = whole = outside = false = 0
    for at in range(0, len(samples), BATCH):
        part = samples[at : at + BATCH]
        tokens, targets = packed([encode(vocabulary, sample) for sample in part])
        wanted = targets >= 0
        guess = torch.full_like(targets, -1)
        guess[wanted] = network(tokens, wanted).argmax(-1)
        for row, sample in enumerate(part):
            places = wanted[row].nonzero().flatten()
            first = bool(guess[row, places[0]] == targets[row, places[0]])
            if sample.tool == NONE:
                outside += 1
                false += not first
            else:
                tools += 1
                right += first
                whole += bool((guess[row, places] == targets[row, places]).all())
    return {"tool": right / tools, "call": whole / tools, "false": false / outside}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=40.0, help="ends earlier than --steps when time is up")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("/tmp/intent-model"), help="where weights and figures go")
    parser.add_argument("--go-on", action="store_true", help="begin with the weights that an earlier run left in --out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    generator = Generator(options.seed + 100 * options.go_on)  # not the same sentences again
    held = held_out(generator, options.seed)
    vocabulary = vocabulary_of(options.seed, held, options.out / "vocabulary.json")
    shape = Shape(
        len(vocabulary.tokens), options.width, options.layers, options.width // 32, options.width * 8 // 3 // 32 * 32
    )
    network = Network(shape)
    if options.go_on:
        with np.load(options.out / "weights.npz") as weights:
            network.load_state_dict({name: torch.from_numpy(part) for name, part in weights.items()}, strict=False)
    else:
        neighbours(network, vocabulary, Generator(options.seed + 3).samples(6_000, held))
    average = {name: part.detach().clone() for name, part in network.named_parameters()}
    sheet = list(Generator(options.seed + 1).samples(2000, only=held))
    (options.out / "held-out.json").write_text(json.dumps([[s.words, s.tool, s.arguments] for s in sheet]))
    size = sum(part.numel() for part in network.parameters())
    print(f"{len(generator.rows)} templates, {len(held)} held out; {shape}, {size:,} weights", flush=True)
    matrices = list(network.blk.parameters())
    matrices = [part for part in matrices if part.ndim == 2]
    rest = [network.token_embd.weight, *(part for part in network.parameters() if part.ndim == 1)]
    optimisers = [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=DECAY, momentum=0.95, adjust_lr_fn="original"),
        torch.optim.AdamW(rest, lr=RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]
    rng, began = random.Random(options.seed), time.monotonic()
    stream = batches(vocabulary, generator.samples(10**9, held), rng)
    for step in range(options.steps):
        # by the clock too, so that a slow machine ends with a low rate as well
        progress = max(step / options.steps, (time.monotonic() - began) / (60 * options.minutes))
        if progress >= 1.0:
            break
        share = min((step + 1) / WARM, 0.5 * (1 + np.cos(np.pi * progress)) + 0.01)
        for optimiser, rate in zip(optimisers, (MATRIX_RATE, RATE), strict=True):
            optimiser.param_groups[0]["lr"] = share * rate
        tokens, targets = next(stream)
        wanted = targets >= 0
        with torch.autocast("cpu", torch.bfloat16):
            scores = network(tokens, wanted)
        loss = functional.cross_entropy(scores.float(), targets[wanted])
        network.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        for optimiser in optimisers:
            optimiser.step()
        with torch.no_grad():
            weight = min(AVERAGE, step / (step + 10))
            for name, part in network.named_parameters():
                average[name].lerp_(part, 1 - weight)
        if step % 50 == 49:
            line = f"step {step + 1} {time.monotonic() - began:.0f} s, rates at {share:.3f}, loss {loss.item():.4f}"
            if step % 500 == 499:
                line += f", held out {judge(network, vocabulary, sheet)}"
            save(options.out, network, average)
            print(line, flush=True)
    save(options.out, network, average)
    network.load_state_dict(average, strict=False)
    print(f"done: {step} steps, {time.monotonic() - began:.0f} s, held out {judge(network, vocabulary, sheet)}")


def save(folder: Path, network: Network, average: dict[str, Tensor]) -> None:
    """The mean weights under llama.cpp's names, with the shape."""
    shape = network.shape
    np.savez(folder / "weights.npz", **{name: part.float().numpy() for name, part in average.items()})
    (folder / "shape.json").write_text(
        json.dumps({"layers": shape.layers, "heads": shape.heads, "feed": shape.feed, "context": shape.context,
                    "epsilon": shape.epsilon, "rope": shape.rope})
    )  # fmt: skip


if __name__ == "__main__":
    main()
