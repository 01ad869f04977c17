"""Turns as a person reads them on a terminal, or as JSON lines."""

import json
from textwrap import shorten

import click

from assistant.observers.trace import TurnTrace

LONGEST_REASON = 90
"""Letters of why it was decided so: some sentence templates fill a screen. `--json` has them whole."""


class Printer:
    """Prints each turn when it is over."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.traces: list[TurnTrace] = []

    def begun(self, trace: TurnTrace) -> None:
        """Nothing to print yet."""

    def ended(self, trace: TurnTrace) -> None:
        self.traces.append(trace)
        if self._as_json:
            click.echo(json.dumps(trace.as_json(), ensure_ascii=False))
        else:
            click.echo(readable(trace))

    @property
    def status(self) -> int:
        """0 when every turn was done."""
        return 0 if self.traces and all(trace.outcome == "done" for trace in self.traces) else 1


def readable(trace: TurnTrace) -> str:
    """A turn in five short lines: heard, understood, decided, said, milliseconds per stage."""
    turn = trace.as_json()
    wake = f"after “{turn['wake']['phrase']}”" if turn["wake"] else ""
    slots = ", ".join(f"{key} {value}" for key, value in turn["slots"].items())
    understood = f"{turn['intent']}" + (f" ({slots})" if slots else "")
    stages = ", ".join(
        f"{label} {turn['timings_ms'][key]:.0f}"
        for key, label in (
            ("endpoint", "end of speech"),
            ("stt_final", "words"),
            ("understand", "meaning"),
            ("llm_first_token", "model"),
            ("tts_first_audio", "voice"),
            ("speech_end_to_first_audio", "in all"),
        )
        if turn["timings_ms"][key] is not None
    )
    lines = [f"turn {turn['turn']}  {turn['source']} {wake}".rstrip()]
    if turn["transcript"]:
        lines.append(f"  heard       {turn['transcript']}")
        if turn["intent"]:
            sure = f"{100 * turn['confidence']:.0f} % sure"
            lines.append(f"  understood  {understood}, by the {turn['tier']} tier, {sure}")
        elif turn["intent"] is not None:
            lines.append("  understood  no skill serves this")
    if turn["route"]:
        decided = shorten(f"{turn['route']}: {turn['route_reason']}", LONGEST_REASON, placeholder=" …")
        lines.append(f"  decided     {decided}")
    if turn["reply"]:
        lines.append(f"  said        {turn['reply']}")
    if turn["reply_audio"]:
        lines.append(f"  sound       {turn['reply_audio']}")
    if stages:
        lines.append(f"  took (ms)   {stages}")
    if turn["outcome"] != "done":
        lines.append(f"  outcome     {turn['outcome']}" + (f": {turn['reason']}" if turn["reason"] else ""))
    return "\n".join(lines)
