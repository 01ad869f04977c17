"""Measure what the probabilities of a language model's words are worth, on questions with known answers.

    scripts/calibrate_confidence MODEL.gguf [--data DIR] [--threads N]

Asks the 80 questions of scripts/calibration_questions.py with the assistant's own prompt, notes which first sentences
are right, asks the model whether they are, fits a curve from the words' probabilities to the share that is right, with
and without the model's own opinion, says how well both hold on questions that they were not fitted to, and keeps it for
this very file in the data directory. The opinion costs time in every turn, so it is kept only where it makes the
judgement better by more than chance would. From the next start on the privacy gate goes by it: a question leaves the
house, where that is allowed at all, only when the local answer is less than 80 % likely.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from assistant.config import load_settings
from assistant.dialogue.brevity import end_of
from assistant.errors import AssistantError
from assistant.llm.confidence import Calibration, Evidence, admits, confidence, features, fit, write_calibration
from assistant.llm.engine import CHECK_S
from assistant.llm.llamacpp import LlamaCppModel
from assistant.llm.prompt import Prompt
from assistant.texts import texts
from scripts.calibration_questions import QUESTIONS

TOKENS = 48
"""Of an answer at most: its first sentence decides."""

LEAST_OPINIONS = 20
"""Answers of which the model has an opinion, for a curve of their own."""

CERTAIN = 2.0
"""Standard errors by which the opinions must make the judgement better."""

FOLDS = 5
"""Parts of the questions; each is judged by a curve fitted to the others."""

GOOD_ENOUGH = 0.8
"""The privacy gate's threshold."""


def right(answer: str, accepted: str) -> bool:
    """Whether `answer` holds one of the `accepted` words, or admits that it knows nothing where there are none."""
    if not accepted:
        return admits(answer)
    return not admits(answer) and re.search(rf"(?<!\w)({accepted})(?!\w)", answer.lower()) is not None


def ask(model: LlamaCppModel, prompt: Prompt, question: str) -> tuple[Evidence, float]:
    """The first sentence of the answer, how likely its words were, and what the model thinks of it; the seconds that
    this opinion took."""
    reply = model.stream(prompt.messages([], question), max_tokens=TOKENS)
    text = ""
    for piece in reply:
        text += piece
        if end_of(text, 1) is not None:
            break
    probabilities, words = tuple(reply.probabilities), texts("en", "answering")
    began = time.perf_counter()
    check = reply.check(end_of(text, 1) or len(text), words["check"], words["yes"], words["no"])
    seconds = time.perf_counter() - began
    reply.cancel()
    return Evidence(text, probabilities, check=check), seconds


def learn(found: Sequence[Evidence], truth: np.ndarray, *, checked: bool) -> Calibration:
    """The curve of these answers; `checked`: one for answers of which the model has an opinion too.

    Raises AssistantError when there is nothing to learn.
    """
    weights = fit(np.array([features(each.probabilities or (1e-6,)) for each in found]), truth)
    made = Calibration(weights, len(truth), int(truth.sum()), datetime.now(UTC).date().isoformat())
    if not checked:
        return made
    asked = np.array([each.check is not None for each in found])
    rows = [features(each.probabilities or (1e-6,), each.check) for each in found if each.check is not None]
    if len(rows) < LEAST_OPINIONS:
        raise AssistantError(f"the model has an opinion of {len(rows)} of its {len(truth)} answers alone")
    return replace(made, checked=fit(np.array(rows), truth[asked]))


def chances(found: Sequence[Evidence], truth: np.ndarray, *, checked: bool = False) -> np.ndarray:
    """The confidence of each answer by a curve that was fitted without it; NaN where the rest taught nothing."""
    made = np.full(len(found), np.nan)
    parts = np.random.default_rng(0).permutation(len(found)) % FOLDS
    for part in range(FOLDS):
        rest = np.flatnonzero(parts != part).tolist()
        try:
            curve = learn([found[number] for number in rest], truth[rest], checked=checked)
        except AssistantError:
            continue
        for number in np.flatnonzero(parts == part).tolist():
            made[number] = confidence(found[number], curve)
    return made


def gain(plain: np.ndarray, checked: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """By how much the opinions lessen the surprise at what was right, nats an answer, and its standard error."""

    one, other = (np.log(np.clip(np.where(truth, made, 1 - made), 1e-3, 1)) for made in (plain, checked))
    less = (other - one)[np.isfinite(plain) & np.isfinite(checked)]
    return (float(less.mean()), float(less.std() / np.sqrt(len(less)))) if len(less) else (0.0, 0.0)


def report(made: np.ndarray, truth: np.ndarray, found: Sequence[Evidence]) -> list[str]:
    """What the curve is worth, in lines."""
    sure = made >= GOOD_ENOUGH
    pairs = [(made[good], made[bad]) for good in np.flatnonzero(truth) for bad in np.flatnonzero(~truth)]
    better = [(good > bad) + 0.5 * (good == bad) for good, bad in pairs]
    admitted = sum(admits(each.text) for each in found)
    surer = f"a right answer is surer than a wrong one in {100 * float(np.mean(better)):.0f} % of pairs"
    lines = [
        f"{truth.sum()} of {len(truth)} first sentences are right, {admitted} admit that they know nothing",
        f"on questions that the curve was not fitted to: {surer}",
        f"{sure.sum()} answers would stay as good enough, {_percent(truth[sure])} of them right",
    ]
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = (made >= low) & (made < low + 0.2 + (low == 0.8))
        if inside.any():
            lines.append(f"  confidence {low:.1f} to {low + 0.2:.1f}: {inside.sum()}, {_percent(truth[inside])} right")
    return lines


def _percent(marks: np.ndarray) -> str:
    return f"{100 * marks.mean():.0f} %" if len(marks) else "none"


def calibrate(
    model: LlamaCppModel,
    data: Path,
    tell: Callable[[str], None],
    questions: Sequence[tuple[str, str]] = QUESTIONS,
) -> Calibration:
    """Measure and keep. Raises AssistantError when there is nothing to learn; then nothing is kept."""
    prompt = Prompt()
    model.prepare(prompt.messages([], ""))
    found, truth, took = [], [], []
    for number, (question, accepted) in enumerate(questions, 1):
        evidence, seconds = ask(model, prompt, question)
        found.append(evidence)
        took.append(seconds)
        truth.append(right(evidence.text, accepted))
        tell(f"{number}/{len(questions)} {'right' if truth[-1] else 'wrong'}: {question} {evidence.text.strip()!r}")
    marks = np.array(truth)
    curve = learn(found, marks, checked=False)
    plain, checked = chances(found, marks), chances(found, marks, checked=True)
    for line in report(plain, marks, found):
        tell(line)
    less, error = gain(plain, checked, marks)
    opinions = sum(each.check is not None for each in found)
    tell(f"the model has an opinion of {opinions} answers; each took {np.median(took):.2f} s (median)")
    if less > CERTAIN * error and np.median(took) < CHECK_S:
        curve = learn(found, marks, checked=True)
        tell(f"with its opinion the judgement is better by {less:.3f} nats (+-{error:.3f}): it will be asked")
    else:
        tell(f"its opinion is worth {less:.3f} nats (+-{error:.3f}), too little for its time: it will not be asked")
    tell(f"kept in {write_calibration(data, model.path, curve)}")
    return curve


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/calibrate_confidence", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, help="the data directory; that of the settings when not given")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        model = LlamaCppModel(
            given.model,
            threads=given.threads or settings.thinking.threads,
            context=settings.thinking.context,
            cache=settings.paths.cache / "working-models.json",
        )
        try:
            calibrate(model, given.data or settings.paths.data, print)
        finally:
            model.close()
    except AssistantError as error:
        print(f"{error}; nothing was kept", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
