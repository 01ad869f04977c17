"""The recordings that a model is measured on, and the edit distance that measures it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.nlu.numbers import say_number

_NOT_WORDS = re.compile(r"[^a-z' ]+")


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and its words in recogniser spelling (None: speech or noise that is no request)."""

    path: Path
    text: str | None


def clean(text: str) -> str:
    """Lower-case words as the recogniser writes them: no digits, no marks; day halves as letters."""
    text = text.lower().replace("’", "'").replace("a.m.", "a m").replace("p.m.", "p m")
    text = text.replace("%", " percent ").replace("°", " degrees ")
    return " ".join(_NOT_WORDS.sub(" ", text).split())


def spoken(text: str) -> str:
    """Written text in recogniser spelling: numbers in words."""
    words = text.replace("%", " percent").split()
    return clean(" ".join(say_number(int(w)) if w.isdigit() and int(w) < 1000 else w for w in words))


def errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, insertions and deletions."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(reference, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def clip_sets(held: Path | None, corpora: Path | None) -> dict[str, list[Clip]]:
    """Clips with known text: the held-out voices by engine, the corpora's home commands recorded and neural."""
    found: dict[str, list[Clip]] = {}
    if held and held.with_suffix(".npz").exists():
        shard = np.load(held.with_suffix(".npz"))
        for i, (text, voice) in enumerate(zip(shard["t"], shard["v"], strict=True)):
            name = f"held-out {str(voice).split(' ')[0]}"
            found.setdefault(name, []).append(Clip(held / f"{i:04d}.flac", str(text)))
    for row in _rows(corpora):
        if row["file"].startswith("home/") and row["text"] is not None:
            name = "home recorded" if row["recorded"] else "home neural"
            clip = Clip(_folder(corpora) / row["file"], spoken(row["text"]))
            found.setdefault(name, []).append(clip)
    return found


def other_clips(corpora: Path | None) -> list[Clip]:
    """Recordings that are no request: keywords of other assistants, kitchen noise, speech outside the vocabulary."""
    return [
        Clip(_folder(corpora) / row["file"], None)
        for row in _rows(corpora)
        if row["file"].startswith(("wake/", "noise/")) or (row["file"].startswith("home/") and row["text"] is None)
    ]


def _folder(corpora: Path | None) -> Path:
    return (corpora or Path()) / "audio"


def _rows(corpora: Path | None) -> list[dict[str, str]]:
    manifest = _folder(corpora) / "manifest.jsonl"
    if corpora is None or not manifest.exists():
        return []
    return [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
