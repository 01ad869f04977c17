"""The seam between hearing and understanding: what was asked for, by two recognisers' readings and their doubts.

A recogniser always hears words, also in a cough or a name it does not know. So a spoken request counts when a sentence
of the grammar sounds like what *both* recognisers heard; free wording counts when it was heard clearly and is long
enough not to be an accident; everything else is a question or nothing at all. Where the model lets the sound itself be
asked (the embedded one does), the sound chooses between sentences and must support the one that is believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.nlu import Intent
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding, nothing
from assistant.nlu.weighing import MOST_LACK, Weighed, Weigher
from assistant.stt import Hypothesis, Transcription, Witness
from assistant.stt.endpoint import Ending
from assistant.stt.strip import strip_wake

CLEAR = 0.9
"""Confidence from which a reading needs no second witness. The figures hardly depend on it: from 0.8 to 0.95 the wake
word clips that became a command went from 9 to 6 of 283, the recorded commands understood from 30 to 28 of 38
(docs/hearing.md)."""

SHORT_WORDS = 3
"""A sentence of so few words is what noise most often sounds like: it must have been heard clearly."""

WITNESSED = 0.25
"""How far the sound must be believed (weighing.believed) for a request that the words alone would be, and"""
ALONE = 0.7
"""for one that they would not: about 2 % of a hard set of synthetic clips that are no command pass
(scripts/hearing/thresholds.py, docs/hearing.md)."""

HARMLESS = frozenset({"Stop", "NeverMind"})
"""Requests that only end something: clear words suffice. The sound is no good witness for one short word, and nobody
should have to say "stop" twice."""

FREE_WORDS = 5
"""Words from which free wording, clearly heard, is taken for a request without a grammar sentence behind it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The words a turn goes on with, and what they ask for."""

    text: str
    intents: tuple[Intent, ...]
    source: str
    """"grammar" or "open" (which recogniser), "matched" (the sentence it sounds like) or "typed"."""
    confidence: float
    reason: str = ""
    matched: bool = False
    """Whether the words are a sentence of the grammar that was weighed, not free wording."""

    @property
    def understood(self) -> bool:
        """They ask for something that a skill serves."""
        return bool(self.intents) and all(intent.name for intent in self.intents)


class Interpreter:
    """Understanding applied to what was heard. Lives on one thread."""

    def __init__(
        self, understanding: Understanding, sounds_like: SoundsLike | None, wake_phrases: Sequence[str]
    ) -> None:
        self._understanding = understanding
        self._sounds_like = sounds_like
        self._weigher = Weigher(understanding, sounds_like) if sounds_like is not None else None
        self._wake_phrases = tuple(wake_phrases)
        # a partial transcript stays the same for many frames: look each one up once
        self.ending = lru_cache(maxsize=64)(self._ending)

    def serves(self, intent: str) -> bool:
        """Whether one of the owner's own sentence files has an intent of this name."""
        return any(name.endswith(f".{intent}") for name in self._understanding.own.intents)

    def said(self, text: str) -> str:
        """The words without the wake phrase that the pre-roll may have brought along."""
        return strip_wake(text, self._wake_phrases)

    def _ending(self, said: str) -> Ending:
        return self._understanding.ending(said)

    def interpret(self, transcription: Transcription, dialogue: Dialogue) -> Heard:
        """What was asked for; empty text when nothing was said but (perhaps) the wake phrase."""
        readings = [self._without_wake(reading) for reading in (transcription.chosen, *transcription.others)]
        only_called = any(
            before.text and not after.text
            for before, after in zip((transcription.chosen, *transcription.others), readings, strict=True)
            if before.source == "open"
        )
        chosen = next((reading for reading in readings if reading.text), None)
        if chosen is None or only_called:
            return Heard(text="", intents=(), source="open", confidence=0.0)
        if dialogue.pending:
            # an answer to a question of ours ("yes", "ten minutes") is short by nature
            intents = tuple(self._understanding.understand(chosen.text, dialogue))
            if all(intent.name for intent in intents):
                return Heard(chosen.text, intents, chosen.source, chosen.confidence)
        witness = self._from_command(transcription, readings)
        return self._command(readings, dialogue, witness) or Heard(
            chosen.text, (nothing(chosen.text),), chosen.source, chosen.confidence
        )

    def judged(self, transcription: Transcription) -> tuple[Weighed | None, bool]:
        """The sentence that the sound speaks for, and whether the words alone would be believed: for measurements."""
        readings = [self._without_wake(reading) for reading in (transcription.chosen, *transcription.others)]
        witness = self._from_command(transcription, readings)
        if self._weigher is None or witness is None or not any(reading.text for reading in readings):
            return None, False
        return self._weigher.weigh(readings, witness), self._by_words(readings, Dialogue()) is not None

    def _command(self, readings: list[Hypothesis], dialogue: Dialogue, witness: Witness | None) -> Heard | None:
        """The request in these readings, where there is good reason to believe in one."""
        by_words = self._by_words(readings, dialogue)
        if witness is None or self._weigher is None:
            return by_words
        if by_words is not None and {intent.name for intent in by_words.intents} <= HARMLESS:
            return by_words
        weighed = self._weigher.weigh(readings, witness)
        known = self._known(readings, dialogue)
        if known is not None and (weighed is None or self._weigher.better(known.text, weighed.sentence, witness)):
            return known
        if weighed is not None and weighed.believed >= (WITNESSED if by_words is not None else ALONE):
            intents = tuple(self._understanding.understand(weighed.sentence, dialogue))
            if all(intent.name for intent in intents):
                return self._heard(weighed.sentence, intents, readings, weighed.believed, weighed.score)
        if by_words is not None and by_words.source in ("open", "grammar") and not by_words.matched:
            # free wording: there is no sentence to hold against the sound but the words themselves
            return by_words if self._weigher.lack(by_words.text, witness) <= MOST_LACK else None
        return None

    def _known(self, readings: list[Hypothesis], dialogue: Dialogue) -> Heard | None:
        """A request that was heard clearly, word for word as the grammar has it: sums and the like, whose sentences are
        too many to be weighed one by one."""
        for reading in readings:
            if reading.confidence < CLEAR or len(reading.text.split()) <= SHORT_WORDS or "[unk]" in reading.text:
                continue
            intents = tuple(self._understanding.understand(reading.text, dialogue))
            if all(intent.name and intent.tier == "grammar" for intent in intents):
                return Heard(reading.text, intents, reading.source, reading.confidence)
        return None

    def _by_words(self, readings: list[Hypothesis], dialogue: Dialogue) -> Heard | None:
        """The request by the recognisers' words and confidences alone."""
        spoken = [reading for reading in readings if reading.text]
        sure = max(reading.confidence for reading in spoken)
        match = self._sounds_like.match(Transcription(spoken[0], tuple(spoken[1:]))) if self._sounds_like else None
        # one recogniser met unknown sounds alone: the other must be certain
        alone = any(not reading.text for reading in readings)
        if match is not None and (sure >= CLEAR or not (alone or len(match.sentence.split()) <= SHORT_WORDS)):
            intents = tuple(self._understanding.understand(match.sentence, dialogue))
            if all(intent.name for intent in intents):
                return self._heard(match.sentence, intents, spoken, match.confidence, match.score)
        for reading in spoken:
            words = [word for word in reading.text.split() if word != "[unk]"]
            if reading.confidence >= CLEAR and len(words) >= FREE_WORDS:
                intents = tuple(self._understanding.understand(reading.text, dialogue))
                if all(intent.name for intent in intents):
                    return Heard(reading.text, intents, reading.source, reading.confidence)
        return None

    @staticmethod
    def _heard(
        sentence: str, intents: tuple[Intent, ...], readings: Sequence[Hypothesis], confidence: float, score: float
    ) -> Heard:
        same = next((reading for reading in readings if reading.text == sentence), None)
        if same is not None:
            return Heard(sentence, intents, same.source, confidence, matched=True)
        return Heard(sentence, intents, "matched", confidence, f"sounds like it ({score:.2f})", matched=True)

    @staticmethod
    def _from_command(transcription: Transcription, readings: Sequence[Hypothesis]) -> Witness | None:
        """The witness for what follows the wake phrase, where one was taken off."""
        if transcription.witness is None:
            return None
        for before, after in zip((transcription.chosen, *transcription.others), readings, strict=True):
            removed = len(before.text.split()) - len(after.text.split())
            if after.text and 0 < removed < len(before.words):
                return transcription.witness.after(before.words[removed].start_s)
        return transcription.witness

    def _without_wake(self, reading: Hypothesis) -> Hypothesis:
        return Hypothesis(self.said(reading.text), reading.confidence, reading.words, reading.source)

    def read(self, text: str, dialogue: Dialogue) -> Heard:
        """The same for a typed request, which is taken at its word."""
        intents = tuple(self._understanding.understand(text, dialogue))
        return Heard(text=text, intents=intents, source="typed", confidence=1.0)
