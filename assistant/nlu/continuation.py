"""Can a sentence that is still being spoken go on, and would it then mean something else?

The templates nearly always know more words ("turn on the kitchen lights" may go on "in ..."), but people do not stop
where a fixed phrase goes on; they hesitate before what they must choose: a number, a name, a day. So what can follow
is told apart by what it adds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from assistant.nlu.catalogue import SPAN_LISTS
from assistant.nlu.graph import WILD
from assistant.nlu.intent import Intent
from assistant.nlu.names import Names
from assistant.nlu.network import Lists, Network, Side, late_lists
from assistant.nlu.politeness import COURTESY_WORDS
from assistant.nlu.spans import abstract
from assistant.stt.endpoint import Ending

_PLACES = frozenset({"name", "area", "floor"})
"""Slots that say where. A request that has one is not asked for another."""

_CHOSEN = frozenset({"day", "time", "daypart", "duration", "number", "repeat"})
"""Lists that follow a whole request without a preposition ("an alarm for seven | tomorrow")."""

_INTRODUCING = """
    in on at of to for from by with until till every across around throughout and or but my our the this that
    called named labelled labeled here there everywhere now right currently percent scene script position
"""
_INTRODUCE = frozenset(_INTRODUCING.split())
"""Words that begin a phrase which people add without a pause, or that name no choice themselves."""

_EXTENDERS = """
    and or but then to for from with of at by into than as if when while because so um uh erm er in
    the a an my our your his their some that is are was were set add put remind tell
"""
EXTENDERS = frozenset(_EXTENDERS.split())
"""Words that an English request hardly ever ends with."""

_QUESTIONS = """
    who who's whose what what's which when where why how is are was were do does did can could will would should
    tell explain
"""
_ASKING = frozenset(_QUESTIONS.split())
"""First words of questions, which may be about anything: nothing was misheard when the grammar does not know them."""

_SAME = (frozenset({"light", "lights", "lamp", "lamps", "lighting"}),)
"""Nouns of which one request has one."""


@dataclass(slots=True)
class Following:
    """What one or more collections of templates know after some words."""

    ended: bool = False
    """A template ends here, its last word being its own or a list's (not a wildcard's)."""
    labels: set[str] = field(default_factory=set)
    """What can come next where no wildcard took part: words and "{list}"."""
    after_value: set[str] = field(default_factory=set)
    """Those of them that stand behind a list's value."""
    within: bool = False
    """The last words begin a longer value of a list, or are a number that waits for its unit."""
    placed: bool = False
    """A room or a device was named."""


def following(network: Network, words: Sequence[str], names: Names, today: date) -> Following:
    """What the templates know after `words` (clean, without courtesy), with the owner's names as they are now."""
    spans, late = spans_at(words, today), late_lists(names)
    found = Following()
    for side in network.sides:
        _walk(side, words, spans, late, found)
    if not found.ended:
        free = Following()
        for side in network.sides:
            _walk(side, words, spans, late, free, wild=True)
        found.ended = free.ended
    return found


def ending(found: Following, words: Sequence[str], intent: Intent | None) -> Ending:
    """How a sentence ends after `words`, of which `intent` is the grammar's reading (None: it has none)."""
    # a request that a wildcard ends ("play the beatles") may always go on
    whole = intent is not None and found.ended
    labels = {label for label in found.labels if not _adds_nothing(label, words, placed=found.placed)}
    if whole and not labels and not found.within:
        return Ending.CLOSED
    if words[-1] in EXTENDERS:
        return Ending.TRAILING
    if intent is None:
        begun = found.labels or found.within or words[0] not in _ASKING
        return Ending.UNFINISHED if begun else Ending.OTHER
    if found.within or not whole:
        return Ending.OPEN
    if len(words) == 1 or any(label[1:-1] in _CHOSEN for label in labels if label[0] == "{"):
        return Ending.OPEN
    heads = labels & found.after_value
    return Ending.OPEN if any(label[0] != "{" and label not in _INTRODUCE for label in heads) else Ending.OPTIONAL


def _adds_nothing(label: str, words: Sequence[str], *, placed: bool) -> bool:
    """True for what a request that is whole already has: courtesy, a second place, the same noun again."""
    if label[0] == "{":
        return placed and label[1:-1] in _PLACES
    if label in COURTESY_WORDS:
        return True
    if placed and label in _INTRODUCE:
        return True
    return any(label in group and words[-1] in group for group in _SAME)


@dataclass(frozen=True, slots=True)
class SpanAt:
    """A time, duration, day or number in the words."""

    end: int
    kinds: frozenset[str]


def spans_at(words: Sequence[str], today: date) -> dict[int, SpanAt]:
    """The spans of `words` by the index of their first word."""
    found: dict[int, SpanAt] = {}
    spans = abstract(words, today)
    position = 0
    for word in spans.text.split():
        span = spans.spans.get(word)
        length = len(span.words.split()) if span else 1
        if span:
            found[position] = SpanAt(position + length, span.kinds)
        position += length
    return found


def _walk(
    side: Side,
    words: Sequence[str],
    spans: Mapping[int, SpanAt],
    late: Lists,
    found: Following,
    *,
    wild: bool = False,
) -> None:
    """Walk the templates of one collection along `words` into `found`; `wild` lets wildcards take some of them."""
    count, graph = len(words), side.graph
    at: list[set[int]] = [set() for _ in range(count + 1)]
    at[0].add(0)
    valued: set[int] = set()
    reached: set[int] = set()
    for position in range(count):
        span = spans.get(position)
        at[position] |= reached
        for state in at[position]:
            arcs = graph.arcs[state]
            at[position + 1] |= arcs.get(words[position], set())
            for label in side.slots[state]:
                if label == WILD:
                    reached |= arcs[label] if wild else set()
                    continue
                name = label[1:-1]
                for end in _ends(side, name, words, position, span, late, found):
                    at[end] |= arcs[label]
                    if end == count:
                        valued |= arcs[label]
    found.ended |= not at[count].isdisjoint(graph.finals)
    found.labels |= {label for state in at[count] for label in graph.arcs[state] if label != WILD}
    found.after_value |= {label for state in valued for label in graph.arcs[state] if label != WILD}


def _ends(  # noqa: PLR0917 - one place of a walk: what is walked, and where it stands
    side: Side, name: str, words: Sequence[str], position: int, span: SpanAt | None, late: Lists, found: Following
) -> Iterable[int]:
    """Where a value of the list `name` that begins at `position` ends; notes one that is not over yet."""
    count = len(words)
    if name in SPAN_LISTS or name in side.ranges:
        if span is None:
            return
        if span.end == count and "number" in span.kinds:
            found.within = True  # "set a timer for ten" waits for its unit
        if name in span.kinds or (name in side.ranges and "number" in span.kinds):
            yield span.end
        return
    for form in late.get(name) or side.values.get(name, ()):
        left = tuple(words[position : position + len(form)])
        if left == form:
            found.placed |= name in _PLACES
            yield position + len(form)
        elif position + len(left) == count and form[: len(left)] == left:
            found.within = True
