"""Logs for the journal: fields that are on the list, and never what was said (unless the owner turned that on).

A list of what may be written is safer than a list of what may not: a new log line with a person's words in it is empty
until somebody decides otherwise.
"""

import contextlib
import logging
import socket
import traceback
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from assistant import events as ev
from assistant.errors import AudioError, ModelError, StoreError, UsageError
from assistant.observers.trace import TurnTrace

JOURNAL = Path("/run/systemd/journal/socket")

FIELDS = ("TURN", "SOURCE", "OUTCOME", "RULE", "TIER", "INTENT", "ROUTE", "MILLISECONDS")
"""The fields of a turn that are written; each is one of our own words or a number."""

OUR_OWN = (int, float, bool, type(None), PurePath, AudioError, ModelError, StoreError, UsageError)
"""What may stand in a message: numbers, files, and errors that speak of files and devices."""

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class JournalHandler(logging.Handler):
    """Sends records to the journal in its native protocol, or to standard error where there is no journal."""

    def __init__(self, path: Path = JOURNAL, *, words: bool = False) -> None:
        """`words`: also write what was said."""
        super().__init__(logging.INFO)
        self._path, self._words = path, words
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(0.05)  # a journal that does not read must not hold up a turn

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):  # a full or missing journal must not stop a conversation
            fields: dict[str, Any] = {
                "MESSAGE": message(record, words=self._words),
                "PRIORITY": _PRIORITIES.get(record.levelno, 5),
                "SYSLOG_IDENTIFIER": "assistant",
                "LOGGER": record.name,
                **{name: value for name, value in getattr(record, "fields", {}).items() if name in FIELDS},
            }
            self._socket.sendto(encode(fields), str(self._path))

    def close(self) -> None:
        self._socket.close()
        super().close()


def message(record: logging.LogRecord, *, words: bool = False) -> str:
    """A record's message with nothing in it but our own words; with `words` all of it."""
    if words:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + "".join(traceback.format_exception(record.exc_info[1])).rstrip()
        return text
    text = str(record.msg) if isinstance(record.msg, str) else "…"
    if isinstance(record.args, tuple) and record.args:
        try:
            text %= tuple(_own(each) for each in record.args)
        except (TypeError, ValueError):
            text = str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    return f"{text}\n{_where(error)}" if error is not None else text


def _own(value: object) -> object:
    """The value where it is ours to write, else an ellipsis: a string may hold what somebody said."""
    if isinstance(value, OUR_OWN):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    return value if value in LOGGED_NAMES else "…"


LOGGED_NAMES = frozenset(
    {"recognise", "understand", "act", "Transcript", "IntentMatched", "RouteDecided", "SpeechOut", "SpeechEnded",
     "WakeDetected", "PartialTranscript", "ReplyClause", "SpeechOver", "SpeechStarted", "TurnEnded"}
)  # fmt: skip
"""Names of stages and events that appear in messages."""


def _where(error: BaseException) -> str:
    """The error's kind and the lines it came through, without its own words: they may be a person's."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*lines, type(error).__name__])


def encode(fields: Mapping[str, Any]) -> bytes:
    """The journal's native format: NAME=value lines; a value with line breaks goes by its length."""
    out = bytearray()
    for name, value in fields.items():
        data = str(value).encode("utf-8", "replace")
        if b"\n" in data:
            out += name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
        else:
            out += name.encode() + b"=" + data + b"\n"
    return bytes(out)


class TurnLog:
    """An observer of turns: one record each, of FIELDS alone."""

    def __init__(self, *, words: bool = False) -> None:
        self._words = words
        self._logger = logging.getLogger("assistant.turns")

    def begun(self, trace: TurnTrace) -> None:
        """Nothing to say yet."""

    def ended(self, trace: TurnTrace) -> None:
        ended, matched = trace.first(ev.SpeechEnded), trace.last(ev.IntentMatched)
        route, over = trace.last(ev.RouteDecided), trace.last(ev.TurnEnded)
        fields = {
            "TURN": trace.turn,
            "SOURCE": trace.source,
            "OUTCOME": over.outcome if over else "",
            "RULE": ended.rule if ended else "",
            "TIER": matched.tier if matched else "",
            "INTENT": matched.intent if matched else "",
            "ROUTE": route.where if route else "",
            "MILLISECONDS": trace.timings_ms().get("speech_end_to_first_audio", ""),
        }
        heard, reply = trace.last(ev.Transcript), trace.reply
        if self._words:
            said = f"“{heard.text if heard else ''}” → “{reply}”"
            self._logger.info("turn %s: %s", fields["OUTCOME"], said, extra={"fields": fields})
        else:
            self._logger.info("a turn is over", extra={"fields": fields})


def log_to_journal(*, words: bool, path: Path = JOURNAL) -> JournalHandler:
    """Send what this program logs to the journal, and nothing to standard error."""
    handler, root = JournalHandler(path, words=words), logging.getLogger()
    for other in tuple(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return handler
