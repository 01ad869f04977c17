"""How well the wake phrases are found: every model at its shipped threshold over labelled clips."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import mix, quiet
from assistant.errors import UsageError
from assistant.wake import Wake, WakeEngine
from assistant.wake.micro import BUNDLED, MicroWakeEngine

PAD_SECONDS = 1.0
"""Quiet noise on both sides of each clip: room for the engine's window, and no hard edge."""

BARE = {"jarvis": "hey jarvis"}
"""A keyword that is the main part of a phrase: its false accepts are near misses and are counted apart."""

EngineFactory: TypeAlias = Callable[[str], WakeEngine]


@dataclass(slots=True)
class PhraseScore:
    """The counts of one phrase. Clips, not detections: a clip counts once however often it fires."""

    clips: int = 0
    """Clips of this phrase."""
    found: int = 0
    false: int = 0
    """Clips of another keyword, or of other speech or noise (a row without the field), in which it fired."""
    false_bare: int = 0
    """Clips of the phrase's main word alone in which it fired; not in `false`."""
    false_unlabelled: int = 0
    """Clips whose keyword is null in which it fired; nobody knows whether wrongly. Not in `false`."""
    negative_s: float = 0.0
    """Seconds, padding included, of the clips in which firing would be false."""

    def summary(self) -> dict[str, Any]:
        """The counts and what follows from them."""
        return {
            "clips": self.clips,
            "found": self.found,
            "missed": self.clips - self.found,
            "found_share": round(self.found / self.clips, 4) if self.clips else None,
            "false": self.false,
            "false_per_hour": round(self.false * 3600 / self.negative_s, 2) if self.negative_s else None,
            "false_bare": self.false_bare,
            "false_unlabelled": self.false_unlabelled,
        }


@dataclass(slots=True)
class Evaluation:
    """What `evaluate` found."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    """One a clip: {"file", "detections": [{"phrase", "at_s", "score"}]}; `at_s` counts from the clip's start."""
    phrases: dict[str, PhraseScore] = field(default_factory=dict)
    seconds: float = 0.0
    """Sound listened to, padding included."""

    def summary(self) -> dict[str, Any]:
        """Totals and the counts of each phrase."""
        scores = self.phrases.values()
        return {
            "clips": len(self.rows),
            "hours": round(self.seconds / 3600, 3),
            "found": sum(s.found for s in scores),
            "missed": sum(s.clips - s.found for s in scores),
            "false": sum(s.false for s in scores),
            "false_bare": sum(s.false_bare for s in scores),
            "phrases": {phrase: score.summary() for phrase, score in self.phrases.items()},
        }

    def lines(self) -> list[str]:
        """The summary for a person, a line a phrase."""
        total = self.summary()
        lines = [f"{total['clips']} clips, {total['hours']:.2f} h with padding; false in all: {total['false']}"]
        for phrase, score in self.phrases.items():
            found = f"found {score.found} of {score.clips}" + (
                f" ({score.found / score.clips:.1%})" if score.clips else ""
            )
            counts = score.summary()
            hourly = "" if counts["false_per_hour"] is None else f" ({counts['false_per_hour']:.1f} an hour)"
            bare = f", {score.false_bare} in the bare word" if phrase in BARE.values() else ""
            lines.append(f"{phrase:<12} {found}; false {score.false}{hourly}{bare}")
        return lines


def evaluate(
    rows: Iterable[Mapping[str, Any]],
    root: Path,
    *,
    phrases: Sequence[str] = tuple(BUNDLED),
    noise: Samples | None = None,
    snr_db: float = 10.0,
    seed: int = 0,
    engine: EngineFactory | None = None,
) -> Evaluation:
    """Listen for each of `phrases` on its own in every clip of `rows`.

    A row holds "file" (relative to `root`) and "keyword": what is said in it, null when nobody knows; rows without
    the field hold other speech or noise. Each clip is padded with PAD_SECONDS of −60 dB noise; `noise` (looped from
    a random place) is laid under clip and padding at `snr_db` to the clip's own mean power. Noise and padding depend
    on `seed` and the file's name alone. `engine` makes the engine of one phrase (the bundled one when not given).

    Raises UsageError for a row without a file, AudioError for a file that cannot be read.
    """
    make: EngineFactory = engine or (lambda phrase: MicroWakeEngine((phrase,)))
    engines = {phrase: make(phrase) for phrase in phrases}
    result = Evaluation(phrases={phrase: PhraseScore() for phrase in phrases})
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("file"), str):
            raise UsageError(f"row {number}: has no field 'file'; each row names a sound file")
        sound = prepare(read(root / row["file"]), row["file"], noise=noise, snr_db=snr_db, seed=seed)
        seconds = sound.size / SAMPLE_RATE
        result.seconds += seconds
        detections: list[Wake] = []
        for phrase, one in engines.items():
            one.reset()
            fired = list(_detections(one, sound))
            detections += fired
            _count(result.phrases[phrase], phrase, row, seconds, fired=bool(fired))
        detections.sort(key=lambda wake: wake.at_s)
        result.rows.append({
            "file": row["file"],
            "detections": [
                {"phrase": w.phrase, "at_s": round(w.at_s - PAD_SECONDS, 2), "score": round(w.score, 3)}
                for w in detections
            ],
        })  # fmt: skip
    return result


def prepare(clip: Samples, name: str, *, noise: Samples | None, snr_db: float, seed: int) -> Samples:
    """The clip as the engines hear it: padded on both sides, with `noise` under it when there is one."""
    own = crc32(f"{seed} {name}".encode())
    before, after = quiet(PAD_SECONDS, seed=own), quiet(PAD_SECONDS, seed=own + 1)
    padded = np.concatenate((before, clip, after))
    return padded if noise is None else mix(padded, noise, snr_db, offset=own % noise.size, reference=clip)


def _detections(engine: WakeEngine, sound: Samples) -> Iterable[Wake]:
    for start in range(0, sound.size, SAMPLE_RATE // 10):
        wake = engine.process(sound[start : start + SAMPLE_RATE // 10])
        if wake is not None:
            yield wake


def _count(score: PhraseScore, phrase: str, row: Mapping[str, Any], seconds: float, *, fired: bool) -> None:
    labelled = "keyword" in row
    keyword = row.get("keyword")
    if labelled and keyword is None:
        score.false_unlabelled += fired
    elif labelled and str(keyword).casefold() == phrase:
        score.clips += 1
        score.found += fired
    elif labelled and BARE.get(str(keyword).casefold()) == phrase:
        score.false_bare += fired
    else:
        score.negative_s += seconds
        score.false += fired
