"""Train the intent classifier: python scripts/nlu/train_intents.py [--seed 7] [--held-out] [--out FILE].

A softmax over hashed features (assistant/nlu/features.py), trained with Adagrad in numpy on sentences generated
from scripts/nlu/corpus. --held-out keeps a fifth of the templates for testing and writes nothing: accuracy on
templates never seen is the figure to choose settings by. No test corpus is read here.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

import itertools

from generate import disturb, expand, lexicon, templates, variety

from assistant.nlu.features import BUCKETS, bucket, features, habitual, marked
from assistant.nlu.intent import Class
from assistant.nlu.kinds import kind_of_label
from assistant.nlu.politeness import without_courtesy
from assistant.nlu.spans import abstract
from assistant.nlu.words import clean

TODAY = date(2026, 3, 4)

Array = npt.NDArray[Any]
Samples = list[tuple[str, list[str], int]]
"""(label, marked words, number of the template)."""


def sentences(rows: list[tuple[str, str]], per_label: int, rng: random.Random) -> Samples:
    """[(label, words, template index)] generated from (label, template) rows, without duplicates in a label."""
    words = lexicon()
    by_label: dict[str, list[tuple[int, str]]] = {}
    for index, (label, template) in enumerate(rows):
        by_label.setdefault(label, []).append((index, template))
    out = []
    for label, group in by_label.items():
        weights = [min(variety(template), 60.0) ** 0.5 for _, template in group]
        count = per_label * (3 if label.startswith("oos.") else 1)
        count = int(count * min(4.0, max(0.25, (sum(weights) / 60) ** 0.6)))
        for index, template in rng.choices(group, weights, k=count):
            text = clean(disturb(expand(template, words, rng), rng)).split()
            if not text:
                continue
            text = without_courtesy(text) if rng.random() < 0.7 else text
            out.append((label, marked(abstract(text, TODAY)), index))
    return out


def pack(samples: Samples, labels: list[str]) -> tuple[Array, Array]:
    """(rows × features padded with BUCKETS, targets)."""
    lists = [features(words) for _, words, _ in samples]
    width = min(260, max(map(len, lists)))
    table = np.full((len(lists), width), BUCKETS, dtype=np.int32)
    for row, values in enumerate(lists):
        table[row, : min(width, len(values))] = values[:width]
    return table, np.array([labels.index(label) for label, _, _ in samples], dtype=np.int32)


def train(
    table: Array, targets: Array, classes: int, *, epochs: int, rate: float, decay: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Weights (BUCKETS + 1, classes) float32; the last row is padding and stays zero."""
    weights = np.zeros((BUCKETS + 1, classes), dtype=np.float32)
    seen = np.full((BUCKETS + 1, 1), 1e-4, dtype=np.float32)
    bias = np.zeros(classes, dtype=np.float32)
    batch = 256
    for epoch in range(epochs):
        order, loss = rng.permutation(len(targets)), 0.0
        for start in range(0, len(order), batch):
            pick = order[start : start + batch]
            index = table[pick]
            keep = rng.random(index.shape) > 0.1  # feature dropout: no single word decides
            index = np.where(keep, index, BUCKETS)
            index = index[:, : max(1, int((index < BUCKETS).sum(1).max()) + 26)]
            size = np.sqrt((index < BUCKETS).sum(1, keepdims=True) + 1.0).astype(np.float32)
            scores = weights[index].sum(1) / size + bias
            scores -= scores.max(1, keepdims=True)
            probabilities = np.exp(scores)
            probabilities /= probabilities.sum(1, keepdims=True)
            rows = np.arange(len(pick))
            loss -= float(np.log(probabilities[rows, targets[pick]] + 1e-9).sum())
            gradient = probabilities
            gradient[rows, targets[pick]] -= 0.96
            gradient += 0.04 / classes * -1.0
            gradient /= size
            flat = index.ravel()
            sort = np.argsort(flat, kind="stable")
            flat = flat[sort]
            first = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
            buckets = flat[first]
            summed = np.add.reduceat(gradient[sort // index.shape[1]], first)
            live = buckets < BUCKETS
            buckets, summed = buckets[live], summed[live] / len(pick)
            seen[buckets] += (summed**2).mean(1, keepdims=True)
            weights[buckets] -= rate * summed / np.sqrt(seen[buckets])
            bias -= 0.02 * rate * (gradient * size).mean(0)
        weights *= 1 - decay
        print(f"epoch {epoch + 1}: loss {loss / len(order):.4f}", flush=True)
    return weights, bias


def predict(weights: Array, bias: Array, table: Array) -> Array:
    """Class probabilities (n, classes)."""
    out = []
    for start in range(0, len(table), 512):
        index = table[start : start + 512]
        size = np.sqrt((index < BUCKETS).sum(1, keepdims=True) + 1.0)
        scores = weights[index].sum(1) / size + bias
        scores -= scores.max(1, keepdims=True)
        probabilities = np.exp(scores)
        out.append(probabilities / probabilities.sum(1, keepdims=True))
    return np.concatenate(out)


def habits(samples: Samples) -> Array:
    """How surprising a pair of neighbouring words is in a request, in eighths of a bit, by hash: uint8 (BUCKETS,).

    Opposites share their counts, since they share their words (features.habitual).
    """
    pairs, singles = Counter(), Counter()
    for label, words, _ in samples:
        if label.startswith("oos."):
            continue
        padded = ["^", *habitual(words), "$"]
        for one, other in itertools.pairwise(padded):
            pairs[bucket(f"h {one} {other}")] += 1
            singles[one] += 1
    table = np.full(BUCKETS, 255, dtype=np.uint8)
    seen = {}
    for label, words, _ in samples:
        if not label.startswith("oos."):
            padded = ["^", *habitual(words), "$"]
            for one, other in itertools.pairwise(padded):
                seen[f"h {one} {other}"] = singles[one]
    for name, total in seen.items():
        bits = np.log2((total + 40.0) / pairs[bucket(name)])
        table[bucket(name)] = min(table[bucket(name)], int(np.clip(8 * bits, 0, 160)))
    return table


def save(path: Path, weights: Array, bias: Array, labels: list[str], habit: Array) -> None:
    """Weights as int8 with one scale a class, gzip-compressed numpy archive."""
    body = weights[:BUCKETS]
    scale = np.maximum(np.abs(body).max(0) / 127, 1e-8).astype(np.float32)
    quantised = np.clip(np.round(body / scale), -127, 127).astype(np.int8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, weights=quantised, scale=scale, bias=bias.astype(np.float32),
        habits=habit, labels=np.array(json.dumps(labels)), temperature=np.float32(1.0),
    )  # fmt: skip


def reliability(probabilities: Array, targets: Array, labels: list[str]) -> list[str]:
    """Lines: how often a class of request named with some probability is right, and how often talk is taken for one."""
    kinds = [kind_of_label(label) for label in labels]
    names = sorted(set(kinds))
    shares = np.stack([probabilities[:, [kind is name for kind in kinds]].sum(1) for name in names], axis=1)
    guess, best = shares.argmax(1), shares.max(1)
    truth = np.array([names.index(kinds[target]) for target in targets])
    acts = np.array([name not in (Class.OUT_OF_SCOPE, Class.ASSISTANT, Class.SUMS) for name in names])
    lines = []
    for low, high in ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01)):
        part = (best >= low) & (best < high) & acts[guess]
        if part.any():
            right = (guess[part] == truth[part]).mean()
            lines.append(f"  class named with {low:.1f}-{min(high, 1.0):.1f}: right {right:.2f}, n={part.sum()}")
    for accept in (0.4, 0.5, 0.6):
        talk, asked = ~acts[truth], acts[truth]
        fired = acts[guess] & (best >= accept)
        found = (fired & (guess == truth))[asked].mean()
        lines.append(
            f"  accept {accept}: talk taken for a command {fired[talk].mean():.3f}, commands found {found:.3f}"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--per-label", type=int, default=480)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[2] / "models/embedded/intent-classifier/intents.npz"
    )
    options = parser.parse_args()
    rng, numbers = random.Random(options.seed), np.random.default_rng(options.seed)
    rows = list(templates())
    labels = sorted({label for label, _ in rows})
    started = time.time()
    samples = sentences(rows, options.per_label, rng)
    print(
        f"{len(rows)} templates, {len(labels)} labels, {len(samples)} sentences, {time.time() - started:.0f} s",
        flush=True,
    )
    table, targets = pack(samples, labels)
    source = np.array([index for _, _, index in samples])
    if options.held_out:
        counts = Counter(label for label, _ in rows)
        held = {index for index, (label, _) in enumerate(rows) if counts[label] > 3 and rng.random() < 0.2}
        test = np.isin(source, list(held))
        weights, bias = train(
            table[~test],
            targets[~test],
            len(labels),
            epochs=options.epochs,
            rate=options.rate,
            decay=options.decay,
            rng=numbers,
        )
        for name, part in (("seen templates", ~test), ("held-out templates", test)):
            chosen = numbers.permutation(np.flatnonzero(part))[:9000]
            probabilities = predict(weights, bias, table[chosen])
            guess = probabilities.argmax(1)
            broad = np.array([label.startswith("oos.") for label in labels])
            right, scope = (guess == targets[chosen]).mean(), (broad[guess] == broad[targets[chosen]]).mean()
            print(f"{name}: label accuracy {right:.3f}, in/out of scope {scope:.3f}, n={len(chosen)}")
            for line in reliability(probabilities, targets[chosen], labels):
                print(line)
        return
    weights, bias = train(
        table,
        targets,
        len(labels),
        epochs=options.epochs,
        rate=options.rate,
        decay=options.decay,
        rng=numbers,
    )
    save(options.out, weights, bias, labels, habits(samples))
    print(f"wrote {options.out}: {options.out.stat().st_size / 1e6:.2f} MB, {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
