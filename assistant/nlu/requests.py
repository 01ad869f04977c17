"""Several requests in one sentence, and a slip of the tongue put right within it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from assistant.nlu.intent import Intent
from assistant.nlu.spans import abstract

JOINTS: tuple[tuple[str, ...], ...] = (
    ("and", "then"), ("and", "also"), ("and", "please"), ("then", "also"), ("and", "after", "that"),
    ("and",), ("then",), ("also",), ("plus",), ("after", "that"), ("as", "well", "as"),
)  # fmt: skip
"""Words between two requests."""

SLIPS: tuple[tuple[str, ...], ...] = (
    ("no", "wait", "make", "it"), ("no", "wait", "make", "that"), ("no", "make", "it"),
    ("no", "make", "that"), ("no", "sorry"), ("no", "i", "mean"), ("no", "i", "meant"), ("no", "wait"),
    ("sorry", "i", "mean"), ("sorry", "i", "meant"), ("i", "mean"), ("i", "meant"), ("or", "rather"),
    ("wait", "no"), ("make", "that"), ("actually", "make", "it"), ("actually", "no"), ("scratch", "that"),
    ("no", "no"), ("uh", "no"), ("actually",), ("rather",), ("sorry",), ("no",),
)  # fmt: skip
"""Words with which a speaker puts right what was just said."""

_VERBS: tuple[tuple[str, ...], ...] = (
    ("turn", "on"), ("turn", "off"), ("switch", "on"), ("switch", "off"), ("shut", "off"), ("open",),
    ("close",), ("shut",), ("lock",), ("unlock",), ("dim",), ("brighten",), ("start",), ("stop",),
)  # fmt: skip
_NOUN_LEADS = frozenset({"the", "my", "our", "all", "every"})
"""A right half that begins so has no verb of its own, though a bare device name is a sentence too ("the lamp")."""

_MOST_PARTS = 4


@dataclass(frozen=True, slots=True)
class Split:
    """Two halves of a sentence."""

    left: list[str]
    right: list[str]


def splits(words: Sequence[str]) -> Iterator[Split]:
    """Every way to cut `words` at a joint, leftmost first, longest joint first at one place."""
    at = 1
    while at < len(words) - 1:
        for joint in JOINTS:
            end = at + len(joint)
            if tuple(words[at:end]) == joint and end < len(words):
                yield Split(list(words[:at]), list(words[end:]))
                break
        at += 1


def _moved(intent: Intent) -> bool:
    """Whether it says where a reminder goes: then no words of the reminder's own follow."""
    return intent.name == "ReminderMove" and not {"time", "day", "duration"}.isdisjoint(intent.slots)


def several(words: list[str], understood: Callable[[list[str]], Intent | None], depth: int = 0) -> list[Intent]:
    """The intents of a sentence that holds at least two requests which `understood` knows; [] when it holds one."""
    if depth >= _MOST_PARTS:
        return []
    for split in splits(words):
        if split.right[0] in _NOUN_LEADS and (shared := _shared_verb(split, understood)):
            return shared
        first = understood(split.left)
        if first is None or (first.name.startswith("Reminder") and not _moved(first)):
            # a reminder's text may well say "and": "remind me to lock up and turn off the lights" is one request
            shared = _shared_verb(split, understood)
            if shared:
                return shared
            if first is not None:
                return []
            continue
        rest = understood(split.right)
        if rest is not None:
            more = several(split.right, understood, depth + 1)
            return [first, *(more or [rest])]
        if more := several(split.right, understood, depth + 1):
            return [first, *more]
        if shared := _shared_verb(split, understood):
            return shared
    return []


def _shared_verb(split: Split, understood: Callable[[list[str]], Intent | None]) -> list[Intent]:
    """ "turn off the kitchen and bedroom lights": the verb of the left half and the noun of the right serve both."""
    verb = next((verb for verb in _VERBS if tuple(split.left[: len(verb)]) == verb), ())
    if not verb or tuple(split.right[: len(verb)]) == verb:
        return []
    second = understood([*verb, *split.right])
    if second is None:
        return []
    first = understood(split.left) or understood([*split.left, split.right[-1]])
    return [first, second] if first else []


def each_value(words: Sequence[str], today: date) -> list[list[str]]:
    """One sentence for each of two times joined by "and" ("alarms for two pm and three pm"); [] when there is one."""
    spans = abstract(words, today)
    tokens = spans.text.split()
    for at in range(len(tokens) - 2):
        pair = tokens[at], tokens[at + 2]
        if tokens[at + 1] != "and" or not all(token in spans.spans for token in pair):
            continue
        for kind in ("time", "duration"):
            if all(kind in spans.spans[token].kinds for token in pair):
                head, tail = tokens[:at], tokens[at + 3 :]
                return [spans.concrete(" ".join([*head, token, *tail])).split() for token in pair]
    return []


def put_right(words: Sequence[str], today: date) -> list[str]:
    """`words` with a slip replaced by its correction ("ten minutes no fifteen" → "fifteen minutes"); same if none."""
    for at in range(1, len(words) - 1):
        for slip in SLIPS:
            end = at + len(slip)
            if tuple(words[at:end]) == slip and end < len(words):
                fixed = replaced(words[:at], words[end:], today)
                if fixed:
                    return fixed
                break
    return list(words)


def replaced(before: Sequence[str], correction: Sequence[str], today: date) -> list[str]:
    """`before` with its last value of the same kind replaced by `correction`; [] when they don't fit."""
    new = abstract(_bare(correction), today)
    old = abstract(before, today)
    tokens = new.text.split()
    if len(tokens) != 1 or tokens[0] not in new.spans:
        return []
    span = new.spans[tokens[0]]
    out = old.text.split()
    for at in range(len(out) - 1, -1, -1):
        previous = old.spans.get(out[at])
        if previous is None:
            continue
        value = span.words
        if not (span.kinds & previous.kinds):
            unit = previous.words.split()[-1]
            if "duration" in previous.kinds and "number" in span.kinds and unit.isalpha():
                value = f"{span.words} {unit}"
            else:
                continue
        return old.concrete(" ".join([*out[:at], "\0", *out[at + 1 :]])).replace("\0", value).split()
    return []


_FILLER = frozenset(
    {"for", "to", "at", "on", "the", "i", "said", "it", "make", "meant", "mean", "that", "please", "in"}
)


def _bare(words: Sequence[str]) -> list[str]:
    at = 0
    while at < len(words) - 1 and words[at] in _FILLER:
        at += 1
    end = len(words)
    while end > at + 1 and words[end - 1] == "please":
        end -= 1
    return list(words[at:end])
