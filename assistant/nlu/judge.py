"""Tier 2 as a whole: the classifier's guess, judged against thresholds, with its slots."""

from collections import defaultdict

from assistant.nlu.classifier import OUTSIDE, Classifier, Guess
from assistant.nlu.features import habitual, marked
from assistant.nlu.fill import fill
from assistant.nlu.home import Home
from assistant.nlu.intent import Class, Intent
from assistant.nlu.kinds import kind_of_label
from assistant.nlu.names import Names
from assistant.nlu.spans import Abstract
from assistant.nlu.words import clean

ACCEPT = 0.50
"""Probability of a class from which a request is taken to mean it. See docs/understanding.md for the trade-off."""

VETO = 0.85
"""Probability of another class from which a grammar reading that is mostly wildcard is not believed."""

_NO_ACTION = frozenset({Class.OUT_OF_SCOPE, Class.ASSISTANT, Class.SUMS})


_COMMON = frozenset({"the", "a", "of", "in", "on", "off", "up", "down", "time", "list", "my"})


class Judge:
    """Decides by the classifier."""

    def __init__(self, classifier: Classifier, home: Home) -> None:
        self._classifier = classifier
        self._home = home
        names = [*(entity.name for entity in home.entities), *(area.name for area in home.areas)]
        self._home_words = frozenset(word for name in names for word in clean(name).split()) - _COMMON

    def surprise(self, abstract: Abstract) -> float:
        """How unusual the wording of a request is, in bits."""
        return self._classifier.surprise(habitual(marked(abstract), self._home_words))

    def guess(self, abstract: Abstract) -> Guess:
        """The classifier's distribution for a request."""
        return self._classifier.guess(marked(abstract))

    def classes(self, guess: Guess) -> dict[Class, float]:
        """Probability of each class of request."""
        shares: dict[Class, float] = defaultdict(float)
        for label, share in guess.shares.items():
            shares[kind_of_label(label)] += share
        return shares

    def vetoes(self, abstract: Abstract, kind: Class) -> bool:
        """True when the classifier is sure that a request is of another class than `kind`."""
        shares = self.classes(self.guess(abstract))
        best = max(shares, key=lambda name: shares[name])
        return best is not kind and shares[best] >= VETO

    def intent(self, abstract: Abstract, names: Names, text: str) -> Intent | None:
        """The request's intent, or None when no class is likely enough to act on."""
        guess = self.guess(abstract)
        shares = self.classes(guess)
        kind = max(shares, key=lambda name: shares[name])
        if kind in _NO_ACTION or shares[kind] < ACCEPT:
            return None
        label = max(
            (name for name in guess.shares if not name.startswith(OUTSIDE) and kind_of_label(name) is kind),
            key=lambda name: guess.shares[name],
        )
        slots, unresolved = fill(label, abstract, self._home, names)
        return Intent(
            name=label.partition(":")[0],
            kind=kind,
            slots=slots,
            confidence=round(min(0.99, shares[kind]), 3),
            tier="classifier",
            unresolved=unresolved,
            text=text,
        )
