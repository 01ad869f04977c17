"""Sentences for the intent classifier, from the templates in scripts/nlu/corpus. All of them were written for this."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"

LEADS = (
    "please|can you|could you|would you|hey|hey google|olly|hey siri|alexa|okay|will you|i want you to|i need you to|"
    "i'd like you to|could you please|can you please|please can you|hi|hello|um|so|would you mind|i would like you to|"
    "hey can you|uh|just|quickly|ok|good morning|assistant|hey there|well|would you please|can i|i want to|i'd like to"
)
TRAILS = (
    "please|thanks|thank you|for me|now|right now|okay|if you can|if you could|if you would|asap|would you|right away|"
    "today|for me please|olly|google"
)
ARTICLES = {"the", "a", "an", "my", "to", "of", "is", "me", "in", "for"}
MISHEARD = {
    "two": ["to", "too"], "for": ["four"], "to": ["two"], "lights": ["light", "like", "lights"], "light":
    ["lights", "night"], "play": ["lay", "plate"], "timer": ["time", "timers", "tymer"], "alarm": ["alarms",
    "arm"], "volume": ["value", "volumes"], "turn": ["turned", "term"], "off": ["of"], "weather":
    ["whether", "weathers"], "list": ["lists", "least"], "remind": ["mind", "reminded"], "set": ["sat",
    "sets"], "what's": ["what", "whats", "what is"], "i'm": ["im", "i am"], "it's": ["its", "it is"],
    "don't": ["dont"], "i'd": ["id", "i would"], "add": ["at", "had"], "music": ["musics"], "song":
    ["songs", "some"], "and": ["in", "an"], "is": ["has", "as"], "how's": ["hows"], "where": ["were"],
    "vacuum": ["vacuum cleaner", "vacum"], "wake": ["make", "wakes"],
}  # fmt: skip

_TOKEN = re.compile(r"\(|\)|\[|\]|\||\{[^}]*\}|[^()\[\]|{}]+")


def lexicon() -> dict[str, list[str]]:
    """Word lists by name."""
    out = {}
    for line in (CORPUS / "lexicon.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, values = line.partition(":")
            out[name] = [value.strip() for value in values.split("|") if value.strip()]
    return out


def templates() -> Iterator[tuple[str, str]]:
    """(label, template) of every line; a label "Intent:variant" counts as "Intent:variant"."""
    for file in ("in_scope.txt", "out_of_scope.txt"):
        label = ""
        for line in (CORPUS / file).read_text().splitlines():
            line = line.strip()  # noqa: PLW2901  the line without its blanks is all that is meant
            if line.startswith("#") or not line:
                continue
            if line.startswith("[") and line.endswith("]") and " " not in line and "|" not in line:
                label = line[1:-1]
            else:
                yield label, line


def expand(template: str, words: dict[str, list[str]], rng: random.Random) -> str:
    """One random sentence of a template."""
    text, _position = _sequence(_TOKEN.findall(template), 0, words, rng, "")
    return " ".join(text.split())


def _sequence(
    tokens: list[str], at: int, words: dict[str, list[str]], rng: random.Random, close: str
) -> tuple[str, int]:
    options, parts = [], []
    while at < len(tokens):
        token = tokens[at]
        if token == close:
            at += 1
            break
        if token == "|":
            options.append(parts)
            parts = []
            at += 1
        elif token in "([":
            inner, at = _sequence(tokens, at + 1, words, rng, ")" if token == "(" else "]")
            parts.append(inner if token == "(" or rng.random() < 0.42 else " ")
        elif token.startswith("{"):
            name = token[1:-1]
            parts.append(expand(rng.choice(words[name]), words, rng) if name in words else name)
            at += 1
        else:
            parts.append(token)
            at += 1
    options.append(parts)
    return "".join(rng.choice(options)), at


def variety(template: str) -> float:
    """How many sentences a template can make, roughly: a brake on templates that have only one."""
    return (1 + template.count("|")) * (1 + 2 * template.count("{")) * (1 + template.count("["))


def disturb(text: str, rng: random.Random) -> str:
    """Courtesy around a sentence, and what a recogniser does to it."""
    words = text.split()
    if rng.random() < 0.25:
        words = rng.choice(LEADS.split("|")).split() + words
    if rng.random() < 0.13:
        words = words + rng.choice(TRAILS.split("|")).split()
    out = []
    for word in words:
        chance = rng.random()
        if word in ARTICLES and chance < 0.05:
            continue
        if word in MISHEARD and chance < 0.04:
            word = rng.choice(MISHEARD[word])  # noqa: PLW2901  heard in the word's place
        elif chance < 0.006 and len(words) > 3:
            continue
        elif chance > 0.995:
            out.append(word)
        out.append(word)
    return " ".join(out or words)
