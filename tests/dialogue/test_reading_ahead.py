"""The language model reads along with real words of the recogniser's kind; the grammar decides what is a command."""

from typing import Any

import pytest

from assistant import events as ev
from assistant.dialogue.reading_ahead import read_ahead
from assistant.events import EventBus
from tests.fakes import FakeInterpreter
from tests.virtual_time import LoopClock, run


class Rooms:
    """What reading ahead touches of the rooms."""

    def __init__(self) -> None:
        self.bus = EventBus()
        self.partials: list[Any] = []
        self.interpreter = FakeInterpreter(commands=("turn on the light", "stop"))
        self.answerer = self
        self.read: list[str] = []

    def anticipate(self, words: str) -> None:
        self.read.append(words)


@pytest.fixture
def rooms() -> Rooms:
    made = Rooms()
    read_ahead(made)  # type: ignore[arg-type]
    return made


def test_the_conversation_is_read_from_the_wake_word_on(rooms: Rooms) -> None:
    async def wake() -> None:
        clock = LoopClock()
        rooms.bus.publish(ev.WakeDetected(turn="1", at=clock.monotonic(), phrase="okay nabu", stream_s=1.0, score=0.9))
        rooms.bus.publish(ev.TurnEnded(turn="1", at=clock.monotonic(), outcome="done", reason=""))

    run(wake())
    assert rooms.read == [""]


def test_questions_are_read_and_commands_are_not(rooms: Rooms) -> None:
    (heard,) = rooms.partials
    for words in ("", "turn", "turn on the", "turn on the light", "stop", "why", "why is the sky"):
        heard(words)
    assert rooms.read == ["why", "why is the sky"]
