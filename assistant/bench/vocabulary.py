"""A byte-level tokenizer of our own, padded to any size with made-up words, for models whose words do not matter."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise, product

CLAUSE_EVERY, SENTENCE_EVERY = 12, 24
"""Every so many made-up words one ends in a comma or a full stop, so that an answer of random words falls into
clauses of a spoken sentence's length."""


@cache
def byte_letters() -> dict[int, str]:
    """The letter that byte-level vocabularies write for each byte: printable ones stand for themselves."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def spelled(text: str) -> str:
    """`text` in the vocabulary's letters, one a byte of its UTF-8 form."""
    letters = byte_letters()
    return "".join(letters[byte] for byte in text.encode("utf-8"))


def learn(texts: Iterable[str], count: int) -> list[tuple[str, str]]:
    """Up to `count` byte-pair merges, the most frequent pair of `texts` first (ties: alphabetical)."""
    counts = Counter(spelled(f" {word}") for text in texts for word in text.split())
    words = [(list(word), often) for word, often in counts.items()]
    pairs: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[int]] = {}
    for number, (word, often) in enumerate(words):
        for pair in pairwise(word):
            pairs[pair] += often
            places.setdefault(pair, set()).add(number)
    merges: list[tuple[str, str]] = []
    while len(merges) < count and pairs:
        most = max(pairs.values())
        if most < 2:
            break
        best = min(pair for pair, often in pairs.items() if often == most)
        merges.append(best)
        for number in places.pop(best):
            word, often = words[number]
            for pair in pairwise(word):
                pairs[pair] -= often
            merged = _merged(word, best)
            words[number] = (merged, often)
            for pair in pairwise(merged):
                pairs[pair] += often
                places.setdefault(pair, set()).add(number)
    return merges


def _merged(word: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    place = 0
    while place < len(word):
        if tuple(word[place : place + 2]) == pair:
            out.append(word[place] + word[place + 1])
            place += 2
        else:
            out.append(word[place])
            place += 1
    return out


def babble() -> Iterator[str]:
    """Made-up words without end, each with its leading space: " baba", " babe" … Never the same one twice."""
    syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
    number = 0
    for length in range(2, 9):
        for parts in product(syllables, repeat=length):
            number += 1
            end = "." if number % SENTENCE_EVERY == 0 else "," if number % CLAUSE_EVERY == 0 else ""
            yield f" {''.join(parts)}{end}"


def vocabulary(size: int, merges: list[tuple[str, str]], special: dict[int, str]) -> list[str]:
    """Exactly `size` different tokens: bytes, what `merges` make, made-up words, and `special` at its numbers.

    Raises ValueError when there is no room for bytes, merges and special tokens.
    """
    tokens: list[str] = [byte_letters()[byte] for byte in range(256)]
    known = set(tokens) | set(special.values())
    for merge in merges:
        if (made := "".join(merge)) not in known:
            tokens.append(made)
            known.add(made)
    if len(tokens) + len(special) > size or any(number >= size for number in special):
        raise ValueError(f"{size} tokens have no room for {len(tokens) + len(special)}")
    fillers = babble()
    placed: list[str] = []
    waiting = iter(tokens)
    for number in range(size):
        if number in special:
            placed.append(special[number])
            continue
        following = next(waiting, None)
        while following is None:
            word = spelled(next(fillers))
            if word not in known:
                following = word
                known.add(word)
        placed.append(following)
    if next(waiting, None) is not None:
        raise ValueError("the special tokens stand where bytes must")
    return placed
