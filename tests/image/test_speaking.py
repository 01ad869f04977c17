"""A conversation with the board: what goes in, and what a reply must be. The board itself is played."""

import base64
import json
from typing import Any

import pytest

from image.emulator import speaking
from image.emulator.machine import Outcome
from image.emulator.proof import ClaimError
from image.emulator.speaking import hears, judged, left_to_say

TURN = {"outcome": "done", "transcript": "set a timer", "intent": "TimerSet", "wake": None, "reply_audio": "/run/r.wav"}


class Board:
    """Answers each program by the first word of its name that is known."""

    def __init__(self, work: Any, **answers: str) -> None:
        self.work, self.answers = work, answers
        self.asked: list[tuple[str, ...]] = []
        self.files: dict[str, bytes] = {}

    def put(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def run(self, *command: str, seconds: float = 0) -> Outcome:
        del seconds
        self.asked.append(command)
        for name, answer in self.answers.items():
            if any(name in word for word in command):
                return Outcome(0, answer, "")
        return Outcome(0, "", "")


def turns(*replies: str) -> str:
    return "\n".join(json.dumps(TURN | {"reply": reply}) for reply in replies)


def test_a_sentence_is_spoken_here_and_the_reply_is_heard_again_here(tmp_path):
    """With the real voice and the real recogniser of this machine: the played board says the request back."""
    board = Board(tmp_path)

    def run(*command: str, seconds: float = 0) -> Outcome:
        del seconds
        board.asked.append(command)
        if "hear" in command:
            return Outcome(0, turns("What time is it?"), "")
        if command[0] == "base64":
            return Outcome(0, base64.b64encode(next(iter(board.files.values()))).decode(), "")
        return Outcome(0, "", "")

    board.run = run  # type: ignore[method-assign]
    seen = hears(board, ("What time is it?", "time"))  # type: ignore[arg-type]
    assert "heard here: “" in seen
    assert "time" in seen.partition("heard here")[2]
    assert next(iter(board.files)) in next(command for command in board.asked if "hear" in command)


def test_every_request_needs_its_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(speaking, "heard_here", lambda _: "the timer is set")
    board = Board(tmp_path, hear=turns("The timer is set."), base64="")
    assert "heard “set a timer”" in hears(board, ("timer.flac", "timer"))  # type: ignore[arg-type]
    with pytest.raises(ClaimError, match="status 0"):
        hears(board, ("timer.flac", "timer"), ("list.flac", "milk"))  # type: ignore[arg-type]
    with pytest.raises(ClaimError, match="ended done"):
        hears(board, ("timer.flac", "milk"))  # type: ignore[arg-type]
    monkeypatch.setattr(speaking, "heard_here", lambda _: "")
    with pytest.raises(ClaimError, match="sounds like “”"):
        hears(board, ("timer.flac", "timer"))  # type: ignore[arg-type]


def test_what_was_left_for_the_voice_must_say_what_it_is_about(tmp_path):
    board = Board(tmp_path, notices="I have been updated.")
    assert left_to_say(board, "update", "updated") == "“I have been updated.”"  # type: ignore[arg-type]
    with pytest.raises(ClaimError, match="does not mention back"):
        left_to_say(board, "update", "back")  # type: ignore[arg-type]


@pytest.mark.parametrize("problem", ["", "not_understood"])
def test_the_machine_s_own_check_is_read_from_what_it_kept(tmp_path, problem):
    board = Board(tmp_path, health_json=json.dumps({"problem": problem, "heard": "a sum", "reply": "84"}))
    board.answers = {"health.json": board.answers["health_json"]}
    if problem:
        with pytest.raises(ClaimError, match="not_understood"):
            judged(board)  # type: ignore[arg-type]
    else:
        assert judged(board) == "heard “a sum”, said “84”"  # type: ignore[arg-type]
