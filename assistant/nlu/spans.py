"""Typed spans in a request: the words that are a time, a duration, a date or a number, taken out as one token.

Sentence files then speak of {time}, {duration}, {day} and {number}; the values come from here, so that every
spoken form works in every sentence.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.nlu.dates import parse_date
from assistant.nlu.durations import parse_duration
from assistant.nlu.numbers import parse_number
from assistant.nlu.times import apply_daypart, daypart_at, parse_time

TIME, DURATION, DAY, NUMBER, DAYPART = "time", "duration", "day", "number", "daypart"

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Span:
    """Some words and what they may mean."""

    token: str
    """The word that stands for it in the abstract text."""
    words: str
    """As said."""
    kinds: frozenset[str]
    """What it can be read as: several for a bare number ("six": number or time)."""
    time: dt.time | None = None
    pm_known: bool = True
    duration: dt.timedelta | None = None
    day: dt.date | None = None
    event: str = ""
    number: float = 0
    daypart: str = ""


@dataclass(frozen=True, slots=True)
class Abstract:
    """A request with its spans replaced by tokens."""

    text: str
    spans: Mapping[str, Span] = field(default_factory=dict)
    """By token."""

    def concrete(self, text: str) -> str:
        """`text` with tokens turned back into the words that were said."""
        return " ".join(self.spans[word].words if word in self.spans else word for word in text.split())

    def of(self, kind: str) -> list[Span]:
        """The spans that can be read as `kind`, in order; those that can only be that first."""
        found = [span for span in self.spans.values() if kind in span.kinds]
        return sorted(found, key=lambda span: len(span.kinds))


def abstract(words: Sequence[str], today: dt.date) -> Abstract:
    """Find every span in `words`, longest first from the left."""
    out: list[str] = []
    spans: dict[str, Span] = {}
    at = 0
    while at < len(words):
        found = _span_at(words, at, today, len(spans))
        if found is None:
            out.append(words[at])
            at += 1
            continue
        span, end = found
        spans[span.token] = span
        if DAY in span.kinds and end < len(words) and words[end] in _AFTER_DAY:  # "tomorrow morning"
            out.append(span.token)
            span = Span(token(DAYPART, len(spans)), words[end], frozenset({DAYPART}), daypart=_AFTER_DAY[words[end]])
            spans[span.token], end = span, end + 1
        out.append(span.token)
        at = end
    return Abstract(" ".join(out), spans)


def token(kind: str, index: int) -> str:
    """The word that stands for the `index`-th span of a request: no such word exists in English."""
    return f"q{kind[:2]}z{_LETTERS[index % 26]}{_LETTERS[index // 26 % 26]}"


def _span_at(words: Sequence[str], at: int, today: dt.date, index: int) -> tuple[Span, int] | None:
    candidates = list(_candidates(words, at, today, index))
    return max(candidates, key=lambda pair: pair[1], default=None)


_AFTER_DAY = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "night"}


def _candidates(words: Sequence[str], at: int, today: dt.date, index: int) -> Iterator[tuple[Span, int]]:
    """Readings at `at`; of equally long ones the first wins."""

    def said(end: int) -> str:
        return " ".join(words[at:end])

    clock = parse_time(words, at)
    if (duration := parse_duration(words, at)) and not (clock and clock.certain and clock.end == duration[1]):
        length, end = duration
        yield Span(token(DURATION, index), said(end), frozenset({DURATION}), duration=length), end
    if clock and clock.certain:
        span = Span(token(TIME, index), said(clock.end), frozenset({TIME}), time=clock.time, pm_known=clock.pm_known)
        yield span, clock.end
    if day := parse_date(words, at, today):
        yield (
            Span(
                token(DAY, index),
                said(day.end),
                frozenset({DAY}),
                day=day.date,
                event=day.event,
                daypart="night" if words[at] == "tonight" else "",
            ),
            day.end,
        )
    if part := daypart_at(words, at):
        yield Span(token(DAYPART, index), said(part[1]), frozenset({DAYPART}), daypart=part[0]), part[1]
    if words[at] in ("oh", "half", "point", "nil", "nought") and not clock:
        return
    number = parse_number(words, at)
    if number and words[at] != "oh":
        value, end = number
        kinds = {NUMBER}
        read = clock.time if clock and not clock.certain and clock.end == end else None
        if read is not None:
            kinds.add(TIME)
        known = clock.pm_known if clock else True
        yield (
            Span(token(NUMBER, index), said(end), frozenset(kinds), time=read, pm_known=known, number=value),
            end,
        )


def time_with_daypart(span: Span, spans: Iterable[Span]) -> tuple[dt.time, bool] | None:
    """The time of `span`, its half of the day taken from a part of the day said elsewhere in the request."""
    if span.time is None:
        return None
    part = next((other.daypart for other in spans if other.daypart), "")
    if not span.pm_known and part and 1 <= span.time.hour <= 12:
        return apply_daypart(span.time, part), True
    return span.time, span.pm_known


_DELAYS = frozenset({"in", "after"})


def cut_delay(spans: Abstract) -> tuple[Span, list[str]] | None:
    """(when, the other words) of a request that begins or ends with "in <duration>" or "at <time>"; None without."""
    words = spans.text.split()
    if len(words) < 4:
        return None
    for lead, token_, rest in ((words[-2], words[-1], words[:-2]), (words[0], words[1], words[2:])):
        span = spans.spans.get(token_)
        if span is None:
            continue
        later = DURATION in span.kinds and lead in _DELAYS
        if later or (TIME in span.kinds and NUMBER not in span.kinds and lead == "at"):
            return span, spans.concrete(" ".join(rest)).split()
    return None
