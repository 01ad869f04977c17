"""Conversions of units, with those of the kitchen: spoons, cups, sticks of butter, gas marks.

A volume becomes a weight (and back) where the question names what is measured: "a cup of flour in grams".
"""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import Kit
from assistant.skills.unit_table import Unit, convert, is_gas_mark, unit_table


class Units:
    """Converts what is measured."""

    intents = frozenset({"ConvertUnits"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._table = unit_table(kit.settings.language)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say = self._kit.say
        amount = slots.number(intent, "amount")
        amount = 1.0 if amount is None else amount
        said_from, said_to = slots.text(intent, "from_unit"), slots.text(intent, "to_unit")
        what = slots.text(intent, "ingredient")
        said_from, stuff = _parted(said_from, say.word("units.of"))
        what = what or stuff
        if not said_from or not said_to:
            return Reply(say("units.which"), expects_answer=True, asks="to_unit")
        units = []
        for said in (said_from, said_to):
            unit = self._table.find(said, imperial=say.imperial)
            if unit is None:
                return Reply(say("units.unknown", unit=said[:60]), outcome="refused")
            units.append(unit)
        return self._convert(amount, units[0], units[1], what)

    def _convert(self, amount: float, one: Unit, other: Unit, what: str) -> Reply:
        say = self._kit.say
        density = self._table.density(what)
        result = convert(amount, one, other, density)
        if result is None:
            if {one.kind, other.kind} == {"mass", "volume"}:
                key = "units.unknown_stuff" if what else "units.of_what"
                return Reply(say(key, stuff=what[:60]), outcome="refused")
            return Reply(say("units.no_way", one=one.many, other=other.many), outcome="refused")
        if abs(result) > 1e15 or (result and abs(result) < 1e-9):
            return Reply(say("sums.too_big"), outcome="refused")
        if amount < 0 and one.kind != "temperature":
            return Reply(say("units.negative"), outcome="refused")
        stuff = say.word("units.stuff").format(stuff=what) if density and what else ""
        exact = _plain(result)
        key = "units.is" if abs(exact - result) < 1e-9 * max(1.0, abs(result)) else "units.about"
        return Reply(say(key, one=self._said(amount, one) + stuff, other=self._said(exact, other)))

    def _said(self, amount: float, unit: Unit) -> str:
        number = self._kit.say.number(amount)
        if is_gas_mark(unit):
            return f"{unit.one} {number}"
        return f"{number} {unit.one if number == '1' else unit.many}"


def _parted(said: str, word: str) -> tuple[str, str]:
    """ "cups of flour" → "cups" and "flour"."""
    unit, _, stuff = said.partition(f" {word} ")
    return unit.strip(), stuff.strip()


def _plain(value: float) -> float:
    """As precise as a person can use: three figures, but all the figures of a whole number."""
    if abs(value) >= 100:
        return round(value, 0) if abs(value) >= 1000 else round(value, 1)
    return float(f"{value:.3g}")
