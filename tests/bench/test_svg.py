"""What is drawn is well-formed, stays inside its axes, and calls everything by its name."""

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bench.svg import Axes, box, line, moved, picture, text, ticks

numbers = st.floats(-1e9, 1e9)


@settings(max_examples=60)
@given(st.floats(1e-9, 1e12))
def test_ticks_are_few_and_inside(most: float) -> None:
    found = ticks(most)
    assert 3 <= len(found) <= 11
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] <= most * (1 + 1e-8)


@settings(max_examples=60)
@given(numbers, numbers)
def test_ticks_between_any_two_values(one: float, other: float) -> None:
    least, most = sorted((one, other))
    found = ticks(most, least)
    slack = (most - least) * 1e-8
    assert 1 <= len(found) <= 11
    assert all(least - slack <= value <= most + slack for value in found)


def test_values_stand_where_the_axes_say() -> None:
    axes = Axes(left=80, top=30, right=480, bottom=230, least_x=10, most_x=20, least_y=-5, most_y=5)
    assert [axes.x(value) for value in (10, 15, 20)] == [80, 280, 480]
    assert [axes.y(value) for value in (-5, 0, 5)] == [230, 130, 30]
    assert 'points="80.0,230.0 480.0,30.0"' in axes.curve([(10, -5), (20, 5)], "#000")
    assert "-4" in axes.grid("a", "b", "c")


def test_an_axis_without_length_divides_by_nothing() -> None:
    axes = Axes(left=0, top=0, right=100, bottom=100, least_x=3, most_x=3, most_y=1)
    assert axes.x(3) == 0
    ElementTree.fromstring(picture(100, 100, axes.grid("", "", "") + axes.curve([(3, 1)], "#000")))


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))), st.text("<>&\"' a", max_size=9))
def test_no_words_break_the_drawing(words: str, label: str) -> None:
    body = (
        text(1, 2, words, "end", fill="#555") + line(0, 0, 1, 1, "#777", stroke_dasharray="4 4") + box(0, 0, 0, 9, "")
    )
    root = ElementTree.fromstring(picture(20, 10, moved(3, body), label))
    drawn = root.find(".//{http://www.w3.org/2000/svg}text")
    assert drawn is not None
    assert (drawn.text or "") == words
    assert root.get("aria-label", "") == label
