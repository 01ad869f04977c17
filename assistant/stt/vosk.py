"""Vosk behind the streaming port: a grammar-biased and an open recogniser on one stream."""

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.noise import quiet
from assistant.errors import AssistantError, ModelError
from assistant.stt import Hypothesis, Transcription, Word, libvosk
from assistant.stt.arbiter import UNKNOWN, arbitrate
from assistant.stt.evidence import Evidence
from assistant.stt.layout import Layout, check_layout
from assistant.stt.libvosk import EngineError, NativeModel, NativeRecognizer
from assistant.stt.network import PhoneNetwork, ScoreStream, understands
from assistant.stt.spotting import VoskSpotter
from assistant.trial import ensure_loads

logger = logging.getLogger(__name__)

SETTLING_S = 0.3
"""Quiet that is fed to have everything said so far in the words: the engine works in blocks (0.24 s for the embedded
model) and looks ahead. A multiple of 30 ms, three feature frames, so that what follows falls on the frames it would
have fallen on anyhow (with 0.26 s a third of the final texts changed, with 0.3 s one in 40)."""

SETTLED_FOR_S = 0.8
"""Within a pause it is fed once: more of it would be a longer pause than there was, and the engine ends segments."""

FINISHING_S = 1.0
"""How long after a word's end the engine counts it as finished, seconds, at most."""


class VoskRecognizer:
    """A loaded Vosk model that starts utterances.

    With phrases set, each utterance is heard by two recognisers: one biased to the phrases (plus "[unk]") and one
    open; `arbiter.arbitrate` chooses. Without phrases only the open one runs, which halves the work.
    """

    def __init__(
        self, model_dir: Path, *, grammar: Sequence[str] = (), cache: Path | None = None, patience: float = 1.0
    ) -> None:
        """Load the model in `model_dir`; `grammar` as in `set_phrases`.

        `cache` is the file that remembers which models loaded before (in the user's cache directory by default),
        `patience` as in `trial.ensure_loads`.
        Raises ModelError, one line, when the directory is no working Vosk model.
        """
        self.layout: Layout = check_layout(model_dir)
        child = ["-I", libvosk.__file__, str(model_dir)]
        ensure_loads(model_dir, child, what="speech model", cache=cache, patience=patience)
        try:
            self._model = NativeModel(str(model_dir))
        except (ImportError, OSError) as error:
            raise ModelError(f"the Vosk engine cannot be loaded ({error}); run ./scripts/setup again") from error
        except EngineError as error:
            raise ModelError(f"{model_dir}: {error}; pull or import it again") from error
        self._network = PhoneNetwork(model_dir) if understands(model_dir) else None
        self._lock = threading.Lock()
        self._grammar = ""
        self._phrases: frozenset[str] = frozenset()
        self._prepared: NativeRecognizer | None = None
        self._missing: tuple[str, ...] = ()
        self.set_phrases(grammar)

    @property
    def missing_words(self) -> tuple[str, ...]:
        """Words of the current phrases that the model does not know, sorted. Phrases with them cannot be heard."""
        return self._missing

    def knows(self, word: str) -> bool:
        """Whether the model's vocabulary holds `word`."""
        return self._model.knows(word.lower())

    def spotter(self, words: Sequence[str], unlike: Sequence[str] = ()) -> VoskSpotter | None:
        """A listener for a few words beside the utterances; None where the model takes no runtime grammar."""
        return VoskSpotter(self._model, words, unlike) if self.layout.runtime_grammar else None

    def set_phrases(self, phrases: Sequence[str]) -> None:
        """Bias the grammar recogniser to these phrases from the next utterance on; empty turns it off.

        A phrase with a word outside the model's vocabulary is left out (the engine would silently drop the word
        and listen for the rest of the phrase); see `missing_words`.
        """
        known: dict[str, bool] = {}
        chosen: dict[str, None] = {}
        for phrase in phrases:
            words = phrase.lower().split()
            for word in words:
                if word not in known:
                    known[word] = self.knows(word)
            if words and all(known[word] for word in words):
                chosen[" ".join(words)] = None
        self._missing = tuple(sorted(word for word, here in known.items() if not here))
        if chosen and not self.layout.runtime_grammar:
            logger.warning("%s: this speech model takes no runtime grammar; listening openly", self.layout.directory)
            chosen = {}
        grammar = json.dumps([*chosen, UNKNOWN]) if chosen else ""
        with self._lock:
            self._grammar, self._phrases = grammar, frozenset(chosen)
            self._prepared = None
        self._prepare()

    def start(self, skip_s: float = 0.0) -> "VoskStream":
        """Begin an utterance; words that begin before `skip_s` are left out.

        The grammar recogniser was made ready beforehand; the next one is made behind it.
        """
        with self._lock:
            grammar, phrases, prepared = self._grammar, self._phrases, self._prepared
            self._prepared = None
        if grammar and prepared is None:
            prepared = self._new(grammar)
        scores = ScoreStream(self._network) if self._network else None
        stream = VoskStream(self._new(""), prepared if grammar else None, phrases, skip_s, scores)
        if grammar:
            threading.Thread(target=self._prepare, name="vosk-prepare", daemon=True).start()
        return stream

    def _prepare(self) -> None:
        with self._lock:
            grammar = self._grammar
        if not grammar:
            return
        ready = self._new(grammar)
        with self._lock:
            if grammar == self._grammar and self._prepared is None:
                self._prepared = ready

    def _new(self, grammar: str) -> NativeRecognizer:
        try:
            return self._model.recognizer(grammar)
        except EngineError as error:
            raise AssistantError("the speech engine could not begin to listen; restart the assistant") from error


class VoskStream:
    """One utterance. Lives on one thread; spent after `finish`."""

    def __init__(
        self,
        open_: NativeRecognizer,
        grammar: NativeRecognizer | None,
        phrases: frozenset[str] = frozenset(),
        skip_s: float = 0.0,
        scores: ScoreStream | None = None,
    ) -> None:
        self._phrases, self._scores, self._skip_s = phrases, scores, skip_s
        self._open = _Channel(open_, "open", skip_s)
        self._grammar = _Channel(grammar, "grammar", skip_s) if grammar is not None else None
        self._finished = False

    def feed(self, samples: Samples) -> str:
        """Feed 16 kHz mono int16; the partial text so far ("" when none).

        The partial is the grammar's when it is one of its sentences, word for word: the rule that ends a turn early
        asks just that. Otherwise it is the open one's, whose unfinished words are the better ones (see arbiter).
        """
        if self._finished:
            raise AssistantError("this utterance has ended; start another")
        if self._scores is not None:
            self._scores.feed(samples)
        pcm = samples.astype("<i2", copy=False).tobytes()
        said = self._open.feed(pcm)
        if self._grammar is None:
            return said
        biased = self._grammar.feed(pcm)
        return biased if biased in self._phrases else said

    def settle(self) -> Transcription:
        """What `finish` would say by now; the utterance may go on. Call it in a pause: quiet is heard behind it."""
        if self._finished:
            raise AssistantError("this utterance has ended; start another")
        return self._judged(self._open.settle(), self._grammar.settle() if self._grammar else None)

    def finish(self) -> Transcription:
        """No more sound: the final text."""
        if self._finished:
            raise AssistantError("this utterance has ended; start another")
        self._finished = True
        return self._judged(self._open.finish(), self._grammar.finish() if self._grammar else None)

    def _judged(self, heard: Hypothesis, biased: Hypothesis | None) -> Transcription:
        if biased is None:
            found = Transcription(heard, (), "no grammar is set")
        else:
            found = arbitrate(biased, heard, whole=biased.text in self._phrases)
        if self._scores is None or not (heard.text or (biased and biased.text)):
            return found
        return replace(found, witness=Evidence(self._scores.scores(), self._skip_s))


class _Channel:
    """One recogniser on the stream. The engine ends segments of its own accord at pauses; they are joined here."""

    def __init__(self, recognizer: NativeRecognizer, source: str, skip_s: float = 0.0) -> None:
        self._recognizer, self._source, self._skip_s = recognizer, source, skip_s
        self._words: list[Word] = []
        self._partial: list[str] = []
        self._fed_s = 0.0
        self._settled_s: list[float] = []
        """Where in the engine's stream quiet was put in."""

    def feed(self, pcm: bytes) -> str:
        if pcm:
            try:
                closed = self._recognizer.accept(pcm)
            except EngineError as error:
                raise AssistantError("the speech engine failed on this sound; say it again") from error
            if closed:
                self._take(self._recognizer.result())
            self._fed_s += len(pcm) / 2 / SAMPLE_RATE
            self._partial = [] if closed else self._kept(self._recognizer.partial().split())
        return " ".join([*(word.text for word in self._words), *self._partial])

    def _kept(self, partial: list[str]) -> list[str]:
        """The open segment's words without those that begin in the part to skip."""
        if not partial or not self._skip_s or self._words:
            return partial
        timed = self._recognizer.partial_words()
        if not timed:
            # no word is finished yet: it belongs to whatever is being said now
            return [] if self._fed_s < self._skip_s + FINISHING_S else partial
        return partial[sum(float(word["start"]) < self._skip_s for word in timed) :]

    def settle(self) -> Hypothesis:
        if not self._settled_s or self._fed_s - self._settled_s[-1] > SETTLED_FOR_S:
            self._settled_s.append(self._fed_s)
            self.feed(_SETTLING)
        text = " ".join([*(word.text for word in self._words), *self._partial])
        words = (*self._words, *self._words_of(self._recognizer.partial_words()))
        # the engine judges a word only some time after it: until then it counts as heard clearly
        count = len(text.split())
        confidence = min(1.0, 1.0 - (1.0 - _confidence(words)) * len(words) / count) if count else 0.0
        return Hypothesis(text, confidence, words, self._source)

    def finish(self) -> Hypothesis:
        self._take(self._recognizer.final())
        words = tuple(self._words)
        return Hypothesis(" ".join(word.text for word in words), _confidence(words), words, self._source)

    def _take(self, words: list[dict[str, Any]]) -> None:
        self._words += self._words_of(words)

    def _words_of(self, found: list[dict[str, Any]]) -> list[Word]:
        return [
            Word(
                str(word["word"]),
                self._heard_s(float(word["start"])),
                self._heard_s(float(word["end"])),
                min(1.0, max(0.0, float(word["conf"]))),
            )
            for word in found
            if float(word["start"]) >= self._skip_s
        ]

    def _heard_s(self, engine_s: float) -> float:
        """The position in the sound that was fed, of one in the engine's stream."""
        return engine_s - SETTLING_S * sum(begun_s < engine_s for begun_s in self._settled_s)


def _confidence(words: Sequence[Word]) -> float:
    """The mean of the words' confidences, 0 without words."""
    return sum(word.confidence for word in words) / len(words) if words else 0.0


_SETTLING = quiet(SETTLING_S, seed=0).astype("<i2").tobytes()
