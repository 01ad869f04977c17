"""Units and their sizes, exact by definition (international yard and pound of 1959; US and imperial gallon). Their
names, and the densities of what is measured in a kitchen, sit in texts/units.<language>.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of measure."""

    key: str
    kind: str
    """"length", "mass", "volume", "temperature", …"""
    size: float
    """In the kind's base unit: metre, kilogram, litre, second, degree Celsius, …"""
    offset: float
    """Added after scaling (temperatures alone)."""
    one: str
    many: str


_BASE: dict[str, dict[str, float]] = {
    "length": {
        "millimetre": 0.001, "centimetre": 0.01, "metre": 1, "kilometre": 1000, "inch": 0.0254, "foot": 0.3048,
        "yard": 0.9144, "mile": 1609.344, "nautical mile": 1852, "furlong": 201.168, "light year": 9.4607304725808e15,
    },
    "mass": {
        "milligram": 1e-6, "gram": 0.001, "kilogram": 1, "tonne": 1000, "ounce": 0.028349523125, "pound": 0.45359237,
        "stone": 6.35029318, "ton": 907.18474, "stick of butter": 0.1134,
    },
    "volume": {
        "millilitre": 0.001, "centilitre": 0.01, "decilitre": 0.1, "litre": 1, "cubic metre": 1000,
        "teaspoon": 0.005, "dessertspoon": 0.01, "tablespoon": 0.015, "cup": 0.25,
        "fluid ounce": 0.0284130625, "pint": 0.56826125, "quart": 1.1365225, "gallon": 4.54609,
        "us cup": 0.2365882365, "us teaspoon": 0.00492892159375, "us tablespoon": 0.01478676478125,
        "us fluid ounce": 0.0295735295625, "us pint": 0.473176473, "us quart": 0.946352946, "us gallon": 3.785411784,
    },
    "time": {
        "millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800,
        "fortnight": 1_209_600, "month": 2_629_746, "year": 31_556_952, "decade": 315_569_520, "century": 3_155_695_200,
    },
    "speed": {"metre per second": 1, "kilometre per hour": 1 / 3.6, "mile per hour": 0.44704, "knot": 1852 / 3600},
    "area": {
        "square centimetre": 1e-4, "square metre": 1, "square kilometre": 1e6, "hectare": 1e4, "acre": 4046.8564224,
        "square inch": 0.00064516, "square foot": 0.09290304, "square yard": 0.83612736, "square mile": 2589988.110336,
    },
    "energy": {"joule": 1, "kilojoule": 1000, "calorie": 4.184, "kilocalorie": 4184, "watt hour": 3600,
               "kilowatt hour": 3.6e6},
    "power": {"watt": 1, "kilowatt": 1000, "horsepower": 745.6998715822702},
    "pressure": {"pascal": 1, "hectopascal": 100, "bar": 1e5, "millibar": 100, "psi": 6894.757293168,
                 "atmosphere": 101_325},
    "data": {"bit": 0.125, "byte": 1, "kilobyte": 1e3, "megabyte": 1e6, "gigabyte": 1e9, "terabyte": 1e12,
             "kibibyte": 1024, "mebibyte": 1024**2, "gibibyte": 1024**3},
    "angle": {"degree of arc": 1, "radian": 57.29577951308232},
}  # fmt: skip

_TEMPERATURES = {
    "degree celsius": (1.0, 0.0),
    "degree fahrenheit": (5 / 9, -32 * 5 / 9),
    "kelvin": (1.0, -273.15),
    # mark 1 is 275 °F, each further one 25 °F more (below mark 1 the scale is not regular)
    "gas mark": (25 * 5 / 9, (250 - 32) * 5 / 9),
}
"""Size of a degree and the Celsius temperature of zero."""

_US = {"cup", "teaspoon", "tablespoon", "fluid ounce", "pint", "quart", "gallon"}
"""Measures that are other ones in the United States; chosen by the units of the settings when not said."""


class UnitTable:
    """The units of one language, found by name."""

    def __init__(self, language: str) -> None:
        source = resources.files("assistant.skills").joinpath("texts", f"units.{language}.toml")
        data = tomllib.loads(source.read_text(encoding="utf-8"))
        self._densities: dict[str, float] = data["ingredients"]
        self._units: dict[str, Unit] = {}
        self._said: dict[str, str] = {}
        for kind, sizes in _BASE.items():
            for key, size in sizes.items():
                self._add(Unit(key, kind, size, 0.0, *data["units"][key][:2]), data["units"][key])
        for key, (size, offset) in _TEMPERATURES.items():
            self._add(Unit(key, "temperature", size, offset, *data["units"][key][:2]), data["units"][key])

    def _add(self, unit: Unit, names: list[str]) -> None:
        self._units[unit.key] = unit
        for name in names:
            self._said.setdefault(name.casefold(), unit.key)

    def find(self, said: str, *, imperial: bool = False) -> Unit | None:
        """The unit that a person names: singular or plural, British or American spelling, short forms."""
        name = " ".join(said.casefold().replace(".", "").split())
        for article in ("a ", "an ", "the "):
            name = name.removeprefix(article)
        for american, british in (("liter", "litre"), ("meter", "metre")):
            name = name.replace(american, british)
        for form in (name, name.removesuffix("s"), name.replace("s per ", " per "), name.replace("s an ", " an ")):
            if key := self._said.get(form):
                return self._units[f"us {key}" if imperial and key in _US else key]
        return None

    def density(self, what: str) -> float | None:
        """Kilograms a litre of an ingredient; None when it is not known."""
        return self._densities.get(what.casefold())


@cache
def unit_table(language: str) -> UnitTable:
    """The table of a language, read once."""
    return UnitTable(language)


def is_gas_mark(unit: Unit) -> bool:
    """Gas marks stand before their number."""
    return unit.key == "gas mark"


def convert(amount: float, one: Unit, other: Unit, density: float | None = None) -> float | None:
    """`amount` of `one` in `other`; None when the two do not measure the same.

    `density` in kilograms a litre joins mass and volume.
    """
    base = amount * one.size + one.offset
    if one.kind != other.kind:
        if density is None or {one.kind, other.kind} != {"mass", "volume"}:
            return None
        base = base * density if one.kind == "volume" else base / density
    return (base - other.offset) / other.size
