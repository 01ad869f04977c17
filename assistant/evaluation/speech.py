"""Speech in, class and slots out: what `assistant eval speech` measures.

A clip counts as understood when it ends in the class and the slots that the assistant's own understanding gives to
the words that were really said; apart from that it is counted whether the action is the same too (on is not off). So
this measures hearing, with the sounds-like matching that belongs to it, and not understanding.
"""

import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import mix
from assistant.dialogue.interpreting import Heard, Interpreter
from assistant.nlu import Class, Intent
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.intent import json_slots
from assistant.stt import Recognizer
from assistant.tts.speakable import speakable


@dataclass(slots=True)
class Group:
    """Clips of one kind."""

    clips: int = 0
    right: int = 0
    same: int = 0
    """Those of them that ask for the same action: a lamp to be put on, not off."""
    exact: int = 0
    """Clips whose words are exactly what was said, before any matching."""
    sentences: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def line(self, name: str) -> str:
        """The group's figures in one line; a sentence that many people said counts once in the last one."""
        if not self.clips:
            return f"{name}: no clips"
        shares = [sum(each) / len(each) for each in self.sentences.values()]
        return (
            f"{name}: understood {self.right}/{self.clips} ({self.right / self.clips:.1%}), the action "
            f"right too {self.same}/{self.clips} ({self.same / self.clips:.1%}), exact words "
            f"{self.exact}/{self.clips}, by distinct sentence {sum(shares):.1f}/{len(shares)} "
            f"({sum(shares) / len(shares):.1%})"
        )


@dataclass(slots=True)
class SpeechResult:
    """Predictions and figures."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    recorded: Group = field(default_factory=Group)
    synthetic: Group = field(default_factory=Group)
    orders: Group = field(default_factory=Group)
    """Clips whose row says what was asked for, not in which words."""
    others: int = 0
    """Clips whose words are no command here (or are unknown)."""
    fired: int = 0
    """Those of them that became a command."""
    cpu_s: float = 0.0
    """Processor time of the recogniser."""
    sound_s: float = 0.0

    def lines(self) -> list[str]:
        """The figures as a person reads them."""
        groups = (("recorded by people", self.recorded), ("neural voices", self.synthetic))
        out = [group.line(name) for name, group in groups if group.clips]
        if self.orders.clips:
            share = self.orders.right / self.orders.clips
            out.append(f"orders: understood with every slot {self.orders.right}/{self.orders.clips} ({share:.1%})")
        if self.others:
            out.append(f"no command: {self.fired}/{self.others} became one ({self.fired / self.others:.1%})")
        out.append(f"recogniser: {self.cpu_s / max(self.sound_s, 1e-9):.3f} s of processor per s of sound")
        return out


def evaluate(
    rows: Iterable[Mapping[str, Any]],
    root: Path,
    recognizer: Recognizer,
    interpreter: Interpreter,
    *,
    noise: Samples | None = None,
    snr_db: float = 10.0,
) -> SpeechResult:
    """Hear every row's `file` (relative to `root`) without a wake word, and compare with its `text` where it has one.

    A row without `text` but with `intent` and `slots` is an order for one of the owner's own skills: it is right when
    the last part of the intent's name and all slots are the same. `noise` (looped, from a place that depends on the
    file's name) is laid under each clip at `snr_db` to its mean power.

    Raises AudioError for a file that cannot be read.
    """
    result = SpeechResult()
    for row in rows:
        samples = read(root / row["file"])
        if noise is not None:
            samples = mix(samples, noise, snr_db, offset=zlib.crc32(row["file"].encode()) % noise.size)
        begun = time.process_time()
        stream = recognizer.start()
        for start in range(0, len(samples), SAMPLE_RATE // 10):
            stream.feed(samples[start : start + SAMPLE_RATE // 10])
        transcription = stream.finish()
        result.cpu_s += time.process_time() - begun
        result.sound_s += len(samples) / SAMPLE_RATE
        heard = interpreter.interpret(transcription, Dialogue())
        result.rows.append(
            {
                "file": row["file"],
                "transcript": transcription.chosen.text,
                "matched": heard.text if heard.source == "matched" else None,
                "intent": _named(heard.intents) or summary(heard.intents)[0],
                "slots": summary(heard.intents)[1],
                "route": "command" if any(intent.name for intent in heard.intents) else "local",
            }
        )
        _score(result, row, transcription.chosen.text, heard, interpreter)
    return result


def _score(result: SpeechResult, row: Mapping[str, Any], words: str, heard: Heard, interpreter: Interpreter) -> None:
    said = row.get("text")
    if not said and row.get("intent") and row.get("slots") is not None and interpreter.serves(row["intent"]):
        first = heard.intents[0] if heard.intents else None
        result.orders.clips += 1
        result.orders.right += (
            first is not None and first.name.endswith(f".{row['intent']}") and json_slots(first) == row["slots"]
        )
        return
    truth = interpreter.read(spoken_form(said), Dialogue()).intents if said else ()
    if not any(intent.name for intent in truth):
        result.others += 1
        result.fired += any(intent.name for intent in heard.intents)
        return
    group = result.recorded if row.get("recorded", True) else result.synthetic
    right = summary(heard.intents) == summary(truth)
    group.clips += 1
    group.right += right
    group.same += right and heard.intents[0].name == truth[0].name
    group.exact += words == spoken_form(str(said))
    group.sentences[str(said)].append(right)


def _named(intents: Sequence[Intent]) -> str:
    """The name that the owner gave to an intent of an own skill; "" for every other."""
    first = intents[0] if intents else None
    return first.name.rpartition(".")[2] if first is not None and first.kind is Class.OWN else ""


def spoken_form(text: str) -> str:
    """A written sentence as a recogniser would deliver it: words, lower case, no punctuation."""
    return " ".join("".join(c if c.isalnum() or c in "' " else " " for c in speakable(text).lower()).split())


def summary(intents: Sequence[Intent]) -> tuple[str, dict[str, Any]]:
    """Class and slots of the first request, as JSON values."""
    if not intents:
        return "out_of_scope", {}
    first = intents[0]
    return first.kind.value, dict(sorted(json_slots(first).items()))
