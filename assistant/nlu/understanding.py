"""Understanding: the tiers in order, cheapest first, over one request or several in a sentence."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

from assistant.clock import Clock
from assistant.nlu import catalogue
from assistant.nlu.called import ACCEPT, AGAINST, Caller, intent_of, settled
from assistant.nlu.classifier import MODEL, Classifier
from assistant.nlu.continuation import ending, following
from assistant.nlu.dialogue import NO_DIALOGUE, Dialogue
from assistant.nlu.followups import answer, begins_request, lean
from assistant.nlu.grammar import Candidate, Grammar
from assistant.nlu.home import Home
from assistant.nlu.intent import Class, Intent, SlotValue
from assistant.nlu.interpret import Interpreter
from assistant.nlu.judge import Judge
from assistant.nlu.moving import begins_move, instead_of_setting, plainly
from assistant.nlu.names import Names, NamesProvider
from assistant.nlu.network import Network
from assistant.nlu.own_files import NO_SKILLS, OwnSkills
from assistant.nlu.politeness import COURTESY_WORDS, without_courtesy
from assistant.nlu.requests import each_value, put_right, several
from assistant.nlu.spans import Abstract, Span, abstract, cut_delay, time_with_daypart
from assistant.nlu.sums import sums
from assistant.nlu.words import LONGEST_REQUEST, clean
from assistant.stt.endpoint import Ending

MOST_PHRASES = 30_000
"""Phrases for a recogniser; the homes measured need fewer (docs/understanding.md)."""

_CAN_WAIT = frozenset({Class.LIGHTS, Class.SMART_HOME, Class.MUSIC, Class.VOLUME})
_MOMENTS = frozenset({"duration", "time", "day"})
_QUESTIONS = frozenset({"HassGetState", "HassClimateGetTemperature"})

_SURE_HALF = 0.85
"""Confidence that both halves of a sentence need when a half is understood by the classifier alone."""


class Understanding:
    """Everything between words and intents. One thread only."""

    def __init__(
        self,
        home: Home,
        *,
        names: NamesProvider,
        clock: Clock,
        language: str = "en",
        classifier: Path = MODEL,
        own: OwnSkills = NO_SKILLS,
        caller: Caller | None = None,
        classify: bool = True,
    ) -> None:
        """Loads and warms the sentences and the classifier (about half a second).

        `names` is asked at every sentence; `classifier` is the file of tier 2, the embedded one by default; `own` are
        the owner's sentence files; `caller` is tier 3, which may also be put into the attribute of this name later;
        `classify` False leaves out tier 2, for measurements (it still has its veto over sentences of wildcards).

        Raises AssistantError, one line, for a broken sentence file or a missing classifier.
        """
        self.home = home
        self.names = names
        self.own = own
        self._clock = clock
        self._catalogue = catalogue.extended(catalogue.load(language), own.source)
        self._grammar = Grammar(self._catalogue, home)
        self._interpreter = Interpreter(home, self._catalogue.kinds)
        self._judge = Judge(Classifier(classifier), home)
        self._classify = classify
        self.caller: Caller | None = None
        self.network = Network(self._grammar, language)
        self.understand("turn on the kitchen light and set a timer for ten minutes")  # hassil compiles at first use
        self.caller = caller

    def understand(self, text: str, dialogue: Dialogue = NO_DIALOGUE) -> list[Intent]:
        """What `text` asks for, one intent a request, in order; a single out-of-scope intent when nothing fits.

        Never raises, whatever the text.
        """
        words = clean(text).split()
        if not words or len(words) > LONGEST_REQUEST:
            return [nothing(" ".join(words[:LONGEST_REQUEST]))]
        return _Attempt(self, self.names(), self._clock.now().date()).understand(words, dialogue)

    def exact(self, text: str) -> bool:
        """True when `text` is a sentence of the grammar word by word, no wildcard taking part."""
        words = clean(text).split()
        if not words or len(words) > LONGEST_REQUEST:
            return False
        attempt = _Attempt(self, self.names(), self._clock.now().date())
        return attempt.exact(words) is not None or attempt.exact(without_courtesy(words)) is not None

    def in_grammar(self, text: str) -> Intent | None:
        """The grammar's reading of `text` as one request, or None; no other tier is asked."""
        words = clean(text).split()
        if not words or len(words) > LONGEST_REQUEST:
            return None
        return _Attempt(self, self.names(), self._clock.now().date()).by_grammar(words)

    def surprise(self, sentence: str) -> float:
        """How unusual a request's wording is, in bits; a rank among sentences that sound alike."""
        return self._judge.surprise(abstract(clean(sentence).split(), self._clock.now().date()))

    def ending(self, partial: str) -> Ending:
        """How a sentence that is still being spoken would end here: whole or not, and whether it can go on. Cheap,
        never raises."""
        words = clean(partial).split()
        if not words or len(words) > LONGEST_REQUEST:
            return Ending.OTHER
        names, today = self.names(), self._clock.now().date()
        bare = without_courtesy(words)
        found = following(self.network, bare, names, today)
        # the network knows no domains: hassil has the last word
        return ending(found, bare, _Attempt(self, names, today).by_grammar(bare))

    def phrases(self, most: int = MOST_PHRASES) -> list[str]:
        """Concrete sentences for a recogniser's grammar: together they show every pair of neighbouring words of the
        sentence files with the rooms, devices, lists and timers of this home. At most `most`."""
        sentences = dict.fromkeys(map(" ".join, self.network.sentences(self.names())))
        return list(
            islice((sentence for sentence in sentences if sentence.replace("'", "").replace(" ", "").isalpha()), most)
        )

    def own_phrases(self) -> list[str]:
        """Those of `phrases` that come from the owner's own files."""
        return list(dict.fromkeys(map(" ".join, self.network.sentences(self.names(), catalogue.OWN_PREFIX))))

    def vocabulary(self, *, courtesy: bool = True) -> set[str]:
        """Every word the grammar can contain, numbers to 999 and (with `courtesy`) words of courtesy included."""
        words = self.network.vocabulary(self.names()) | (COURTESY_WORDS if courtesy else frozenset())
        return {word for word in words if word[0] != "'" and word.replace("'", "").isalpha()}

    @property
    def grammar(self) -> Grammar:
        """Tier 1, for what is built from it (phrases, how a sentence ends, sounds-like matching)."""
        return self._grammar


class _Attempt:
    """One call of understand: names and date stand still, and nothing is matched twice."""

    def __init__(self, parent: Understanding, names: Names, today: date) -> None:
        self._grammar = parent._grammar  # noqa: SLF001  the two are one class, split to keep state out of it
        self._interpreter = parent._interpreter  # noqa: SLF001
        self._judge = parent._judge  # noqa: SLF001
        self._classify = parent._classify  # noqa: SLF001
        self._caller = parent.caller
        self._home = parent.home
        self._names = names
        self._today = today
        self._seen: dict[tuple[str, ...], list[tuple[Candidate, Intent]]] = {}

    def understand(self, words: list[str], dialogue: Dialogue) -> list[Intent]:
        bare = plainly(without_courtesy(words))
        exact = self.exact(words) or self.exact(bare)
        # a timer's name or length alone ("the ten minute timer") is a sentence too, and here an answer
        asks_anew = exact and (exact.name not in ("TimerSet", "TimerStatus") or begins_request(bare))
        if dialogue.pending and not asks_anew and not begins_move(bare):
            given = answer(bare, dialogue, self._today)
            if given is not None:
                return [given]
        if exact is not None:
            return [exact]
        delayed = self._delayed(bare)
        if delayed is not None:
            return [delayed]
        leaning = lean(words, dialogue, self._home, self._today) or lean(bare, dialogue, self._home, self._today)
        if leaning is not None:
            return [leaning]
        fixed = put_right(bare, self._today)
        if fixed != bare and (meant := self.by_grammar(fixed)) is not None:
            return [meant]
        if len(parts := several(bare, self.by_grammar)) > 1:
            return parts
        pair = each_value(bare, self._today)
        found = [intent for said in pair if (intent := self.by_grammar(said)) is not None]
        if len(found) > 1 and found[0].name in ("AlarmSet", "TimerSet", "AlarmCancel", "TimerCancel"):
            return found
        single = self.by_grammar(bare) or self.by_grammar(words)
        if single is not None:
            return [single]
        if (sum_ := sums(bare)) is not None:
            return [sum_]
        return self._freely(bare if len(bare) > 1 else words, pair)

    def _delayed(self, words: list[str]) -> Intent | None:
        """ "Turn off the lights in ten minutes": a timer that carries the command, never the command at once."""
        spans = self._abstract(words)
        found = cut_delay(spans)
        if found is None:
            return None
        span, rest = found
        command = self.by_grammar(rest)
        if command is None or command.kind not in _CAN_WAIT:
            return None
        slots: dict[str, SlotValue] = {"command": " ".join(rest)}
        if span.duration is not None:
            slots["duration"] = span.duration
        elif (read := time_with_daypart(span, spans.spans.values())) is not None:
            slots["time"], slots["pm_known"] = read
        kind = Class.TIMER if "duration" in slots else command.kind
        return replace(command, name="TimerSet", kind=kind, slots=slots, unresolved={}, text=" ".join(words))

    def _freely(self, words: list[str], pair: list[list[str]]) -> list[Intent]:
        """Tiers 2 and 3: wording that no sentence file has."""
        text = " ".join(words)
        if len(words) < 2:  # a noun alone ("lights") asks for nothing yet
            return [nothing(text)]
        whole = self._judge.intent(self._abstract(words), self._names, text) if self._classify else None
        called = self._caller.called(text) if self._caller else None
        if called is not None and called.name:
            meant = intent_of(called, self._abstract(words), self._home, self._names, text)
            whole = settled(whole, called, meant, AGAINST if self._classify else ACCEPT)
        whole = instead_of_setting(whole, self._abstract(words))
        if whole is None:
            return [nothing(text)]
        if whole.name.startswith("Hass") and whole.name not in _QUESTIONS:
            spans = self._abstract(words)
            when = next((span for span in spans.spans.values() if span.kinds & _MOMENTS), None)
            if (
                when is not None and "number" not in when.kinds
            ):  # later is not now: the timer's skill says what it can do
                slots = {name: value for name, value in _when(when, spans).items() if value is not None}
                return [replace(whole, name="TimerSet", slots={**slots, "command": text})]
        if whole.name in ("AlarmSet", "AlarmCancel", "TimerSet") and pair:
            each = [self._judge.intent(self._abstract(said), self._names, " ".join(said)) for said in pair]
            if all(intent is not None and intent.name == whole.name for intent in each):
                return [intent for intent in each if intent is not None]
        parts = several(words, self._surely)
        return parts if len(parts) > 1 else [whole]

    def _surely(self, words: list[str]) -> Intent | None:
        found = self.by_grammar(words)
        if found is not None:
            return found
        if len(words) < 2 or not self._classify:
            return None
        guess = instead_of_setting(
            self._judge.intent(self._abstract(words), self._names, " ".join(words)), self._abstract(words)
        )
        return guess if guess is not None and guess.confidence >= _SURE_HALF else None

    def _readings(self, words: Sequence[str]) -> list[tuple[Candidate, Intent]]:
        key = tuple(words)
        if key not in self._seen:
            text, spans = " ".join(words), self._abstract(words)
            found = []
            for candidate in self._grammar.match(text, spans, self._names):
                intent = self._interpreter.intent(candidate, spans, self._names, text)
                if intent is not None:
                    found.append((candidate, intent))
            # of readings alike in their words, the one that speaks of what exists comes first
            found.sort(key=lambda pair: (*(-part for part in pair[0].rank[:2]), bool(pair[1].unresolved)))
            self._seen[key] = found
        return self._seen[key]

    def exact(self, words: list[str]) -> Intent | None:
        """The grammar's reading when no wildcard took part in it."""
        readings = self._readings(words)
        return readings[0][1] if readings and readings[0][0].free == 0 else None

    def by_grammar(self, words: list[str]) -> Intent | None:
        """The grammar's best reading that the classifier doesn't deny."""
        # "can i have" may be a plea or belong to the sentence; a plea behind it never does
        for said in (without_courtesy(words), without_courtesy(words, leads=False)):
            for candidate, intent in self._readings(said):
                if candidate.free > candidate.literal and self._judge.vetoes(self._abstract(said), intent.kind):
                    continue
                return intent
        return None

    def _abstract(self, words: Sequence[str]) -> Abstract:
        return abstract(words, self._today)


def _when(span: Span, spans: Abstract) -> "dict[str, SlotValue | None]":
    """The slots of a moment: a duration, a time, a day."""
    read = time_with_daypart(span, spans.spans.values())
    return {
        "duration": span.duration,
        "time": read[0] if read else None,
        "pm_known": read[1] if read else None,
        "day": span.day,
    }


def nothing(text: str) -> Intent:
    """No tier understood `text`."""
    return Intent(name="", kind=Class.OUT_OF_SCOPE, confidence=1.0, tier="none", text=text)
