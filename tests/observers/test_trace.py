"""The trace is arithmetic on events."""

import numpy as np

from assistant import events as ev
from assistant.observers.trace import TurnTrace

SOUND = np.zeros(10, np.int16)


def spoken_turn() -> TurnTrace:
    trace = TurnTrace(turn="0001", source="kitchen.flac")
    happened = [
        ev.WakeDetected(turn="0001", at=1.0, phrase="okay nabu", score=0.93, stream_s=0.9),
        ev.SpeechStarted(turn="0001", at=1.2, stream_s=1.1),
        ev.PartialTranscript(turn="0001", at=1.8, text="what time"),
        ev.SpeechEnded(turn="0001", at=2.5, rule="complete", stream_s=2.4, last_speech_s=2.2),
        ev.Transcript(turn="0001", at=2.55, text="what time is it", confidence=0.9, source="grammar"),
        ev.IntentMatched(
            turn="0001", at=2.552, tier="grammar", intent="TimeNow", kind="time_date", slots={}, confidence=1.0
        ),
        ev.RouteDecided(turn="0001", at=2.552, where="command", reason="grammar: what time is it"),
        ev.ReplyClause(turn="0001", at=2.553, text="It's half past seven."),
        ev.SpeechOut(turn="0001", at=2.563, samples=SOUND, sample_rate=22050),
        ev.SpeechOut(turn="0001", at=2.9, samples=SOUND, sample_rate=22050),
        ev.TurnEnded(turn="0001", at=3.0, outcome="done"),
    ]
    for event in [*happened, ev.TurnEnded(turn="0002", at=9.0, outcome="failed")]:
        trace.observe(event)
    return trace


def test_timings_are_differences_of_event_times() -> None:
    assert spoken_turn().timings_ms() == {
        "speech_end_to_first_audio": 263.0,
        "endpoint": 200.0,
        "stt_final": 50.0,
        "understand": 2.0,
        "llm_first_token": None,
        "tts_first_audio": 10.0,
    }


def test_json_has_what_the_command_line_promises() -> None:
    turn = spoken_turn().as_json()
    promised = {
        "turn", "source", "wake", "transcript", "intent", "slots", "tier", "route", "route_reason", "reply",
        "reply_audio", "outcome", "timings_ms",
    }  # fmt: skip
    assert promised <= set(turn)
    assert turn["wake"] == {"phrase": "okay nabu", "at_s": 0.9, "score": 0.93}
    assert turn["reply"] == "It's half past seven."
    assert turn["outcome"] == "done"


def test_events_of_other_turns_are_not_kept() -> None:
    assert {event.turn for event in spoken_turn().events} == {"0001"}


def test_a_turn_without_sound_has_no_sound_figures() -> None:
    trace = TurnTrace(turn="1", source="typed")
    assert trace.outcome == "running"
    assert set(trace.timings_ms().values()) == {None}


def test_an_observer_that_fails_is_not_felt_by_the_others() -> None:
    bus, seen = ev.EventBus(), list[ev.Event]()

    def broken(event: ev.Event) -> None:
        raise RuntimeError("the light bulb is broken")

    bus.subscribe(broken)
    bus.subscribe(seen.append)
    bus.publish(ev.TurnEnded(turn="1", at=0.0, outcome="done"))
    assert len(seen) == 1
    bus.unsubscribe(seen.append)
