"""Make the graph folder of the embedded model: python -m scripts.hearing.graph MODEL_DIR --seed 7

Vocabulary: every word of the sentence files, of Home Assistant's English sentences, of the template grammar (numbers,
times, dates, items), wake phrases, the sample home, and the most common words of English.
"""

import argparse
import random
import sys
import time
import tomllib
from pathlib import Path

from assistant.clock import SystemClock
from assistant.errors import ModelError
from assistant.nlu.home import SAMPLE_HOME, load_home
from assistant.nlu.names import no_names
from assistant.nlu.understanding import Understanding
from assistant.stt.graph import build_graph, pronounce
from assistant.stt.graph.build import UNKNOWN_COST
from assistant.stt.graph.grammar import Counts
from scripts.hearing.clips import clean
from scripts.hearing.sampling import Sampler
from scripts.hearing.sentences import TEMPLATES, Grammar
from scripts.hearing.wordlist import common_words


def home_words() -> set[str]:
    """The names in the bundled sample home."""
    home = tomllib.loads(SAMPLE_HOME.read_text("utf-8"))
    rows = [*home.get("areas", []), *home.get("entities", [])]
    names = [name for row in rows for name in (row["name"], row.get("floor", ""), *row.get("aliases", []))]
    return set(clean(" ".join(names)).split())


def understood_words() -> set[str]:
    """Every word of a request that understanding knows in the sample home."""
    understanding = Understanding(load_home(None), names=no_names, clock=SystemClock())
    return understanding.vocabulary(courtesy=False) - {"am", "pm"}  # these are two letters each to the recogniser


def literal_words(path: Path) -> set[str]:
    """Every word in the template file, spoken or not."""
    data = tomllib.loads(path.read_text("utf-8"))
    patterns = [*data["slots"].values(), *(p for row in data["families"].values() for p in row[1:])]
    return {word for pattern in patterns for word in clean(_plain(pattern)).split()}


def _plain(pattern: str) -> str:
    for opening, closing in ("<>", "{}"):
        while opening in pattern:
            before, _, rest = pattern.partition(opening)
            pattern = before + " " + rest.partition(closing)[2]
    return pattern.translate(str.maketrans("()[]|", "     "))


def corpus(grammar: Grammar, sampler: Sampler, rng: random.Random, count: int) -> Counts:
    """N-gram counts of `count` sentences: half templates, half sentence files; one in eight after a wake phrase."""
    counts = Counts()
    for _ in range(count):
        text = grammar.draw(rng) if rng.random() < 0.5 else sampler.draw(rng)
        if rng.random() < 0.12:
            text = f"{grammar.wake(rng)} {text}"
        counts.add(text.split())
    return counts


def main() -> int:
    """Build."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model_dir", type=Path)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--sentences", type=int, default=150_000)
    options.add_argument("--common", type=int, default=4400, help="at most this many common words")
    options.add_argument("--unknown-cost", type=float, default=UNKNOWN_COST)
    options.add_argument("--prune", type=int, default=3, help="least count of a trigram")
    args = options.parse_args()
    rng, grammar = random.Random(args.seed), Grammar()
    sampler = Sampler(grammar)
    counts = corpus(grammar, sampler, rng, args.sentences)
    wanted = set(counts.one) | sampler.words() | literal_words(TEMPLATES) | home_words() | understood_words()
    classes = common_words()
    frequency = dict.fromkeys(classes[0], 1.0) | {word: 0.3 for word in classes[1] if word not in classes[0]}
    common = [word for words in classes for word in words][: args.common]
    wanted |= set(common)
    words, refused = {}, []
    for word in sorted(wanted - {"</s>"}):
        try:
            words[word] = pronounce(word)
        except ModelError:
            refused.append(word)
    counts.frequency = {word: frequency.get(word, 0.3) for word in words}
    counts.prune(args.prune)
    start = time.perf_counter()
    build_graph(args.model_dir, words, counts, unknown_cost=args.unknown_cost)
    sizes = {path.name: path.stat().st_size for path in sorted((args.model_dir / "graph").iterdir()) if path.is_file()}
    print(f"{len(words)} words in {time.perf_counter() - start:.1f} s; left out: {' '.join(refused) or 'none'}")
    print("  ".join(f"{name} {size}" for name, size in sizes.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
