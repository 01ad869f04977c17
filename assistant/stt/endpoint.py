"""Has the speaker finished? Rules over voice activity and the words so far; the first that fires is recorded."""

from dataclasses import dataclass
from enum import StrEnum

COMPLETE_SILENCE_S = 0.2
"""Silence after a complete command that nothing can continue. Shorter would fire inside the closure of a "t" or "k"
(up to about 0.15 s of voice inactivity)."""

OPTIONAL_SILENCE_S = 0.35
"""Silence after a whole command that only a phrase could add to ("... in the kitchen", "... called pasta"). People who
add one do it without a pause, or hesitate behind its first word, when the sentence is no whole command any more
(docs/turn.md has the cut-off rates)."""

LEAST_SPEECH_S = 0.3
"""Speech that must have been heard before words count as an utterance that silence can end. The wake word's tail and a
click are shorter, and recognisers make words of them; "seven" takes longer."""

UNFINISHED_S = 0.3
"""Added when the words are no whole command but begin like one: with the first adaptive silence this outlasts a
hesitation of 0.8 s and what voice activity adds to it."""

EXTRA_S = 0.8
"""Added when the last word promises more ("and", "to", "um"): people search for a word about this long."""


MOST_LEARNT_S = 5.0
"""A stored pause beyond this is no pause inside a sentence but a damaged value."""


class Ending(StrEnum):
    """What the words so far are to the grammar."""

    CLOSED = "closed"
    """A whole command; nothing that would change its meaning can follow."""
    OPTIONAL = "optional"
    """A whole command that a phrase could add to."""
    OPEN = "open"
    """A whole command whose last value may be longer, or to which another may follow at once."""
    UNFINISHED = "unfinished"
    """The beginning of commands, none yet; or a command that was misheard."""
    TRAILING = "trailing"
    """The last word promises more."""
    OTHER = "other"
    """Speech that begins like a question the grammar does not know."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the rules, all in seconds."""

    silence_s: float = 0.7
    """What the adaptive silence begins with, before anything is known of the speaker."""

    shortest_s: float = 0.5
    longest_silence_s: float = 1.2
    """The adaptive silence stays between these two."""

    longest_s: float = 8.0
    """A request is cut off this long after its first sound."""

    nothing_s: float = 5.0
    """Without a word for this long after the wake word the turn ends."""


class Pauses:
    """What is known of how long this device's speakers pause inside a sentence.

    A running mean and mean deviation (weight `WEIGHT` for the newest), as TCP estimates round trips: the silence to
    wait for is a little more than nearly all pauses that were followed by more speech.
    """

    WEIGHT = 0.2
    """About the last ten pauses count: one request has one or two, so it settles within a day of use."""

    NOTICED_S = 0.15
    """Shorter gaps are sounds, not pauses."""

    _MARGIN_S = 0.1

    def __init__(self, silence_s: float = 0.7) -> None:
        self.mean_s = silence_s / 2
        self.deviation_s = max(0.0, (silence_s - self._MARGIN_S - self.mean_s) / 2)

    @classmethod
    def recalled(cls, stored: object, silence_s: float) -> "Pauses":
        """What `stored` (from `learnt`, by way of JSON) says; where it is something else, a fresh start."""
        pauses = cls(silence_s)
        if isinstance(stored, list) and len(stored) == 2 and all(_seconds(value) for value in stored):
            pauses.mean_s, pauses.deviation_s = map(float, stored)
        return pauses

    @property
    def learnt(self) -> list[float]:
        """Mean and mean deviation in seconds, rounded to the millisecond: what is worth keeping."""
        return [round(self.mean_s, 3), round(self.deviation_s, 3)]

    @property
    def silence_s(self) -> float:
        """The silence after which speech is unlikely to go on; unbounded (Limits bounds it)."""
        return self.mean_s + 2 * self.deviation_s + self._MARGIN_S

    def note(self, pause_s: float) -> None:
        """A pause of this length was followed by more of the same sentence."""
        if pause_s < self.NOTICED_S:
            return
        self.deviation_s += self.WEIGHT * (abs(pause_s - self.mean_s) - self.deviation_s)
        self.mean_s += self.WEIGHT * (pause_s - self.mean_s)


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= MOST_LEARNT_S


class Endpointer:
    """Decides, update by update, whether one utterance has ended. No clock of its own: positions in the stream.

    `begin` starts an utterance; `update` answers None or the name of the rule that ended it, and goes on answering
    that rule afterwards. It never ends while there is speech, the cap excepted. What it learnt stays in `pauses`.
    """

    def __init__(self, limits: Limits | None = None, pauses: Pauses | None = None) -> None:
        self.limits = limits or Limits()
        self.pauses = pauses or Pauses(self.limits.silence_s)
        self._started_s = 0.0
        self._speech_from_s: float | None = None
        self._speech_s = 0.0
        self._now_s = 0.0
        self._silence_s = 0.0
        self._had_words = False
        self._rule: str | None = None

    @property
    def silence_s(self) -> float:
        """The adaptive silence now in force, within the limits."""
        return min(self.limits.longest_silence_s, max(self.limits.shortest_s, self.pauses.silence_s))

    def begin(self, now_s: float) -> None:
        """An utterance begins at this position of the stream (the wake word's end, or the button)."""
        self._started_s = self._now_s = now_s
        self._speech_s = 0.0
        self._speech_from_s, self._silence_s, self._had_words, self._rule = None, 0.0, False, None

    def update(self, now_s: float, speech: bool, silence_s: float, partial: str, ending: Ending) -> str | None:
        """What is known at stream position `now_s`; the rule that ends the utterance, or None.

        `speech`: voice activity now; `silence_s`: seconds since the last of it; `partial`: the words so far without
        the wake phrase; `ending`: what they are to the grammar.
        """
        if self._rule is None:
            self._learn(speech, silence_s, partial)
            if speech:
                self._speech_from_s = now_s if self._speech_from_s is None else self._speech_from_s
                self._speech_s += max(0.0, now_s - self._now_s)
            self._now_s = now_s
            self._rule = self._judge(now_s, speech, silence_s, bool(partial), ending)
        return self._rule

    def _learn(self, speech: bool, silence_s: float, partial: str) -> None:
        # only a pause between words of one sentence says something about the speaker
        # a pause longer than what ends a sentence was before the request, or after "to" and "um", where more is
        # allowed: it must not teach to wait that long everywhere
        inside = self._had_words and self._speech_from_s is not None and self._silence_s <= self.silence_s
        if speech and inside:
            self.pauses.note(self._silence_s)
        self._silence_s = 0.0 if speech else silence_s
        self._had_words = bool(partial)

    def _judge(self, now_s: float, speech: bool, silence_s: float, words: bool, ending: Ending) -> str | None:
        if self._speech_from_s is not None and now_s - self._speech_from_s >= self.limits.longest_s:
            return "cap"
        if speech:
            return None
        if not words or (ending is not Ending.CLOSED and self._speech_s < LEAST_SPEECH_S):
            waited = now_s - self._started_s >= self.limits.nothing_s and silence_s >= self.silence_s
            return ("silence" if words else "nothing") if waited else None
        rule, needed = self._needed(ending)
        return rule if silence_s >= needed else None

    def _needed(self, ending: Ending) -> tuple[str, float]:
        """The rule that applies to such words, and the silence it asks for."""
        match ending:
            case Ending.CLOSED:
                return "complete", COMPLETE_SILENCE_S
            case Ending.OPTIONAL:
                return "optional", OPTIONAL_SILENCE_S
            case Ending.OPEN:
                return "finished", self.silence_s
            case Ending.UNFINISHED:
                return "silence", self.silence_s + UNFINISHED_S
            case Ending.TRAILING:
                return "silence", self.silence_s + EXTRA_S
            case Ending.OTHER:
                return "silence", self.silence_s
