#!/usr/bin/env python3
# ruff: noqa: E501, ANN202, ANN001 - vocabulary and templates read better in long lines
"""Train models/embedded/privacy/classifier.npz on generated sentences; prints the accuracy on held-out templates.

python scripts/routing/lexicon.py DIR        # makes the dictionaries and DIR/vocabulary.json
python scripts/routing/train.py DIR [--sentences 40000] [--epochs 3] [--seed 7]
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from generate import CLASSES, Generator, templates

from assistant.routing.features import BUCKETS, SENSITIVE, Reading, features, read
from assistant.routing.lexicon import CONCEPTS, default_lexicon, privacy_dir

SHARE = {"benign": 0.46, "health": 0.15, "mental": 0.11, "money": 0.12, "legal": 0.05, "personal": 0.07, "secret": 0.04}
PREFIXES = (
    "",
    "",
    "",
    "",
    "",
    "please ",
    "can you tell me ",
    "i want to know ",
    "tell me ",
    "could you ",
    "hey ",
    "um ",
    "okay ",
    "so ",
    "i was wondering ",
    "quick question ",
)

ASIDES = (
    "any advice would be great",
    "i do not know what to do",
    "thanks in advance",
    "asking for a friend",
    "it has been on my mind",
    "this happened in march",
    "i am in college",
    "it is hard to explain",
    "i read a lot about it",
    "there is one thing i must know",
    "i will try that next week",
    "i would rather handle it alone",
    "we have been together for years",
    "he says it is fine",
    "she does not agree",
    "what would you do",
    "what do others do",
    "please help",
    "tell me honestly",
    "i have already talked to them",
    "is that right",
    "where do i start",
    "my colleagues disagree",
    "a friend said otherwise",
    "it was a long time ago",
    "that is the whole story",
    "we live in a small town",
    "i am new here",
)


def lists(source: Path) -> dict[str, list[str]]:
    """Slot fillers from the dictionaries."""
    v = json.loads((source / "vocabulary.json").read_text())

    def one(name):
        return [w for w in v[name] if w.isalpha() and 3 <= len(w) <= 10]

    lexicon, sensitive = default_lexicon(), sum(1 << CONCEPTS.index(c) for c in SENSITIVE)

    def common(part: str, least: int) -> list[str]:
        """Words of a part of speech that were met at least so often, none with a sensitive meaning."""
        count: Counter[str] = Counter()
        for line in (Path("/usr/share/wordnet") / "cntlist.rev").read_text().splitlines():
            key, _, n = line.split()
            lemma, rest = key.split("%")
            if rest[0] in part and lemma.isalpha() and len(lemma) > 2:
                count[lemma] += int(n)
        return [w for w, n in count.items() if n >= least and not lexicon.mask(w) & sensitive]

    words = {"noun": common("1", 1), "verb": common("2", 4), "adjx": common("35", 2)}
    return words | {
        "disease": v["disease"] + [w for w in v["illness"] if len(w) > 4] * 2 + v["mental"],
        "drug": v["medline"] * 4 + v["medicine"][::6],
        "animal": one("animal"),
        "food": one("food"),
        "plant": one("plant"),
        "science": one("science"),
        "thing": one("thing"),
        "place": [w for w in v["place"] if all(c.isalpha() or c == " " for c in w)],
        "name": [n for n in v["name"] if len(n) > 2],
    }


def forget(reading: Reading, rng: random.Random) -> Reading:
    """The lexicon does not know every word: forget some, so that word endings and context are learnt as well."""
    if rng.random() < 0.5:
        return reading
    share = rng.choice((0.3, 1.0))
    return Reading(
        reading.words,
        tuple(
            frozenset() if c & {"illness", "medicine", "mental"} and rng.random() < share else c
            for c in reading.concepts
        ),
    )


def make(generator: Generator, lines: dict[str, list[str]], n: int, rng: random.Random) -> list[tuple[str, int]]:
    """n labelled sentences."""
    rows = []
    for name in CLASSES:
        for i in range(int(n * SHARE[name])):
            if name == "benign" and i % 6 == 0:
                text = generator.story()
            else:
                text = generator.expand(rng.choice(lines[name]))
                if rng.random() < 0.2 and name != "benign":  # a longer tale of one trouble
                    parts = [text, generator.expand(rng.choice(lines[name])), rng.choice(ASIDES)][: rng.randint(2, 3)]
                    rng.shuffle(parts)
                    text = " ".join(parts)
            rows.append((rng.choice(PREFIXES) + text, CLASSES.index(name)))
    rng.shuffle(rows)
    return rows


def train(rows: list[tuple[np.ndarray, int]], epochs: int, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Softmax regression by AdaGrad with feature dropout and a little weight decay."""
    w = np.zeros((BUCKETS, len(CLASSES)), dtype=np.float32)
    g = np.full((BUCKETS, 1), 0.1, dtype=np.float32)
    b = np.zeros(len(CLASSES), dtype=np.float32)
    np_rng = np.random.default_rng(rng.randrange(1 << 30))
    for epoch in range(epochs):
        rng.shuffle(rows)
        loss = 0.0
        for idx, y in rows:
            keep = idx[np_rng.random(len(idx)) > 0.4]  # dropout: no single phrase of a template may decide
            logits = w[keep].sum(0) / 0.6 + b
            p = np.exp(logits - logits.max())
            p /= p.sum()
            loss -= float(np.log(p[y] + 1e-9))
            p[y] -= 1
            g[keep] += float(p @ p)
            w[keep] -= 0.3 * (p / np.sqrt(g[keep])) / 4 + 2e-5 * w[keep]
            b -= 0.002 * p
        print(f"epoch {epoch} loss {loss / len(rows):.4f}", flush=True)
    return w, b


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("--sentences", type=int, default=40_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--bags", type=int, default=5)
    parser.add_argument(
        "--holdout", action="store_true", help="keep every eighth template for testing (for the figure in docs)"
    )
    options = parser.parse_args()
    rng = random.Random(options.seed)
    lexicon = default_lexicon()
    generator = Generator(lists(options.source), options.seed)
    all_lines = {name: templates(name) for name in CLASSES}
    lines = {n: [t for i, t in enumerate(ls) if not options.holdout or i % 8 != 3] for n, ls in all_lines.items()}
    held = {n: [t for i, t in enumerate(ls) if i % 8 == 3] for n, ls in all_lines.items()}
    start = time.monotonic()
    w, b = np.zeros((BUCKETS, len(CLASSES)), dtype=np.float32), np.zeros(len(CLASSES), dtype=np.float32)
    for bag in range(options.bags):  # each model misses a fifth of the templates; the mean of linear models is one
        part = {
            n: [t for i, t in enumerate(ls) if i % options.bags != bag or options.bags == 1] for n, ls in lines.items()
        }
        rows = [(features(forget(read(t, lexicon), rng)), y) for t, y in make(generator, part, options.sentences, rng)]
        print(
            f"{len(rows)} sentences, {np.mean([len(x) for x, _ in rows]):.0f} features each, {time.monotonic() - start:.0f} s",
            flush=True,
        )
        one_w, one_b = train(rows, options.epochs, rng)
        w, b = w + one_w / options.bags, b + one_b / options.bags
    scale = np.abs(w).max(axis=0) / 127
    q = np.round(w / scale).astype(np.int8)
    test = make(generator, held if options.holdout else lines, 6000, random.Random(options.seed + 1))
    right, leak, kept, confusion = 0, Counter(), Counter(), Counter()
    total = Counter()
    for text, y in test:
        logits = q[features(read(text, lexicon))].sum(0, dtype=np.int64) * scale + b
        p = np.exp(logits - logits.max())
        p /= p.sum()
        total[CLASSES[y]] += 1
        right += int(p.argmax() == y)
        if y and p[0] > 0.5:
            leak[CLASSES[y]] += 1
        if not y and p[0] <= 0.5:
            kept["benign"] += 1
        if p.argmax() != y:
            confusion[CLASSES[y], CLASSES[int(p.argmax())]] += 1
    print(
        "held-out templates:" if options.holdout else "fresh sentences of the same templates:",
        f"{right}/{len(test)} right",
    )
    print(
        "taken for harmless:",
        {k: f"{leak[k]}/{total[k]}" for k in CLASSES[1:]},
        "harmless kept:",
        f"{kept['benign']}/{total['benign']}",
    )
    if options.holdout:
        return
    np.savez_compressed(privacy_dir() / "classifier.npz", weights=q, scale=scale.astype(np.float32), bias=b)
    print((privacy_dir() / "classifier.npz").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
