"""Logs hold our own words alone."""

import logging
import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AudioError
from assistant.events import EventBus, TurnEnded
from assistant.service.journal import FIELDS, JournalHandler, TurnLog, encode, message
from assistant.skills import Reply
from tests.fakes import SILENCE, VOICE, WAKE, FakeRecognizer, FakeSkills, House, ScriptedSource, sound
from tests.virtual_time import run

SECRET = "gynaecologist telephoned yesterday regarding zirconium"
REPLY = "Xylophone quartz marmalade."


class Journal:
    """The journal's socket, real."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._found: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        # a queue of datagrams holds ten: somebody must read while they are written
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()

    def _listen(self) -> None:
        while data := self._socket.recv(1 << 20):
            self._found.put(data)

    def _send(self, data: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(data, str(self.path))

    def read(self) -> list[dict[str, str]]:
        self._send(b"END=1\n")
        return [decode(data) for data in iter(self._found.get, b"END=1\n")]

    def close(self) -> None:
        self._send(b"")
        self._reader.join()
        self._socket.close()


def decode(data: bytes) -> dict[str, str]:
    """The native format, read as its documentation says."""
    found = {}
    while data:
        head, _, data = data.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            size = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + size], data[9 + size :]
        found[name.decode()] = value.decode("utf-8", "replace")
    return found


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal")
    yield journal
    journal.close()


@pytest.fixture
def logged(journal: Journal) -> Iterator[Any]:
    """Log into the journal while a function runs; what it got."""
    root, before = logging.getLogger(), logging.getLogger().level
    handlers: list[JournalHandler] = []

    def log(job: Any, *, words: bool = False) -> list[dict[str, str]]:
        handler = JournalHandler(journal.path, words=words)
        handlers.append(handler)
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        job()
        return journal.read()

    yield log
    for handler in handlers:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before)


def turn(house: House, *, words: bool = False) -> None:
    """A whole spoken turn in which everything that can be logged is."""

    def failing(event: object) -> None:
        raise ValueError(f"an observer choked on {event!r}")

    house.bus.subscribe(failing)

    async def job() -> None:
        conversation = house.open()
        conversation._observers = (*conversation._observers, TurnLog(words=words))
        await conversation.run(ScriptedSource(sound((SILENCE, 0.5), (WAKE, 0.5), (VOICE, 3.5), (SILENCE, 3.0))))

    run(job())


HOUSES = {
    "served": lambda: House("what time is it", skills=FakeSkills(Reply(REPLY))),
    "not understood": lambda: House(SECRET),
    "a skill that breaks with the words in its error": lambda: House(
        "what time is it", skills=FakeSkills(RuntimeError(f"could not store {SECRET!r}"))
    ),
    "a recogniser that breaks": lambda: House(recognizer=FakeRecognizer((SECRET,), fail_on="finish")),
    "a model that breaks with the words in its error": lambda: House(SECRET, answers=RuntimeError(SECRET)),
}


@pytest.mark.parametrize("case", HOUSES)
def test_no_word_of_a_turn_reaches_the_journal(case: str, logged: Any) -> None:
    records = logged(lambda: turn(HOUSES[case]()))
    assert any(record.get("OUTCOME") for record in records)  # it was logged
    text = "\n".join("\n".join(f"{k}={v}" for k, v in record.items()) for record in records).casefold()
    assert not [word for word in (*SECRET.split(), *REPLY.casefold().rstrip(".").split()) if word in text], text
    for record in records:
        assert set(record) <= {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "LOGGER", *FIELDS}


def test_words_are_written_when_the_owner_turned_that_on(logged: Any) -> None:
    records = logged(lambda: turn(HOUSES["served"](), words=True), words=True)
    assert any("what time is it" in record["MESSAGE"] and REPLY in record["MESSAGE"] for record in records)


def test_what_a_turn_leaves(logged: Any) -> None:
    (record,) = [r for r in logged(lambda: turn(HOUSES["served"]())) if r["LOGGER"] == "assistant.turns"]
    milliseconds = record.pop("MILLISECONDS")
    assert float(milliseconds) > 0
    assert record == {
        "MESSAGE": "a turn is over", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "assistant", "LOGGER": "assistant.turns",
        "TURN": "0001", "SOURCE": "script", "OUTCOME": "done", "RULE": record["RULE"], "TIER": "grammar",
        "INTENT": "Known", "ROUTE": "command",
    }  # fmt: skip


def record(text: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("assistant.x", logging.ERROR, __file__, 1, text, args, info)


@pytest.mark.parametrize(
    ("made", "written"),
    [
        (record("%s failed", "recognise"), "recognise failed"),
        (record("heard %s", "something private"), "heard …"),
        (record("%s; trying again every %g s", AudioError("microphone 'USB': gone"), 3.0),
         "microphone 'USB': gone; trying again every 3 s"),
        (record("%s: cannot be read", Path("/etc/assistant.toml")), "/etc/assistant.toml: cannot be read"),
        (record("the gate failed (%s)", ValueError("private")), "the gate failed (ValueError)"),
        (record("%d frames were dropped", "private"), "%d frames were dropped"),
        (record("%s", {"private": 1}), "%s"),
        (record("nothing to fill in"), "nothing to fill in"),
    ],
)  # fmt: skip
def test_messages_keep_what_is_ours(made: logging.LogRecord, written: str) -> None:
    assert message(made) == written


def test_an_error_s_place_is_written_without_its_words() -> None:
    try:
        EventBus().unsubscribe(SECRET)  # type: ignore[arg-type]
    except ValueError as error:
        text = message(record("it failed", error=error))
    assert text.splitlines()[0] == "it failed"
    assert text.splitlines()[-1] == "ValueError"
    assert "events.py" in text
    assert SECRET not in text


@given(text=st.text(), arguments=st.lists(st.text(min_size=12), max_size=3))
def test_no_string_that_is_given_to_a_message_is_written(text: str, arguments: list[str]) -> None:
    written = message(record("%s " * len(arguments), *arguments))
    assert not [each for each in arguments if each.strip(" …") and each in written]


@given(fields=st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,20}", fullmatch=True), st.text(), max_size=6))
def test_the_native_format_is_read_back_as_it_was(fields: dict[str, str]) -> None:
    fields = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    assert decode(encode(fields)) == fields


def test_a_missing_journal_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = JournalHandler(tmp_path / "gone")
    handler.emit(record("a message"))
    handler.close()
    assert capsys.readouterr().err == ""


def test_a_turn_that_never_ran_is_no_error(logged: Any) -> None:
    from assistant.observers.trace import TurnTrace

    trace = TurnTrace("0001", "typed")
    trace.observe(TurnEnded(turn="0001", at=0.0, outcome="nothing"))
    (written,) = logged(lambda: TurnLog().ended(trace))
    assert written["OUTCOME"] == "nothing"
