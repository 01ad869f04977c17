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

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from generate import disturb, expand, lexicon, templates, variety  # noqa: E402

from assistant.nlu.features import BUCKETS, features, marked  # noqa: E402
from assistant.nlu.politeness import without_courtesy  # noqa: E402
from assistant.nlu.spans import abstract  # noqa: E402
from assistant.nlu.words import clean  # noqa: E402

TODAY = date(2026, 3, 4)


def sentences(rows, per_label, rng):
    """[(label, words, template index)] generated from (label, template) rows, without duplicates in a label."""
    words = lexicon()
    by_label: dict[str, list[tuple[int, str]]] = {}
    for index, (label, template) in enumerate(rows):
        by_label.setdefault(label, []).append((index, template))
    out = []
    for label, group in by_label.items():
        weights = [min(variety(template), 60.0) ** 0.5 for _, template in group]
        count = per_label * (3 if label.startswith("oos.") else 1)
        count = int(count * min(1.6, max(0.25, (sum(weights) / 60) ** 0.6)))
        for index, template in rng.choices(group, weights, k=count):
            text = clean(disturb(expand(template, words, rng), rng)).split()
            if not text:
                continue
            text = without_courtesy(text) if rng.random() < 0.7 else text
            out.append((label, marked(abstract(text, TODAY)), index))
    return out


def pack(samples, labels):
    """(rows × features padded with BUCKETS, targets)."""
    lists = [features(words) for _, words, _ in samples]
    width = min(260, max(map(len, lists)))
    table = np.full((len(lists), width), BUCKETS, dtype=np.int32)
    for row, values in enumerate(lists):
        table[row, : min(width, len(values))] = values[:width]
    return table, np.array([labels.index(label) for label, _, _ in samples], dtype=np.int32)


def train(table, targets, classes, *, epochs, rate, decay, rng, log):
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
        log(f"epoch {epoch + 1}: loss {loss / len(order):.4f}")
    return weights, bias


def predict(weights, bias, table):
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


def save(path, weights, bias, labels, temperature):
    """Weights as int8 with one scale a class, gzip-compressed numpy archive."""
    body = weights[:BUCKETS]
    scale = np.maximum(np.abs(body).max(0) / 127, 1e-8).astype(np.float32)
    quantised = np.clip(np.round(body / scale), -127, 127).astype(np.int8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, weights=quantised, scale=scale, bias=bias.astype(np.float32),
        labels=np.array(json.dumps(labels)), temperature=np.float32(temperature),
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--per-label", type=int, default=1400)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--temperature", type=float, default=1.0)
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
            log=lambda line: print(line, flush=True),
        )
        for name, part in (("seen templates", ~test), ("held-out templates", test)):
            chosen = np.flatnonzero(part)[:6000] if name[0] == "s" else np.flatnonzero(part)
            probabilities = predict(weights, bias, table[chosen])
            guess = probabilities.argmax(1)
            broad = np.array([label.startswith("oos.") for label in labels])
            print(
                f"{name}: label accuracy {(guess == targets[chosen]).mean():.3f}, in/out of scope {(broad[guess] == broad[targets[chosen]]).mean():.3f}, n={len(chosen)}"
            )
        return
    weights, bias = train(
        table,
        targets,
        len(labels),
        epochs=options.epochs,
        rate=options.rate,
        decay=options.decay,
        rng=numbers,
        log=lambda line: print(line, flush=True),
    )
    save(options.out, weights, bias, labels, options.temperature)
    print(f"wrote {options.out}: {options.out.stat().st_size / 1e6:.2f} MB, {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
