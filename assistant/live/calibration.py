"""The wake threshold for one microphone in one room, from minutes that were recorded there."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.files import frames
from assistant.audio.vad import SpeechDetector
from assistant.errors import AssistantError
from assistant.files import write_whole
from assistant.wake.micro import BUNDLED, MicroWakeEngine

STRETCH_S = 1.5
"""Scores closer together belong to one utterance: the engine's own refractory time."""

INTERESTING = 0.3
"""A score below this was never near a detection; shipped thresholds lie between 0.85 and 0.99."""

FURTHEST_DOWN, HIGHEST = 0.2, 0.99
"""How far below the shipped threshold a few minutes may move it, and the highest it may become. The shipped values rest
on hours (docs/wake.md), and what fires once in an evening does not show in minutes."""

MISS_COST = 5.0
"""One false accept in the recorded minutes weighs as much as every fifth phrase missed: both are about one annoyance an
evening."""

PAUSE_S = 0.7
"""Silence that separates two utterances of the phrase in one recording."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Heard:
    """What the wake engine made of one recording."""

    seconds: float
    peaks: tuple[float, ...]
    """The highest score of each stretch, in order; stretches that never came near are left out."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A threshold, and what it did on the recordings it was chosen by."""

    phrase: str
    threshold: float
    shipped: float
    false_accepts: int
    hours: float
    """Of sound without the phrase."""
    missed: int
    said: int

    @property
    def false_per_hour(self) -> tuple[float, float, float]:
        """False accepts an hour: as counted, and the bounds within which the truth lies with 95 %."""
        low, high = poisson_bounds(self.false_accepts)
        return self.false_accepts / self.hours, low / self.hours, high / self.hours

    @property
    def missed_share(self) -> tuple[float, float, float]:
        """The share of phrases that was missed, 0..1, and its bounds with 95 %."""
        low, high = binomial_bounds(self.missed, self.said)
        return self.missed / self.said, low, high

    def lines(self) -> list[str]:
        """For a person."""
        rate, share = self.false_per_hour, self.missed_share
        moved = "as shipped" if self.threshold == self.shipped else f"shipped: {self.shipped:.2f}"
        return [
            f"“{self.phrase}”: threshold {self.threshold:.2f} ({moved})",
            (
                f"  heard {self.said - self.missed} of {self.said}; missed {share[0]:.0%} "
                f"(between {share[1]:.0%} and {share[2]:.0%} with 95 % certainty)"
            ),
            (
                f"  false accepts: {self.false_accepts} in {self.hours * 60:.1f} minutes, {rate[0]:.1f} an hour "
                f"(between {rate[1]:.1f} and {rate[2]:.1f} with 95 % certainty)"
            ),
        ]


def listen(engine: MicroWakeEngine, sound: Samples) -> dict[str, Heard]:
    """Every phrase's peaks in `sound`, 16 kHz mono."""
    engine.reset()
    peaks: dict[str, list[float]] = {phrase: [] for phrase in engine.phrases}
    last = dict.fromkeys(engine.phrases, -math.inf)
    for number, frame in enumerate(frames(sound)):
        engine.process(frame)
        now = number * FRAME_SAMPLES / SAMPLE_RATE
        for phrase, score in engine.scores.items():
            if score < INTERESTING:
                continue
            if now - last[phrase] < STRETCH_S:
                peaks[phrase][-1] = max(peaks[phrase][-1], score)
            else:
                peaks[phrase].append(score)
            last[phrase] = now
    return {phrase: Heard(sound.size / SAMPLE_RATE, tuple(found)) for phrase, found in peaks.items()}


def utterances(detector: SpeechDetector, sound: Samples) -> int:
    """How often somebody spoke in `sound`."""
    detector.reset()
    count, silent = 0, PAUSE_S
    for frame in frames(sound):
        activity = detector.feed(frame)
        if activity.speech:
            count += silent >= PAUSE_S
            silent = 0.0
        else:
            silent += FRAME_SAMPLES / SAMPLE_RATE
    return count


def choose(phrase: str, shipped: float, without: Iterable[Heard], spoken: Iterable[Heard], said: int) -> Calibrated:
    """The best threshold for `phrase`: `without` are recordings that do not hold it, `spoken` hold it `said` times.

    Of thresholds that are equally good on the recordings, the one nearest to the shipped one. Raises AssistantError
    when there is too little to go by.
    """
    without, found = list(without), sorted((peak for heard in spoken for peak in heard.peaks), reverse=True)[:said]
    hours = sum(heard.seconds for heard in without) / 3600
    if said < 1 or hours <= 0:
        raise AssistantError(
            "calibration: needs sound without the wake phrase and the phrase at least once; see --help"
        )
    false = [peak for heard in without for peak in heard.peaks]
    lowest = max(0.5, shipped - FURTHEST_DOWN)
    grid = [round(lowest + step * 0.01, 2) for step in range(round((HIGHEST - lowest) * 100) + 1)]

    def at(threshold: float) -> Calibrated:
        accepts = sum(peak > threshold for peak in false)
        missed = said - sum(peak > threshold for peak in found)
        return Calibrated(phrase, threshold, shipped, accepts, hours, missed, said)

    def cost(result: Calibrated) -> tuple[float, float]:
        return result.false_accepts + MISS_COST * result.missed / said, abs(result.threshold - shipped)

    return min((at(threshold) for threshold in grid), key=cost)


def poisson_bounds(count: int) -> tuple[float, float]:
    """Bounds of the expected number, with CONFIDENCE, when `count` were counted (Garwood's exact interval)."""
    tail = (1 - CONFIDENCE) / 2

    def below(mean: float, most: int) -> float:
        return sum(math.exp(number * math.log(mean) - mean - math.lgamma(number + 1)) for number in range(most + 1))

    low = _solve(lambda mean: below(mean, count - 1) - (1 - tail), 1e-9, count + 1.0) if count else 0.0
    return low, _solve(lambda mean: below(mean, count) - tail, 1e-9, 4.0 * count + 10.0)


def binomial_bounds(count: int, of: int) -> tuple[float, float]:
    """Bounds of a share, with CONFIDENCE, when it was seen `count` times in `of` (Clopper and Pearson's interval)."""
    tail = (1 - CONFIDENCE) / 2

    def below(share: float, most: int) -> float:
        return sum(math.comb(of, n) * share**n * (1 - share) ** (of - n) for n in range(most + 1))

    low = _solve(lambda share: below(share, count - 1) - (1 - tail), 0.0, 1.0) if count else 0.0
    high = _solve(lambda share: below(share, count) - tail, 0.0, 1.0) if count < of else 1.0
    return low, high


def _solve(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def shipped_threshold(phrase: str) -> float:
    """The measured default of a bundled phrase."""
    return BUNDLED[phrase].threshold


def store(file: Path, microphone: str, results: Iterable[Calibrated], now: datetime) -> None:
    """Keep thresholds with their evidence, for this microphone. Raises AssistantError when that cannot be written."""
    known = _read(file)
    mine = known.setdefault(microphone, {})
    for result in results:
        mine[result.phrase] = {**asdict(result), "at": now.isoformat(timespec="seconds")}
    try:
        write_whole(file, json.dumps(known, indent=1), durable=True)
    except OSError as error:
        raise AssistantError(f"{file}: cannot be written ({error.strerror}); check paths.data") from error


def thresholds(file: Path, microphone: str) -> dict[str, float]:
    """What was calibrated for this microphone, by phrase; nothing where the file is missing or damaged."""
    found = _read(file).get(microphone, {})
    values = {phrase: entry.get("threshold") for phrase, entry in found.items() if isinstance(entry, Mapping)}
    return {
        phrase: float(value) for phrase, value in values.items() if isinstance(value, (int, float)) and 0 < value < 1
    }


def calibration_file(data: Path) -> Path:
    """Where thresholds are kept."""
    return data / "calibration.json"


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: entries for name, entries in found.items() if isinstance(entries, dict)}
