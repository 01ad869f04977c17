import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.arithmetic import SumError, calculate
from tests.skills.device import Device


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2+3*4", 14), ("(2+3)*4", 20), ("(2+3)(4)", 20), ("7 x 6", 42), ("12 ÷ 4", 3), ("-2^2", -4), ("2^-1", 0.5),
        ("2^3^2", 512), ("15% of 80", 12), ("80 + 15%", 92), ("80 - 25%", 60), ("50%", 0.5), ("10 mod 3", 1),
        ("0.1+0.2", 0.3), ("1,000 + 1", 1001), ("sqrt(16)", 4), ("81^0.5", 9),
        ("27^(1/3)", 3), ("0.25^0.5", 0.5), ("sqrt 9 * 2", 6), ("5 = ?", 5), ("- - 3", 3),
        (".5*4", 2),
    ],
)  # fmt: skip
def test_sums(text: str, value: float):
    result = calculate(text)
    assert result.number == pytest.approx(value)
    assert result.exact


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1/0", "sums.by_zero"), ("0^-1", "sums.by_zero"), ("5 mod 0", "sums.by_zero"), ("9^9^9", "sums.too_big"),
        ("9^9^9^9^9", "sums.too_big"), ("1" * 50, "sums.too_big"), ("10^16", "sums.too_big"),
        ("sqrt(-1)", "sums.not_real"),
        ("(-8)^(1/3)", "sums.not_real"), ("", "sums.no_sum"), ("2+", "sums.no_sum"), ("two", "sums.no_sum"),
        ("__import__('os')", "sums.no_sum"), ("1..2", "sums.no_sum"), ("2 3", "sums.no_sum"),
        ("(" * 150, "sums.no_sum"),
        ("1+" * 200, "sums.no_sum"),
    ],
)  # fmt: skip
def test_no_answer(text: str, key: str):
    with pytest.raises(SumError) as error:
        calculate(text)
    assert error.value.key == key


@given(st.text(alphabet="0123456789.+-*/^%() ofsqrtpi,", max_size=60))
def test_any_text_has_an_answer_or_a_reason(text: str):
    try:
        number = calculate(text).number
    except SumError:
        return
    assert math.isfinite(number)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_agrees_with_python(a: int, b: int):
    assert calculate(f"{a} + {b} * 3 - ({a})").number == a + b * 3 - a


def test_answers_are_spoken(device: Device):
    assert device.text("Calculate", expression="6*7") in ("That's 42.", "42.")
    assert "about 3.33" in device.text("Calculate", expression="10/3").lower()
    assert "0.000143" in device.text("Calculate", expression="1/7000")
    assert "1,234,567" in device.text("Calculate", expression="1234567")
    assert device.text("Calculate", expression="4/0") == "Nothing can be divided by zero."
    assert device.say("Calculate").asks == "expression"
