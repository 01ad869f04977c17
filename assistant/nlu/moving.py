"""A wish to move an alarm that no sentence file has must not set a second one, nor cancel any."""

import re
from dataclasses import replace

from assistant.nlu.intent import Intent
from assistant.nlu.spans import Abstract

_MOVES = re.compile(
    r"\b(?:change|move|shift|reschedule|postpone|delay|adjust|edit|update|modify|alter|push back|put off)"
    r" (?:(?!set\b|make\b|create\b|add\b|so\b|and\b|wake me\b)\S+ ){0,5}alarms?\b"
    r"|\bmake (?:the|my|that) q(?:ti|nu)z\w+ .*\balarm\b"
)
"""The second: "make my six o'clock alarm ..."; a time's token begins so (assistant.nlu.spans.token)."""


def instead_of_setting(intent: Intent | None, spans: Abstract) -> Intent | None:
    """`intent`; when it would set or cancel an alarm though the words speak of moving one, a move that asks where to:
    of two times nothing but the sentence files tells which is the new one."""
    if intent is None or intent.name not in ("AlarmSet", "AlarmCancel") or not _MOVES.search(spans.text):
        return intent
    return replace(intent, name="AlarmMove", slots={}, unresolved={}, sentence="", doubtful=False)
