"""Speaking without a break: how speed, heat, clock and power go over minutes."""

import re
import time
from collections.abc import Callable

from assistant.bench.figures import Stage, percentile
from assistant.bench.llm import QUESTIONS, static_part
from assistant.bench.machine import Moment, moment
from assistant.bench.stopwatch import TimedModel
from assistant.errors import UsageError
from assistant.llm import Message

EVERY_S = 10.0
"""Seconds a point: long against one answer, short against the minutes that heat takes."""

ANSWER_TOKENS = 64

SHORTEST_S, LONGEST_S = 1.0, 24 * 3600.0

_UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> float:
    """ "90s", "30m" or "1h" in seconds. Raises UsageError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    seconds = float(found.group(1)) * _UNITS[found.group(2) or "s"] if found else 0.0
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise UsageError(f"--sustained {text}: give a time such as 90s, 30m or 1h, at most 24h")
    return seconds


def measure_sustained(
    stage: Stage,
    model: TimedModel,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    look: Callable[[], Moment] = moment,
    every_s: float = EVERY_S,
    progress: Callable[[int, int], None] = lambda _done, _wanted: None,
) -> None:
    """Answer after answer for `seconds` on `clock`; a point in `stage.points["sustained"]` every `every_s` seconds.

    `throttled_at_s` is when the firmware first said that it holds the processor back, None when it never did.
    """
    points = stage.points["sustained"] = []
    stage.values["throttled_at_s"] = None
    prefix = static_part(model, min(300, model.context // 2))
    began = window = clock()
    tokens: list[float] = []
    number = 0
    while True:
        said = model.speak([prefix, Message("user", QUESTIONS[number % len(QUESTIONS)])], ANSWER_TOKENS)
        tokens += said.token_s
        number += 1
        now = clock()
        if now - window < every_s and now - began < seconds:
            continue
        point = _point(now - began, tokens, look())
        points.append(point)
        if point["throttled"] and stage.values["throttled_at_s"] is None:
            stage.values["throttled_at_s"] = point["t_s"]
        window, tokens = now, []
        progress(min(int(now - began), int(seconds)), int(seconds))
        if now - began >= seconds:
            break
    _conclude(stage, points)


def _point(at_s: float, tokens: list[float], seen: Moment) -> dict[str, object]:
    taken = sum(tokens)
    return {
        "t_s": round(at_s, 1),
        "tok_s": round(len(tokens) / taken, 2) if taken else None,
        "token_ms_p50": round(percentile(tokens, 0.5) * 1000, 2) if tokens else None,
        "token_ms_p95": round(percentile(tokens, 0.95) * 1000, 2) if tokens else None,
        "temperature_c": seen.temperature_c,
        "clock_mhz": seen.clock_mhz,
        "power_w": seen.power_w,
        "load_1m": seen.load_1m,
        "throttled": bool(seen.throttled),
    }


def _conclude(stage: Stage, points: list[dict[str, object]]) -> None:
    """The last quarter against the first, which is what heat takes away."""
    speeds = [float(p["tok_s"]) for p in points if isinstance(p["tok_s"], int | float)]
    if len(speeds) < 4:
        return
    quarter = len(speeds) // 4
    stage.values["sustained_over_first"] = round(
        (sum(speeds[-quarter:]) / quarter) / (sum(speeds[:quarter]) / quarter), 4
    )
