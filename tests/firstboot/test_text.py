"""Settings texts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.firstboot.text import decode, read

PLAIN = 'name = "Nabu"\nvolume = 40\n\n[wifi]\nnetwork = "Home"\n'
VALUES = {"name": "Nabu", "volume": 40, "wifi": {"network": "Home"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_editors_differ(encoding, end):
    text, _ = decode(PLAIN.replace("\n", end).encode(encoding))
    found = read(text)
    assert (found.values, found.problems) == (VALUES, [])


def test_an_editor_that_saves_as_unicode():
    text, encoding = decode(b"\xff\xfe" + PLAIN.encode("utf-16-le"))
    assert encoding == "utf-16-le"
    assert read(text).values == VALUES


@pytest.mark.parametrize(
    "line",
    [
        "name = “Nabu”",
        "name = ”Nabu„",
        "name = ‘Nabu’",
        "name = Nabu",
        "name: Nabu",
        "name\u00a0= \u200b'Nabu'",
        "name=Nabu # me",
    ],
)
def test_one_odd_line_is_read_as_it_was_meant(line):
    found = read(f"{line}\nvolume = 40\n")
    assert (found.values, found.problems) == ({"name": "Nabu", "volume": 40}, [])


def test_a_curly_apostrophe_within_a_value_stays():
    assert read('name = "Mum’s"\nplace = Leeds\n').values == {"name": "Mum’s", "place": "Leeds"}


def test_a_line_without_sense_costs_itself_alone_and_shows_no_value():
    found = read('name = "Nabu"\n[wifi]\npassword = "secret" "word"\nnetwork = "Home"\n!!\n')
    assert found.values == {"name": "Nabu", "wifi": {"network": "Home"}}
    assert [problem.partition(":")[0] for problem in found.problems] == [
        "line 3 cannot be understood", "line 5 cannot be understood",
    ]  # fmt: skip
    assert "secret" not in " ".join(found.problems)


def test_what_is_said_twice_counts_once_and_is_named():
    found = read('volume = 10\nvolume = 20\nwifi = 1\n[wifi]\nnetwork = "Home"\n')
    assert found.values == {"volume": 10, "wifi": 1}
    assert len(found.problems) == 2


@given(st.text() | st.binary().map(lambda data: decode(data)[0]))
def test_nothing_makes_it_fail(text):
    found = read(text)
    assert isinstance(found.values, dict)


@given(
    st.lists(st.sampled_from(["[", "]", "=", '"', "'", "\n", "a", "1", "[wifi]\n", "\\", "“", ".", "#"]), max_size=60)
)
def test_nor_does_what_looks_like_settings(pieces):
    assert isinstance(read("".join(pieces)).problems, list)


@given(st.binary())
def test_decoding_loses_nothing(data):
    text, encoding = decode(data)
    assert text.encode(encoding) == data
