"""microWakeWord: the bundled streaming models on their own TensorFlow Lite runtime."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pymicro_wakeword
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

from assistant.audio import Samples
from assistant.audio.noise import quiet
from assistant.errors import ModelError, UsageError
from assistant.wake import Wake
from assistant.wake.decision import Decision

HOP_SAMPLES = 160
"""10 ms: the step of the feature front end."""

PRIMING_SECONDS = 1.0
"""Quiet noise heard before a new stream, so that the noise estimate and the models' memory have settled and a
phrase at the very start is heard like any other. See docs/wake.md, "The first second"."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """A model that comes inside the pymicro-wakeword package (Apache-2.0)."""

    model: Model
    threshold: float
    """Mean score over five steps from which the phrase counts as heard; measured, see docs/wake.md."""


BUNDLED = {
    "okay nabu": Bundled(Model.OKAY_NABU, 0.85),
    "hey jarvis": Bundled(Model.HEY_JARVIS, 0.97),
    "hey mycroft": Bundled(Model.HEY_MYCROFT, 0.99),
    "alexa": Bundled(Model.ALEXA, 0.93),
}


class MicroWakeEngine:
    """Listens for one or more of the bundled phrases. One stream; not thread-safe.

    The score is the mean of the model's last five outputs, the window that the models were published with (150 ms).
    After a detection the models keep listening; nothing is reloaded, which is what the library's reset does: that
    would cost their memory of the room and leave them deaf until it has come back.
    """

    def __init__(
        self, phrases: Sequence[str], *, threshold: float | Mapping[str, float] | None = None, refractory_s: float = 1.5
    ) -> None:
        """Load the models of `phrases`; `threshold` (0..1, for all or by phrase) replaces the measured ones.

        Raises UsageError for a phrase that is not bundled or for none at all, ModelError when a model or its
        runtime cannot be loaded.
        """
        if not phrases:
            raise UsageError(f"wake.phrases: name at least one of {_known()}")
        self._phrases = tuple(dict.fromkeys(" ".join(p.casefold().split()) for p in phrases))
        unknown = next((p for p in self._phrases if p not in BUNDLED), None)
        if unknown is not None:
            close = get_close_matches(unknown, BUNDLED, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"bundled are {_known()}"
            raise UsageError(f"wake.phrases: no model for '{unknown}'; {hint}")
        self._features = MicroWakeWordFeatures()
        self._models = {phrase: _load(phrase) for phrase in self._phrases}
        self._decision = Decision({p: _threshold(p, threshold) for p in self._phrases}, refractory_s)
        self._begin()

    @property
    def phrases(self) -> tuple[str, ...]:
        return self._phrases

    @property
    def thresholds(self) -> dict[str, float]:
        """The score that each phrase must exceed."""
        return dict(self._decision.thresholds)

    @property
    def scores(self) -> dict[str, float]:
        """The newest score of each phrase (one every 30 ms of sound), for calibration and measurement."""
        return dict(self._scores)

    @property
    def suspicion(self) -> float:
        """See WakeEngine."""
        return max(score / self._decision.thresholds[phrase] for phrase, score in self._scores.items())

    def reset(self) -> None:
        self._features.reset()
        for model in self._models.values():
            model.reset()
        self._begin()

    def process(self, samples: Samples) -> Wake | None:
        """Feed the next samples. Should a long piece hold several detections, the later ones come with later calls."""
        self._listen(samples)
        return self._found.popleft() if self._found else None

    def _begin(self) -> None:
        self._found: deque[Wake] = deque()
        self._scores = dict.fromkeys(self._phrases, 0.0)
        self._steps = 0
        self._heard = 0
        self._listen(quiet(PRIMING_SECONDS, seed=0))
        self._found.clear()
        self._heard = 0
        self._decision.reset()

    def _listen(self, samples: Samples) -> None:
        # hop by hop, so that a detection's position is exact however long the piece is
        for start in range(0, samples.size, HOP_SAMPLES):
            hop = samples[start : start + HOP_SAMPLES]
            self._heard += hop.size
            for features in self._features.process_streaming(hop.astype("<i2", copy=False).tobytes()):
                self._steps += 1
                for phrase, model in self._models.items():
                    score = model.process_streaming_prob(features)
                    # between its strides the library answers 0.0, which is no score
                    if score is None or self._steps % model.stride:
                        continue
                    self._scores[phrase] = float(score)
                    wake = self._decision.judge(phrase, float(score), self._heard)
                    if wake is not None:
                        self._found.append(wake)


def _threshold(phrase: str, wanted: float | Mapping[str, float] | None) -> float:
    shipped = BUNDLED[phrase].threshold
    if isinstance(wanted, Mapping):
        return wanted.get(phrase, shipped)
    return shipped if wanted is None else wanted


def _load(phrase: str) -> MicroWakeWord:
    name = BUNDLED[phrase].model.value
    path = Path(pymicro_wakeword.__file__).parent / "models" / f"{name}.tflite"
    damaged = ModelError(f"{path}: the wake word model is missing or damaged; install the assistant again")
    try:
        # the library hands the file to C code that does not survive one of another kind
        with path.open("rb") as raw:
            if raw.read(8)[4:] != b"TFL3":
                raise damaged
        return MicroWakeWord.from_builtin(BUNDLED[phrase].model)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise damaged from error


def _known() -> str:
    return ", ".join(f"'{phrase}'" for phrase in BUNDLED)
