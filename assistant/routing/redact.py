# ruff: noqa: E501 - patterns and word lists read better in one line
"""Placeholders for what may not leave, where the question does not hang on it."""

import re
from dataclasses import dataclass

from assistant.routing.identifiers import REDACTABLE, Finding, Kind

_TASK = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you|help me(?: to)?|i need you to|hey|okay)\W+)*"
    r"(?:write|draft|compose|translate|rewrite|rephrase|make|create|proofread|correct|suggest|invent|think of|come up with)\b",
    re.IGNORECASE,
)
_LABEL = {Kind.NAME: "name", Kind.EMAIL: "email", Kind.PHONE: "phone"}


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with placeholders, and what they stand for."""

    text: str
    restore: tuple[tuple[str, str], ...]


def redact(text: str, findings: tuple[Finding, ...]) -> Redacted | None:
    """`text` with every finding replaced, or None where the meaning hangs on a value or its kind never leaves.

    Only a writing task ("write a birthday poem for Anna") survives redaction: a question about a person, a number or
    an address means nothing without it.
    """
    if not findings:
        return Redacted(text, ())
    if any(f.kind not in REDACTABLE for f in findings) or not _TASK.search(text):
        return None
    spans = _merge(findings)
    values: dict[tuple[Kind, str], str] = {}
    out, at = [], 0
    for f in spans:
        value = text[f.start : f.end]
        bare = re.sub(r"['\u2019]s?$", "", value)
        placeholder = values.setdefault(
            (f.kind, bare.lower()), f"[{_LABEL[f.kind]} {'ABCDEFGHIJ'[min(len(values), 9)]}]"
        )
        out += [text[at : f.start], placeholder, value[len(bare) :]]
        at = f.end
    out.append(text[at:])
    originals: dict[str, str] = {}
    for f in spans:
        value = re.sub(r"['\u2019]s?$", "", text[f.start : f.end])
        originals.setdefault(values[f.kind, value.lower()], value)
    return Redacted("".join(out), tuple(originals.items()))


def _merge(findings: tuple[Finding, ...]) -> list[Finding]:
    """Overlapping findings as one."""
    merged: list[Finding] = []
    for f in sorted(findings, key=lambda f: (f.start, -f.end)):
        if merged and f.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Finding(last.kind, last.start, max(last.end, f.end))
        else:
            merged.append(f)
    return merged
