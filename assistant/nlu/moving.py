"""A wish to move an alarm, a timer or a reminder, in words that no sentence file has, must not set or cancel any."""

import re
from dataclasses import replace

from assistant.nlu.intent import Class, Intent
from assistant.nlu.spans import Abstract

_VERBS = (
    "change|move|shift|reschedule|postpone|delay|adjust|edit|update|modify|alter|reset|push|push back|put off|put back|"
    "rearrange|bring forward|bring(?! up)|pull forward|pull(?! up)"
)
_OTHERS = "set|make|create|add|so|and|wake me|remind me|cancel|stop|delete|remove|clear|forget"
"""Words of another request between the verb and the thing."""

_THING = r"(alarm|timer|reminder)s?\b"
_MOVES = re.compile(rf"\b(?:{_VERBS}) (?:(?!(?:{_OTHERS})\b)\S+ ){{0,5}}?{_THING}")
_FREELY = (
    _MOVES,
    # "make my six o'clock alarm ..."; a time's token begins so (assistant.nlu.spans.token)
    re.compile(r"\bmake (?:the|my|that) q(?:ti|nu)z\w+ .*\b(alarm)\b"),
    # "can my reminder be moved", "let the timer run for five minutes instead"
    re.compile(
        rf"\b(?:the|my|that) (?:\S+ ){{0,2}}?{_THING} (?:\S+ )?"
        r"be (?:moved|changed|shifted|put|pushed|delayed|postponed|rescheduled)\b"
    ),
    re.compile(
        r"^(?!.*\b(?:cancel|stop|delete|remove|clear|off)\b).*"
        rf"\b(?:the|my|that) (?:\S+ ){{0,2}}?{_THING}.* instead\b"
    ),
)

_MOVED = {
    "alarm": ("AlarmMove", Class.ALARM),
    "timer": ("TimerChange", Class.TIMER),
    "reminder": ("ReminderMove", Class.REMINDERS_LISTS),
}
_NOT_MEANT = frozenset(
    {"AlarmSet", "AlarmCancel", "TimerSet", "TimerCancel", "ReminderSet", "ReminderCancel", "ReminderList"}
)
"""What the classifier, which knows no moving, takes such a wish for."""
_BY_SO_MUCH = frozenset({"TimerAdd", "TimerSubtract"})
_MORE = re.compile(r"\b(?:more|longer|extra|add|adding|another|by|less|shorter|off)\b")
"""One of these makes a change a change by so much."""

_PLAIN = {"reschedule": "move", "rearrange": "move", "postpone": "delay", "alter": "change"}
"""Verbs that the sentence files lack, because the embedded hearing model does; typed, or with another model, they mean
these."""

_DAYPARTS = frozenset({"morning", "afternoon", "evening"})
_NEEDS = (("i", "need", "to"), ("i", "have", "to"), ("i've", "got", "to"), ("we", "need", "to"), ("we", "have", "to"))
"""They ask for nothing before most verbs ("i need to move house"), and so are no courtesy."""


def begins_move(words: list[str]) -> bool:
    """Whether `words` begin with a wish to move an alarm, a timer or a reminder."""
    return _MOVES.match(" ".join(words)) is not None


def plainly(words: list[str]) -> list[str]:
    """`words`, where something is moved, without "i need to" before a first verb, with a common one for a rare one
    ("postpone my alarm"), and with "to the evening" as the part of a day that it is."""
    wish = words[3:] if tuple(words[:3]) in _NEEDS else words
    if not begins_move(wish):
        return words
    if wish[-3:-1] == ["to", "the"] and wish[-1] in _DAYPARTS:
        wish = [*wish[:-2], "in", *wish[-2:]]
    return [_PLAIN.get(wish[0], wish[0]), *wish[1:]]


def instead_of_setting(intent: Intent | None, spans: Abstract) -> Intent | None:
    """`intent`; when it would set or cancel something though the words speak of moving it, a move that asks where to:
    of two moments nothing but the sentence files tells which is the new one. A timer's name is kept."""
    found = next(filter(None, (pattern.search(spans.text) for pattern in _FREELY)), None)
    if intent is None or found is None:
        return intent
    if intent.name not in _NOT_MEANT and (intent.name not in _BY_SO_MUCH or _MORE.search(spans.text)):
        return intent
    name, kind = _MOVED[found[1]]
    named = intent.slots.get("name") if name == "TimerChange" else None
    slots = {"name": named} if named is not None else {}
    return replace(intent, name=name, kind=kind, slots=slots, unresolved={}, sentence="", doubtful=False)
