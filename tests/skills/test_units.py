import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Place, Settings
from assistant.skills.unit_table import convert, unit_table
from tests.skills.device import Device

TABLE = unit_table("en")


@pytest.mark.parametrize(
    ("amount", "one", "other", "result"),
    [
        (1, "mile", "kilometers", 1.609344), (5, "feet", "cm", 152.4), (12, "inches", "foot", 1),
        (1, "stone", "pounds", 14),
        (100, "degrees celsius", "fahrenheit", 212), (-40, "f", "c", -40), (0, "celsius", "kelvin", 273.15),
        (4, "gas mark", "fahrenheit", 350), (6, "gas mark", "celsius", 204.44), (3, "teaspoons", "tablespoon", 1),
        (4, "quarts", "gallon", 1), (60, "miles per hour", "kilometers an hour", 96.56), (1, "kwh", "kilojoules", 3600),
        (90, "minutes", "hours", 1.5), (1, "hectare", "square meters", 10_000), (2, "sticks", "grams", 226.8),
        (1, "us gallon", "liters", 3.7854),
    ],
)  # fmt: skip
def test_known_conversions(amount: float, one: str, other: str, result: float):
    first, second = TABLE.find(one), TABLE.find(other)
    assert first is not None
    assert second is not None
    assert convert(amount, first, second) == pytest.approx(result, rel=1e-4)


def test_answers(device: Device):
    assert device.text("ConvertUnits", amount=5, from_unit="miles", to_unit="km") in (
        "5 miles is about 8.05 kilometres.", "That's about 8.05 kilometres."
    )  # fmt: skip
    text = device.text("ConvertUnits", amount=2, from_unit="cups of flour", to_unit="grams")
    assert "265 grams" in text
    assert "unit parsec" in device.text("ConvertUnits", amount=1, from_unit="parsec", to_unit="km")
    assert "can't be turned" in device.text("ConvertUnits", amount=1, from_unit="km", to_unit="kg")
    assert "depends on" in device.text("ConvertUnits", amount=1, from_unit="cup", to_unit="grams")
    assert "how heavy lava is" in device.text("ConvertUnits", amount=1, from_unit="cup of lava", to_unit="grams")
    assert device.say("ConvertUnits", amount=1, from_unit="km").asks == "to_unit"
    assert device.say("ConvertUnits", amount=-3, from_unit="km", to_unit="miles").outcome == "refused"
    assert "gas mark 4" in device.text("ConvertUnits", amount=350, from_unit="fahrenheit", to_unit="gas mark").lower()


def test_the_settings_choose_between_measures():
    here = Device(settings=Settings(place=Place(units="imperial", time_zone="America/New_York")))
    assert "237 millilitres" in here.text("ConvertUnits", amount=1, from_unit="cup", to_unit="ml").replace(
        "236.6", "237"
    )
    assert "250 millilitres" in Device().text("ConvertUnits", amount=1, from_unit="cup", to_unit="ml")


def test_there_and_back():
    units = [unit for name in ("mile", "cup", "degree fahrenheit", "gas mark") if (unit := TABLE.find(name))]
    for unit in units:
        base = {"length": "metre", "volume": "litre", "temperature": "kelvin"}[unit.kind]
        other = TABLE.find(base)
        assert other is not None
        there = convert(7.0, unit, other)
        assert there is not None
        assert convert(there, other, unit) == pytest.approx(7.0)


@given(st.floats(allow_nan=True, allow_infinity=True), st.text(max_size=40), st.text(max_size=40))
def test_any_words(amount: float, one: str, other: str):
    assert Device().say("ConvertUnits", amount=amount, from_unit=one, to_unit=other).text
