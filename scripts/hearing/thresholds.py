"""How far the sound must speak for a sentence: the weights of assistant/nlu/weighing.py, fitted on synthetic speech.

    python -m scripts.hearing.thresholds work/requests/manifest.jsonl [--check work/requests2/manifest.jsonl]
    python -m scripts.hearing.thresholds work/requests2/manifest.jsonl --shipped

The manifests come from scripts.hearing.requests (different seeds). Prints the constants for weighing.py and, for each
set, what the two thresholds of assistant/dialogue/interpreting.py would let through. Needs nothing but the assistant.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio import SAMPLE_RATE
from assistant.audio.files import read
from assistant.composition.engines import load_listening
from assistant.config import load_settings
from assistant.dialogue.interpreting import Interpreter
from assistant.evaluation.manifest import read_manifest
from assistant.evaluation.speech import spoken_form, summary
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.weighing import CONSTANT, SIGNS, WEIGHTS, Weighed
from assistant.stt import Recognizer, Transcription

RIDGE = 0.01
"""Weight of the squared coefficients (of signs with unit variance) in the loss."""


@dataclass(frozen=True, slots=True)
class Case:
    """One clip: what was found, and what should have been."""

    command: bool
    right: bool
    witnessed: bool
    """Whether the words alone would be believed."""
    weighed: Weighed | None


def decoded(rows: Iterable[Mapping[str, Any]], root: Path, recognizer: Recognizer) -> Iterable[Transcription]:
    """Every clip heard, fed in tenths of a second."""
    for row in rows:
        samples, stream = read(root / row["file"]), recognizer.start()
        for start in range(0, len(samples), SAMPLE_RATE // 10):
            stream.feed(samples[start : start + SAMPLE_RATE // 10])
        yield stream.finish()


def collect(rows: Iterable[Mapping[str, Any]], heard: Iterable[Transcription], interpreter: Interpreter) -> list[Case]:
    """The cases of a manifest."""
    cases = []
    for row, transcription in zip(rows, heard, strict=True):
        said = row.get("text")
        truth = interpreter.read(spoken_form(said), Dialogue()).intents if said else ()
        command = any(intent.name for intent in truth)
        weighed, witnessed = interpreter.judged(transcription)
        found = interpreter.read(weighed.sentence, Dialogue()).intents if weighed else ()
        cases.append(Case(command, command and summary(found) == summary(truth), witnessed, weighed))
    return cases


def fit(cases: Iterable[Case]) -> tuple[float, NDArray[np.float64]]:
    """(constant, weight of each sign) of a logistic regression: sentences that were said against speech and noise
    that is no command. Commands taken for another one are left out: no threshold can put them right."""
    used = [case for case in cases if case.weighed is not None and (case.right or not case.command)]
    signs = np.array([case.weighed.signs for case in used if case.weighed is not None])
    said = np.array([float(case.right) for case in used])
    mean, spread = signs.mean(0), signs.std(0) + 1e-9
    table = np.concatenate([(signs - mean) / spread, np.ones((len(signs), 1))], 1)
    weights = np.zeros(table.shape[1])
    penalty = np.diag([RIDGE] * signs.shape[1] + [0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (p - said) / len(said) + penalty @ weights
        curve = (table * (p * (1 - p))[:, None]).T @ table / len(said) + penalty + 1e-9 * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    scaled = weights[:-1] / spread
    return float(weights[-1] - (scaled * mean).sum()), scaled


def report(name: str, cases: list[Case], constant: float, weights: NDArray[np.float64]) -> None:
    """One line for every pair of thresholds."""
    commands = sum(case.command for case in cases)
    print(f"{name}: {commands} commands, {len(cases) - commands} others")
    print("  believed with words / without: right, taken for another command, others that became one")
    share = [
        1 / (1 + np.exp(-constant - np.dot(weights, case.weighed.signs))) if case.weighed else 0.0 for case in cases
    ]
    for words, alone in ((0.0, 1.1), (0.0, 0.0), (0.1, 0.6), (0.2, 0.6), (0.25, 0.7), (0.35, 0.7), (0.5, 0.8)):
        taken = [case for case, p in zip(cases, share, strict=True) if p >= alone or (case.witnessed and p >= words)]
        right = sum(case.right for case in taken)
        other = sum(case.command and not case.right for case in taken)
        print(f"  {words:.2f} / {alone:.2f}: {right}, {other}, {len(taken) - right - other}")


def main() -> int:
    """Fit and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("manifest", type=Path)
    options.add_argument("--check", type=Path, action="append", default=[], help="another set, reported alone")
    options.add_argument("--shipped", action="store_true", help="fit nothing: report what weighing.py holds")
    args = options.parse_args()
    recognizer, interpreter = load_listening(load_settings())
    sets = {}
    for path in (args.manifest, *args.check):
        rows = read_manifest(path, "file")
        sets[path] = collect(rows, decoded(rows, path.parent, recognizer), interpreter)
    if args.shipped:
        constant, weights = CONSTANT, np.array(WEIGHTS)
    else:
        constant, weights = fit(sets[args.manifest])
        show(constant, weights)
    for path, cases in sets.items():
        report(str(path), cases, constant, weights)
    return 0


def show(constant: float, weights: NDArray[np.float64]) -> None:
    """The constants for weighing.py."""
    print(f"CONSTANT = {constant:.3f}")
    for name, weight in zip(SIGNS, weights, strict=True):
        print(f"    {weight:.3f},  # {name}")


if __name__ == "__main__":
    sys.exit(main())
