import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.stt.endpoint import (
    COMPLETE_SILENCE_S,
    EXTRA_S,
    OPTIONAL_SILENCE_S,
    UNFINISHED_S,
    Ending,
    Endpointer,
    Limits,
    Pauses,
)

STEP = 0.02


@dataclass
class Said:
    """A piece of a scripted utterance: sound or silence for a while, and what is known of the words meanwhile."""

    seconds: float
    speech: bool
    partial: str = ""
    ending: Ending = Ending.OTHER


def play(*script: Said, endpointer: Endpointer | None = None) -> tuple[str | None, float, float]:
    """(rule, seconds since the beginning, seconds of silence then)."""
    ears = endpointer or Endpointer()
    ears.begin(100.0)
    now, silence = 0.0, 0.0
    for part in script:
        for _ in range(round(part.seconds / STEP)):
            now += STEP
            silence = 0.0 if part.speech else silence + STEP
            rule = ears.update(100.0 + now, part.speech, silence, part.partial, part.ending)
            if rule:
                return rule, now, silence
    return None, now, silence


def test_a_complete_command_ends_soon() -> None:
    rule, _, silence = play(Said(1, True, "stop"), Said(3, False, "stop", Ending.CLOSED))
    assert rule == "complete"
    assert silence == pytest.approx(COMPLETE_SILENCE_S, abs=STEP)


def test_a_command_that_could_go_on_waits_for_the_speakers_pause() -> None:
    rule, _, silence = play(Said(1, True, "turn on the light"), Said(3, False, "turn on the light", Ending.OPEN))
    assert rule == "finished"
    assert silence == pytest.approx(Limits().silence_s, abs=STEP)


def test_other_speech_ends_by_silence() -> None:
    rule, _, silence = play(Said(1, True, "who wrote hamlet"), Said(3, False, "who wrote hamlet"))
    assert rule == "silence"
    assert silence == pytest.approx(Limits().silence_s, abs=STEP)


@pytest.mark.parametrize(
    ("ending", "rule", "wait"),
    [
        (Ending.CLOSED, "complete", COMPLETE_SILENCE_S),
        (Ending.OPTIONAL, "optional", OPTIONAL_SILENCE_S),
        (Ending.OPEN, "finished", Limits().silence_s),
        (Ending.OTHER, "silence", Limits().silence_s),
        (Ending.UNFINISHED, "silence", Limits().silence_s + UNFINISHED_S),
        (Ending.TRAILING, "silence", Limits().silence_s + EXTRA_S),
    ],
)
def test_each_ending_has_its_silence(ending: Ending, rule: str, wait: float) -> None:
    found, _, silence = play(Said(1, True, "add milk"), Said(3, False, "add milk", ending))
    assert found == rule
    assert silence == pytest.approx(wait, abs=STEP)


def test_the_silences_are_ordered_by_how_likely_more_is() -> None:
    waits = [play(Said(1, True, "x"), Said(4, False, "x", ending))[2] for ending in Ending if ending != "other"]
    assert waits == sorted(waits)
    assert len(set(waits)) == len(waits)


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    rule, now, _ = play(
        Said(1, True, "set a timer for"),
        Said(0.9, False, "set a timer for", Ending.TRAILING),
        Said(1, True, "set a timer for ten minutes"),
        Said(3, False, "set a timer for ten minutes", Ending.CLOSED),
    )
    assert rule == "complete"
    assert now > 2.9


def test_the_cap_ends_even_speech() -> None:
    rule, now, _ = play(Said(20, True, "and then and then"))
    assert (rule, round(now, 1)) == ("cap", 8.0)


def test_the_cap_counts_from_the_first_sound() -> None:
    rule, now, _ = play(Said(3, False), Said(20, True, "and then"))
    assert (rule, round(now, 1)) == ("cap", 11.0)


def test_nothing_said() -> None:
    rule, now, _ = play(Said(20, False))
    assert (rule, round(now, 1)) == ("nothing", 5.0)


def test_the_tail_of_the_wake_word_is_not_an_utterance() -> None:
    rule, now, _ = play(Said(0.3, True), Said(1.5, False), Said(1, True, "stop"), Said(2, False, "stop", Ending.CLOSED))
    assert rule == "complete"
    assert now > 2.8


def test_words_made_of_the_wake_words_tail_do_not_end_it() -> None:
    rule, now, _ = play(
        Said(0.2, True, "i"),
        Said(1.5, False, "i"),
        Said(1, True, "who wrote hamlet"),
        Said(3, False, "who wrote hamlet"),
    )
    assert rule == "silence"
    assert now > 3.2


def test_words_without_any_voice_end_like_nothing() -> None:
    rule, now, _ = play(Said(20, False, "i"))
    assert (rule, round(now, 1)) == ("silence", 5.0)


def slow(pause: float) -> tuple[Said, ...]:
    return (
        Said(1, True, "who wrote"),
        Said(pause, False, "who wrote"),
        Said(1, True, "who wrote hamlet"),
        Said(3, False, "who wrote hamlet"),
    )


def test_it_learns_a_slow_speaker_and_a_quick_one() -> None:
    ears = Endpointer()
    for _ in range(20):
        play(*slow(0.6), endpointer=ears)
    assert ears.silence_s > 0.72
    for _ in range(60):
        play(*slow(0.2), endpointer=ears)
    assert ears.silence_s == pytest.approx(Limits().shortest_s, abs=0.05)


def test_the_silence_before_the_first_sound_teaches_nothing() -> None:
    ears = Endpointer()
    play(Said(1.5, False, "i"), Said(1, True, "stop"), endpointer=ears)
    assert ears.silence_s == Endpointer().silence_s


def test_what_was_learnt_outlives_the_utterance() -> None:
    pauses = Pauses()
    for _ in range(30):
        pauses.note(0.2)
    assert Endpointer(pauses=pauses).silence_s < Endpointer().silence_s


def test_what_was_learnt_is_kept_and_recalled() -> None:
    pauses = Pauses()
    for _ in range(30):
        pauses.note(0.25)
    again = Pauses.recalled(json.loads(json.dumps(pauses.learnt)), 0.7)
    assert again.silence_s == pytest.approx(pauses.silence_s, abs=0.01)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
    )
)
def test_damaged_pauses_are_a_fresh_start_or_sane(stored: object) -> None:
    ears = Endpointer(pauses=Pauses.recalled(stored, 0.7))
    assert Limits().shortest_s <= ears.silence_s <= Limits().longest_silence_s


@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_the_adaptive_silence_stays_within_its_bounds(pauses: list[float]) -> None:
    ears = Endpointer()
    for pause in pauses:
        ears.pauses.note(pause)
    assert Limits().shortest_s <= ears.silence_s <= Limits().longest_silence_s


words = st.sampled_from(["", "stop", "turn on the", "add milk and", "who wrote hamlet"])
step = st.tuples(st.booleans(), words, st.sampled_from(Ending))


@given(st.lists(step, min_size=1, max_size=120), st.floats(0.05, 0.4))
def test_it_never_ends_during_speech_but_by_the_cap(steps: list[tuple[bool, str, Ending]], tick: float) -> None:
    ears = Endpointer()
    ears.begin(0.0)
    silence, ended = 0.0, None
    for number, (speech, partial, ending) in enumerate(steps, 1):
        silence = 0.0 if speech else silence + tick
        rule = ears.update(number * tick, speech, silence, partial, ending)
        if ended:
            assert rule == ended  # once ended it stays so
        elif rule:
            ended = rule
            assert rule == "cap" or not speech
            assert number * tick <= 8.0 + tick or rule != "cap" or number * tick >= 8.0


@given(step, st.floats(0, 3), st.floats(0, 3))
def test_longer_silence_never_undoes_an_end(known: tuple[bool, str, Ending], first: float, second: float) -> None:
    _, partial, ending = known

    def ends(silence: float) -> bool:
        ears = Endpointer()
        ears.begin(0.0)
        ears.update(0.5, True, 0.0, partial, ending)  # half a second of speech
        return ears.update(0.5 + silence, False, silence, partial, ending) is not None

    low, high = sorted((first, second))
    assert ends(high) or not ends(low)


@given(st.floats(0.1, 2.0), st.floats(0.4, 0.8), st.sampled_from([Ending.UNFINISHED, Ending.TRAILING]))
def test_a_hesitation_before_the_last_word_is_waited_out(before: float, pause: float, ending: Ending) -> None:
    rule, now, _ = play(
        Said(before + 0.4, True, "set a timer for"),
        Said(pause, False, "set a timer for", ending),
        Said(0.6, True, "set a timer for ten minutes"),
        Said(3, False, "set a timer for ten minutes", Ending.OPTIONAL),
    )
    assert rule == "optional"
    assert now > before + pause + 1.0
