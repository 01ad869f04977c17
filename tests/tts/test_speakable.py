import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.tts import numbers
from assistant.tts.english import ABBREVIATIONS
from assistant.tts.speakable import speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        # numbers
        ("It is 5.", "It is five."),
        ("-5 and -3.2", "minus five and minus three point two"),
        ("1,234,567.89", "one million two hundred thirty-four thousand five hundred sixty-seven point eight nine"),
        ("The answer is 1764.", "The answer is one thousand seven hundred sixty-four."),
        ("agent 007", "agent zero zero seven"),
        ("9999999999999999", " ".join(["nine"] * 16)),
        ("1st, 2nd, 21st and 113th", "first, second, twenty-first and one hundred thirteenth"),
        ("No. 5 and #7", "number five and number seven"),
        (
            "1/2 cup, 3/4 cup, 2 1/2 hours, 7/8, 5/23",
            "one half cup, three quarters cup, two and a half hours, seven eighths, five over twenty-three",
        ),
        ("½ cup and 2½ cups", "one half cup and two and a half cups"),
        ("24/7", "twenty-four seven"),
        ("10-12 eggs", "ten to twelve eggs"),
        ("2^10 and 1e-5", "two to the power of ten and one times ten to the power of minus five"),
        ("7 x 12 = 84", "seven times twelve equals eighty-four"),
        ("12 * 3 + 4 / 2", "twelve times three plus four divided by two"),
        ("5 - 3 = 2", "five minus three equals two"),
        ("A4, M25, 3D and covid19", "A four, M twenty-five, three D and covid nineteen"),
        (
            "192.168.1.1 and v1.2.3",
            "one hundred ninety-two dot one hundred sixty-eight dot one dot one and v one point two point three",
        ),
        ("call 555-0123", "call five five five, zero one two three"),
        ("+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"),
        ("07700900123", "zero seven seven zero zero nine zero zero one two three"),
        # times and dates
        ("It is 7:45.", "It is seven forty-five."),
        ("at 7:05 a.m. or 7 pm", "at seven oh five a.m. or seven p.m."),
        ("7:00", "seven o'clock"),
        ("19:00 and 19:05", "nineteen hundred and nineteen oh five"),
        ("2026-11-21", "November twenty-first, twenty twenty-six"),
        ("2026-11-21T07:45", "November twenty-first, twenty twenty-six at seven forty-five"),
        ("21/11/2026", "November twenty-first, twenty twenty-six"),
        ("Nov 21, 2026", "November twenty-first, twenty twenty-six"),
        ("the 21st of November 1905", "the twenty-first of November nineteen oh five"),
        ("in 1984 and the 1990s", "in nineteen eighty-four and the nineteen nineties"),
        ("2019-2021", "twenty nineteen to twenty twenty-one"),
        ("2026-13-45", "two zero two six one three four five"),
        # units and money
        ("21.5°C, 50 °F, 20°", "twenty-one point five degrees Celsius, fifty degrees Fahrenheit, twenty degrees"),
        (
            "12 km/h, 1 kg, 3kg, 250 ml, 45%",
            "twelve kilometres per hour, one kilogram, three kilograms, two hundred fifty millilitres, forty-five percent",  # noqa: E501
        ),
        ("5-10 kg", "five to ten kilograms"),
        ("1 h 30 min", "one hour thirty minutes"),
        (
            "$3.50, $1, £2.99, €0.01",
            "three dollars and fifty cents, one dollar, two pounds and ninety-nine pence, one cent",
        ),
        ("$5m and $1.2 billion", "five million dollars and one point two billion dollars"),
        ("3,50 € and -$5", "three euros and fifty cents and minus five dollars"),
        ("$2.999", "two point nine nine nine dollars"),
        # abbreviations
        ("Dr. Smith vs. Mr. Jones, e.g. today", "Doctor Smith versus Mister Jones, for example today"),
        ("milk, eggs, etc. Then bread", "milk, eggs, et cetera. Then bread"),
        ("St. Paul lives in Elm St.", "Saint Paul lives in Elm Street."),
        ("salt & pepper", "salt and pepper"),
        ("The cat sat.", "The cat sat."),
        # markup
        ("**Bold** and _it_ and `code`", "Bold and it and code"),
        ("# Title\n- milk\n- 2 eggs", "Title. milk. two eggs"),
        ("1. Milk\n2. Eggs", "one, Milk. two, Eggs"),
        ("[the page](https://example.com/x(y))", "the page"),
        ("see https://www.example.com/a?b=c. Now", "see example dot com. Now"),
        ("mail a.b@c.org", "mail a dot b at c dot org"),
        ("<b>hi</b> &amp; you<br>there", "hi and you. there"),
        ("x<script>alert(1)</script>y", "x y"),
        ("&lt;script&gt;", ""),
        ("😀 ok 👍🏽", "ok"),
        ("a | b\n|---|---|\n| 1 | 2 |", "a, b. one, two"),
        ("snake_case and 2 * 3", "snake case and two times three"),
        ("a\x00b\x07c", "a b c"),
        ("٣ and ３", "three and three"),
        ("", ""),
        ("...", "..."),
    ],
)  # fmt: skip
def test_what_is_said(written: str, said: str) -> None:
    assert speakable(written) == said


FORBIDDEN = re.compile(r"[\d*_#`~<>\[\]{}|\\^$€£¥=+@/%°]|[\x00-\x1f\x7f]")

snippets = st.lists(
    st.sampled_from([
        "7:45", "2026-11-21", "1/2", "$3.50", "£", "-5", "1,000", "3.", ".5", "5%", "°C", "km/h", "1st",
        "21 Nov", "Nov", "0",
        "00", "1e9", "e", "x", "*", "**", "_", "`", "```", "#", "[", "](", ")", "<", "</b>", "&lt;", "&#50;",
        "http://", "www.", "@",
        ":", "-", "–", "−", "½", "²", "٣", "Ⅳ", "①", "😀", "\n", "\t", " ", ",", ".", "p.m.", "Dr.",
        "12345678", "T", "Z", "+", "/",
        "^", "=", "~", "|", "'", '"', "\x00", "\u200b", "a", "kg", "5 m", "99:99", "31/31/2026", "1.2.3.4.5",
        "#5", "No.", "(", "1-",
        "\ud800", "\u0661\u0662:\u0663\u0660", "1\u20442", "1\u20ac",
    ]),
    max_size=25,
).map("".join)  # fmt: skip


@given(st.one_of(snippets, st.text(max_size=200), st.text("0123456789.,:/-+ $%xe°kmhCTZ\n", max_size=40)))
def test_anything_becomes_words(text: str) -> None:
    said = speakable(text)
    assert not FORBIDDEN.search(said)
    assert not any(unicodedata.category(letter) in ("Nd", "No", "So", "Cc", "Cs") for letter in said)
    assert said == " ".join(said.split())


SHORT = {word.lower() for word in ABBREVIATIONS} | {"st"}


@given(
    st.lists(
        st.from_regex(r"[a-z]{2,9}", fullmatch=True).filter(lambda word: word not in SHORT), min_size=1, max_size=12
    )
)
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    text = " ".join(words) + "."
    assert speakable(text) == text


@given(st.integers(-(10**14), 10**14))
def test_every_integer_has_a_name(number: int) -> None:
    said = speakable(f"It is {number:,} now")
    assert said == f"It is {numbers.cardinal(number)} now"


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_time_of_day(hour: int, minute: int) -> None:
    assert speakable(f"{hour}:{minute:02}") == numbers.clock(hour, minute)
    assert speakable(f"It is {hour:02}:{minute:02}.").startswith(f"It is {numbers.cardinal(hour)}")


def test_a_very_long_text_is_cut_and_quick_to_read() -> None:
    assert speakable("1" * 500_000) == " ".join(["one"] * 4000)
    assert speakable("(" * 50_000) == "(" * 4000
    for part in ("*a", "<!--", "[a](", "1,", "1 1", "a.a", "<a", "_", "1/", "12-"):
        assert isinstance(speakable(part * 4000), str)


def test_a_language_without_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="'xx'"):
        speakable("5", "xx")
