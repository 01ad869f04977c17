"""What a recogniser does to a sentence: words that sound alike change places; what people do: they hesitate.

Pairs come from the CMU Pronouncing Dictionary that the hearing ships: two words of which one becomes the other by
changing, adding or dropping a single phone.
"""

import random
from collections import defaultdict
from collections.abc import Iterable

from assistant.stt.graph.dictionary import dictionary_pronunciations

HESITATIONS = ("um", "uh", "er", "erm", "hmm", "like", "you know", "well", "i mean", "let me see")
SMALL = frozenset(["the", "a", "an", "my", "to", "of", "is", "me", "in", "for", "on", "and", "it", "at"])

Tagged = list[tuple[str, str]]
"""Words with the slot that each belongs to ("" for none)."""


class Noise:
    """Disturbs tagged words; values of slots change with the words, since a model can only copy what it was given."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words` may be heard in each other's place."""
        known = {word: said[0] for word in sorted(set(words)) if (said := dictionary_pronunciations(word))}
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for word, phones in known.items():
            bare = tuple(phone.rstrip("012") for phone in phones)
            for at in range(len(bare)):  # one phone left out or any in its place
                alike[(*bare[:at], "*", *bare[at + 1 :])].append(word)
            for at in range(len(bare) + 1):  # one more
                alike[(*bare[:at], "*", *bare[at:])].append(word)
            alike[bare].append(word)
        self._alike: dict[str, list[str]] = defaultdict(list)
        for group in alike.values():
            for word in group:
                self._alike[word] += [other for other in group if other != word]

    def __call__(self, tagged: Tagged, rng: random.Random) -> Tagged:
        """A disturbed copy; about two of five sentences stay as they are."""
        style = rng.random()
        if style < 0.4:
            return tagged
        heavy = style > 0.94
        out: Tagged = []
        if rng.random() < 0.07:
            out += [(word, "") for word in rng.choice(HESITATIONS).split()]
        for at, (word, slot) in enumerate(tagged):
            before = tagged[at - 1][1] if at else ""
            if slot != before and rng.random() < 0.03:
                out += [(each, "") for each in rng.choice(HESITATIONS).split()]
            chance = rng.random()
            if word in SMALL and not slot and chance < (0.12 if heavy else 0.05):
                continue
            if chance < (0.12 if heavy else 0.03) and self._alike.get(word):
                word = rng.choice(self._alike[word])  # noqa: PLW2901  heard in the word's place
            elif chance > 0.99 and len(tagged) > 3 and not slot:
                continue
            elif chance > 0.985:
                out.append((word, slot))
            out.append((word, slot))
        return out or tagged
