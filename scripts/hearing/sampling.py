"""Random sentences from the product's own sentence files and from Home Assistant's, for vocabulary and language model.

Lists that a home fills (rooms, devices, timers) are drawn from the template grammar, spans (times, numbers) made up.
"""

import itertools
import random
from collections.abc import Callable, Iterator

from hassil.expression import Alternative, Expression, Group, ListReference, Permutation, RuleReference, TextChunk
from hassil.intents import IntentData, Intents, RangeSlotList, TextSlotList

from assistant.nlu.catalogue import load
from assistant.nlu.numbers import say_number
from scripts.hearing.clips import clean
from scripts.hearing.sentences import Grammar, clock_time, date_words, duration

_DEPTH = 20
_SLOT_RULES = {
    "name": "(<device>|<room> <device>|<light>)",
    "area": "<room>",
    "floor": "(upstairs|downstairs|ground|first|second|basement)",
    "timer_name": "<timer_name>",
    "new_name": "<timer_name>",
    "voice_name": "john",
    "list_name": "(shopping|grocery|to do|packing)",
    "new_list": "(party|holiday|garden|book)",
    "item": "<item>",
    "text": "<chore>",
    "query": "(jazz|the news|christmas songs|some music)",
    "place": "<city>",
}


_SPANS: dict[str, Callable[[random.Random], str]] = {
    "duration": duration,
    "time": clock_time,
    "day": date_words,
    "number": lambda rng: say_number(rng.randint(0, 100)),
    "daypart": lambda rng: rng.choice(("morning", "evening", "afternoon")),
}


class Sampler:
    """Draws sentences from compiled hassil intents."""

    def __init__(self, grammar: Grammar) -> None:
        """`grammar` fills the slots."""
        self._grammar = grammar
        catalogue = load("en")
        self._sets = [
            [(intents, data) for name in sorted(intents.intents) for data in intents.intents[name].data]
            for intents in (catalogue.own, catalogue.home)
        ]

    def draw(self, rng: random.Random) -> str:
        """One sentence in recogniser spelling; two thirds from our own files."""
        chosen = self._sets[0] if rng.random() < 0.67 else self._sets[1]
        intents, data = rng.choice(chosen)
        sentence = rng.choice(list(data.sentences))
        return clean(self._say(sentence.expression, intents, data, rng, 0))

    def words(self) -> set[str]:
        """Every literal word of all sentence files, their rules and lists."""
        found: set[str] = set()
        for pairs in self._sets:
            for intents, data in pairs:
                expressions: list[Expression] = [sentence.expression for sentence in data.sentences]
                rules = {**intents.expansion_rules, **data.expansion_rules}
                expressions += [rule.expression for rule in rules.values()]
                for values in {**intents.slot_lists, **data.slot_lists}.values():
                    if isinstance(values, TextSlotList):
                        expressions += [value.text_in for value in values.values]
                for expression in expressions:
                    for chunk in _chunks(expression):
                        found.update(clean(chunk).split())
        return {word for word in found if word[0] != "'"}

    def _say(self, item: Expression, intents: Intents, data: IntentData, rng: random.Random, depth: int) -> str:
        if depth > _DEPTH:
            return ""
        if isinstance(item, TextChunk):
            return item.text
        if isinstance(item, Alternative):
            return self._say(rng.choice(item.items), intents, data, rng, depth + 1) if item.items else ""
        if isinstance(item, Permutation):
            parts = [self._say(part, intents, data, rng, depth + 1) for part in item.items]
            rng.shuffle(parts)
            return " ".join(parts)
        if isinstance(item, Group):
            return "".join(self._say(part, intents, data, rng, depth + 1) for part in item.items)
        if isinstance(item, RuleReference):
            rule = data.expansion_rules.get(item.rule_name) or intents.expansion_rules.get(item.rule_name)
            return self._say(rule.expression, intents, data, rng, depth + 1) if rule else ""
        if isinstance(item, ListReference):
            return f"{item.prefix or ''}{self._value(item, intents, data, rng, depth)}{item.suffix or ''}"
        return ""

    def _value(self, item: ListReference, intents: Intents, data: IntentData, rng: random.Random, depth: int) -> str:
        name = item.list_name
        if name in _SLOT_RULES:
            return self._grammar.expand(_SLOT_RULES[name], rng)
        if name in _SPANS:
            return _SPANS[name](rng)
        inline = item.get_inline_range()
        values = data.slot_lists.get(name) or intents.slot_lists.get(name)
        if isinstance(values, RangeSlotList):
            inline = (values.start, values.stop, values.step)
        if inline:
            return say_number(abs(rng.randrange(inline[0], inline[1] + 1, inline[2])) % 1000)
        if isinstance(values, TextSlotList) and values.values:
            return self._say(rng.choice(values.values).text_in, intents, data, rng, depth + 1)
        return ""


def _chunks(item: Expression) -> Iterator[str]:
    if isinstance(item, TextChunk):
        yield item.text
    elif isinstance(item, Group):
        parts = list(item.items)
        # a sequence's neighbouring texts may be parts of one word ("timer[s]"): spell both
        if not isinstance(item, Alternative | Permutation):
            yield from _joined(parts)
        for part in parts:
            yield from _chunks(part)


def _joined(parts: list[Expression]) -> Iterator[str]:
    for left, right in itertools.pairwise(parts):
        if isinstance(left, TextChunk) and left.text and not left.text.endswith(" ") and isinstance(right, Group):
            stem = left.text.split(" ")[-1]
            for choice in right.items:
                for chunk in _chunks(choice):
                    if chunk and not chunk.startswith(" "):
                        yield stem + chunk.split(" ")[0]
