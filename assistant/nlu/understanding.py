"""Understanding: the tiers in order, cheapest first, over one request or several in a sentence."""

from assistant.clock import Clock
from assistant.nlu import catalogue
from assistant.nlu.dialogue import NO_DIALOGUE, Dialogue
from assistant.nlu.grammar import Grammar
from assistant.nlu.home import Home
from assistant.nlu.intent import Class, Intent
from assistant.nlu.interpret import Interpreter
from assistant.nlu.names import NamesProvider
from assistant.nlu.politeness import without_courtesy
from assistant.nlu.spans import abstract
from assistant.nlu.words import LONGEST_REQUEST, clean


class Understanding:
    """Everything between words and intents. One thread only."""

    def __init__(self, home: Home, *, names: NamesProvider, clock: Clock, language: str = "en") -> None:
        """Loads and warms the sentences (about half a second). Raises AssistantError for a broken sentence file."""
        self.home = home
        self._names = names
        self._clock = clock
        self._catalogue = catalogue.load(language)
        self._grammar = Grammar(self._catalogue, home)
        self._interpreter = Interpreter(home, self._catalogue.kinds)
        self.understand("turn on the kitchen light and set a timer for ten minutes")  # hassil compiles at first use

    def understand(self, text: str, dialogue: Dialogue = NO_DIALOGUE) -> list[Intent]:  # noqa: ARG002
        """What `text` asks for, one intent a request, in order; a single out-of-scope intent when nothing fits.

        Never raises, whatever the text.
        """
        words = clean(text).split()
        if not words or len(words) > LONGEST_REQUEST:
            return [nothing(" ".join(words))]
        found = self._single(words)
        if found is not None:
            return [found]
        return [nothing(" ".join(words))]

    def _single(self, words: list[str]) -> Intent | None:
        """One request by the grammar, or None."""
        bare = without_courtesy(words)
        for said in (bare, words) if bare != words else (words,):
            text = " ".join(said)
            spans = abstract(said, self._clock.now().date())
            names = self._names()
            for candidate in self._grammar.match(text, spans, names):
                intent = self._interpreter.intent(candidate, spans, names, text)
                if intent is not None:
                    return intent
        return None


def nothing(text: str) -> Intent:
    """No tier understood `text`."""
    return Intent(name="", kind=Class.OUT_OF_SCOPE, confidence=1.0, tier="none", text=text)
