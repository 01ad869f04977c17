import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.stt.strip import strip_wake

PHRASES = ("okay nabu", "hey jarvis", "hey mycroft", "alexa")


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        ("okay nabu what time is it", "what time is it"),
        ("okay nah boo turn on the light", "turn on the light"),
        ("ok naboo stop", "stop"),
        ("nabu stop", "stop"),
        ("[unk] lights off", "lights off"),
        ("[unk] nabu lights off", "lights off"),
        ("hey jar vis set a timer", "set a timer"),
        ("hey charvis hello", "hello"),
        ("hay my croft play music", "play music"),
        ("a lexa what time is it", "what time is it"),
        ("okay nabu okay nabu stop", "stop"),
        ("okay turn it off", "turn it off"),
        ("okay nabu", ""),
        ("[unk]", ""),
        ("", ""),
    ],
)
def test_the_phrase_and_what_is_left_of_it(heard: str, left: str) -> None:
    assert strip_wake(heard, PHRASES) == left


@pytest.mark.parametrize(
    "command",
    [
        "stop", "no", "yes", "never mind", "now stop", "a new timer", "add naan bread", "turn on the light",
        "navigate home", "what time is it", "make it warmer", "jar lid size", "mic off",
        "how are you", "call alexander", "knob up", "hello", "who", "next", "cancel", "no boost", "on now",
    ],
)  # fmt: skip
def test_no_command_loses_a_word(command: str) -> None:
    assert strip_wake(command, PHRASES) == command


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize("command", ["stop", "set a timer for ten minutes", "what is the weather in nairobi"])
def test_every_phrase_before_a_command(phrase: str, command: str) -> None:
    assert strip_wake(f"{phrase} {command}", PHRASES) == command


words = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=8), max_size=8
)


@given(words, st.lists(st.sampled_from([*PHRASES, "computer", "x"]), max_size=3))
def test_the_result_is_the_end_of_the_text(said: list[str], phrases: list[str]) -> None:
    left = strip_wake(" ".join(said), phrases).split()
    assert left == " ".join(said).split()[-len(left) :] or not left


def test_without_phrases_nothing_but_unknown_sounds_goes() -> None:
    assert strip_wake("okay nabu stop", ()) == "okay nabu stop"
