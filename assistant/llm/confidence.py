"""How far an answer of the local model can be relied on: what its words' probabilities, its own words, and its own
opinion of them say.

A probability means little by itself (a small model is often sure and wrong), so it is turned into the share of right
answers that such probabilities came with, measured on questions with known answers for each model by
`scripts/calibrate_confidence`. Without that measurement every answer counts as good enough, except one that admits
that it knows nothing: in doubt a question stays in the house.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import AssistantError
from assistant.files import write_whole
from assistant.texts import texts
from assistant.trial import fingerprint

UNCALIBRATED = 1.0
"""For a model whose answers nobody has checked: the doubt counts against leaving the house."""

SOURCED = 0.9
"""At least, for an answer that rests on a passage found in local knowledge. A rule, not a measurement: what stands in
the house need not be asked outside."""

FIRST_TOKENS = 24
"""Words of an answer that count: the first sentence, which is all there is when it is decided where to ask."""

PENALTY = 0.1
"""Of the squared weights, in answers: keeps a few dozen questions from looking like certainty."""

FILE = "confidence.json"
"""In the data directory: {"<fingerprint of the model file>": {...}}."""


@dataclass(slots=True)
class Evidence:
    """What is known of an answer when it is judged."""

    text: str = ""
    """The answer so far: its first sentence at least."""
    probabilities: Sequence[float] = ()
    """Of its tokens, 0..1, each as likely as the model found it; empty from a backend that does not tell."""
    sourced: bool = False
    """It rests on a passage found in local knowledge."""
    check: float | None = None
    """The model's own chance that it is right, when asked (`AnswerEngine.check`); None: not asked, or no opinion."""
    reply: object = None
    """The reply that is being made, for that question."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What one model's probabilities were worth on questions with known answers."""

    weights: tuple[float, ...]
    """Of `features`, in a logistic function."""
    questions: int
    right: int
    made: str
    """The day, ISO."""
    checked: tuple[float, ...] = ()
    """The same with the model's own opinion as one feature more; empty where that was not worth its time, and then
    the model is never asked."""


def features(probabilities: Sequence[float], check: float | None = None) -> npt.NDArray[np.float64]:
    """1, the mean logarithm of the first tokens' probabilities, and that of the weakest, both in nats; with `check`
    its log odds too."""
    logs = np.log(np.clip(np.asarray(probabilities[:FIRST_TOKENS], np.float64), 1e-6, 1.0))
    found = [1.0, logs.mean(), logs.min()]
    if check is not None:
        kept = min(max(check, 1e-3), 1 - 1e-3)
        found.append(math.log(kept / (1 - kept)))
    return np.array(found)


def confidence(evidence: Evidence, calibration: Calibration | None = None, language: str = "en") -> float:
    """The chance that the answer is right, 0..1."""
    if not evidence.text.strip() or admits(evidence.text, language):
        return 0.0
    if calibration is None or not evidence.probabilities:
        found = UNCALIBRATED
    else:
        asked = evidence.check if calibration.checked else None
        weights = calibration.weights if asked is None else calibration.checked
        score = float(np.dot(weights, features(evidence.probabilities, asked)))
        found = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
    return max(found, SOURCED) if evidence.sourced else found


def admits(answer: str, language: str = "en") -> bool:
    """Whether the answer says itself that it is none ("I'm not sure about that")."""
    return re.search(texts(language, "answering")["admits"], answer, re.IGNORECASE) is not None


def fit(rows: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """Weights of the logistic function that explains which answers were right, by Newton's method.

    `rows`: features, one line an answer. Raises AssistantError when all answers were right, or all wrong: there is
    nothing to tell apart.
    """
    if right.all() or not right.any():
        what = "right" if right.all() else "wrong"
        raise AssistantError(f"all {len(right)} answers were {what}: there is nothing to learn from them")
    weights = np.zeros(rows.shape[1])
    penalty = PENALTY * np.diag([0.0] + [1.0] * (rows.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (right - chance) - penalty @ weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty + 1e-9 * np.eye(rows.shape[1])
        step = np.linalg.solve(bend, slope)
        weights += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return tuple(float(weight) for weight in weights)


def read_calibration(folder: Path, model: Path) -> Calibration | None:
    """What was measured for this model file, in the data directory `folder`; None when nothing usable was."""
    try:
        found: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))[fingerprint(model)]
        weights = tuple(float(weight) for weight in found["weights"])
        checked = tuple(float(weight) for weight in found.get("checked", ()))
        fits = len(weights) == len(features([0.5])) and len(checked) in {0, len(features([0.5], 0.5))}
        if not fits or not all(map(math.isfinite, weights + checked)):
            return None
        return Calibration(weights, int(found["questions"]), int(found["right"]), str(found["made"]), checked)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_calibration(folder: Path, model: Path, calibration: Calibration) -> Path:
    """Keep what was measured; the file. Raises AssistantError."""
    file = folder / FILE
    try:
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        known = {**(known if isinstance(known, dict) else {}), fingerprint(model): asdict(calibration)}
        write_whole(file, json.dumps(known, indent=1) + "\n", durable=True)
    except OSError as error:
        raise AssistantError(f"{file}: cannot be written ({error.strerror}); check the data directory") from error
    return file
