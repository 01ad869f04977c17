"""The normaliser: what is said can be read back, and reading never fails."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.nlu.dates import easter, parse_date, say_date
from assistant.nlu.durations import parse_duration, say_duration
from assistant.nlu.money import Money, parse_money, say_money
from assistant.nlu.normalise import spoken, written
from assistant.nlu.numbers import LARGEST, parse_number, parse_ordinal, say_number, say_ordinal
from assistant.nlu.spans import abstract
from assistant.nlu.spelled import parse_digits, say_digits
from assistant.nlu.times import parse_time, say_time
from assistant.nlu.words import clean

TODAY = date(2026, 3, 4)


@given(st.integers(-(LARGEST - 1), LARGEST - 1))
def test_a_whole_number_comes_back(value):
    words = say_number(value).split()
    assert parse_number(words) == (value, len(words))


@given(st.integers(0, 10**6), st.integers(1, 9999))
def test_a_decimal_number_comes_back(whole, fraction):
    value = float(f"{whole}.{fraction:04}")
    words = say_number(value).split()
    assert parse_number(words) == (value, len(words))


@given(st.integers(0, 999))
def test_an_ordinal_comes_back(value):
    words = say_ordinal(value).split()
    assert parse_ordinal(words) == (value, len(words))


@given(st.integers(0, 1439))
def test_a_time_comes_back(minute):
    value = time(minute // 60, minute % 60)
    found = parse_time(say_time(value).split())
    assert found is not None
    assert (found.time, found.pm_known, found.certain) == (value, True, True)


@given(st.integers(1, 400 * 86_400))
def test_a_duration_comes_back(seconds):
    words = say_duration(timedelta(seconds=seconds)).split()
    assert parse_duration(words) == (timedelta(seconds=seconds), len(words))


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_date_with_its_year_comes_back(day):
    words = say_date(day, year=True).split()
    found = parse_date(words, 0, TODAY)
    assert found is not None
    assert (found.date, found.end) == (day, len(words))


@given(st.sampled_from("$£€"), st.integers(0, 10**9))
def test_money_comes_back(sign, hundredths):
    money = Money(sign, hundredths)
    words = say_money(money).split()
    found = parse_money(words)
    assert found is not None
    assert found[0].hundredths == hundredths
    assert found[1] == len(words)
    assert parse_money([money.written()]) == (money, 1)


@given(st.text("0123456789", min_size=2, max_size=20))
def test_spelled_digits_come_back(digits):
    words = say_digits(digits).split()
    assert parse_digits(words) == (digits, len(words))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a quarter past seven", time(7, 15)),
        ("quarter to eight", time(7, 45)),
        ("half past twelve", time(12, 30)),
        ("half six", time(6, 30)),
        ("ten to one", time(12, 50)),
        ("twenty five past nine in the evening", time(21, 25)),
        ("seven oh five", time(7, 5)),
        ("seven o'clock", time(7, 0)),
        ("eighteen hundred", time(18, 0)),
        ("twelve at night", time(0, 0)),
        ("12 am", time(0, 0)),
        ("noon", time(12, 0)),
        ("7:30 pm", time(19, 30)),
        ("one one am", time(11, 0)),
        ("one three two pm", time(13, 32)),
    ],
)
def test_times_as_people_say_them(text, expected):
    found = parse_time(clean(text).split())
    assert found is not None
    assert found.time == expected
    assert found.end == len(clean(text).split())


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("from ten to seven", time(10), 1),
        ("between ten to seven", time(10), 1),
        ("from ten till six am", time(10), 1),
        ("from twenty two to seven", time(22), 2),
        ("from ten to seven to eight", time(6, 50), 3),  # there is another end
        ("from ten to seven until eight", time(6, 50), 3),
        ("from twenty five to seven", time(6, 35), 4),  # no hour
        ("from a quarter to seven", time(6, 45), 4),
        ("from ten minutes to seven", time(6, 50), 4),
        ("from ten past seven", time(7, 10), 3),
        ("at ten to seven", time(6, 50), 3),
    ],
)
def test_a_range_is_no_time(text, expected, words):
    found = parse_time(text.split(), 1)
    assert found is not None
    assert (found.time, found.end) == (expected, 1 + words)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("ninety minutes", 5400),
        ("an hour and a half", 5400),
        ("one and a half hours", 5400),
        ("half an hour", 1800),
        ("three quarters of an hour", 2700),
        ("two minutes thirty", 150),
        ("90s", 90),
        ("a couple of minutes", 120),
        ("minus five minutes", -300),
        ("two hours and fifteen minutes", 8100),
        ("a minute and a half", 90),
    ],
)
def test_durations_as_people_say_them(text, seconds):
    words = clean(text).split()
    assert parse_duration(words) == (timedelta(seconds=seconds), len(words))


def test_a_duration_beyond_all_bounds_is_the_longest_there_is():
    assert parse_duration(["a", "billion", "years"]) == (timedelta.max, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tomorrow", date(2026, 3, 5)),
        ("the day after tomorrow", date(2026, 3, 6)),
        ("wednesday", date(2026, 3, 4)),
        ("next wednesday", date(2026, 3, 11)),
        ("friday", date(2026, 3, 6)),
        ("the twelfth", date(2026, 3, 12)),
        ("the third of march", date(2027, 3, 3)),
        ("march fifth", date(2026, 3, 5)),
        ("february thirtieth", None),
        ("friday the thirteenth", date(2026, 3, 13)),
        ("christmas", date(2026, 12, 25)),
        ("easter", date(2026, 4, 5)),
        ("2026-12-24", date(2026, 12, 24)),
        ("twenty first of june two thousand thirty", date(2030, 6, 21)),
    ],
)
def test_dates_as_people_say_them(text, expected):
    words = clean(text).split()
    found = parse_date(words, 0, TODAY)
    assert found is not None
    assert (found.date, found.end) == (expected, len(words))


def test_easter_by_the_almanac():
    assert [easter(year) for year in (2024, 2025, 2027, 2038)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2027, 3, 28),
        date(2038, 4, 25),
    ]


@pytest.mark.parametrize(
    ("said", "as_written"),
    [
        ("set a timer for ninety minutes", "set a timer for 90 minutes"),
        ("wake me at a quarter past seven", "wake me at 7:15"),
        ("it costs five dollars and fifty cents", "it costs $5.50"),
        ("add two hundred and five grams", "add 205 grams"),
        ("the code is three five four five", "the code is 3545"),
        ("on the twelfth", "on the 12th"),
        ("set the volume to forty two percent", "set the volume to 42 percent"),
    ],
)
def test_spoken_to_written(said, as_written):
    assert written(said) == as_written


@pytest.mark.parametrize(
    ("as_written", "said"),
    [
        ("set a timer for 90 minutes", "set a timer for ninety minutes"),
        ("wake me at 7:15 pm", "wake me at seven fifteen pm"),
        ("it costs $5.50", "it costs five dollars and fifty cents"),
        ("on the 21st", "on the twenty first"),
        ("turn it to 42%", "turn it to forty two percent"),
    ],
)
def test_written_to_spoken(as_written, said):
    assert spoken(as_written) == said


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_reading_any_text_never_fails(text):
    words = clean(text).split()
    spans = abstract(words, TODAY)
    assert spans.concrete(spans.text).split() == words
    written(text)
    spoken(text)


SAMPLES = """a an the half quarter past to ten five twenty hundred thousand and minutes hour seconds point minus oh
o'clock am pm first third of march february next friday day after tomorrow zero one two double 7:30 2026-02-30 12th $5
99 million"""
WORDS = st.sampled_from(SAMPLES.split())


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=12))
def test_words_of_numbers_in_any_order_never_fail(words):
    spans = abstract(words, TODAY)
    assert spans.concrete(spans.text).split() == words
    written(" ".join(words))
