"""Leaves each spoken reply as a WAV file: an observer, so that a turn is the same with and without it."""

from pathlib import Path

import numpy as np

from assistant.audio.files import write_wav
from assistant.errors import AssistantError
from assistant.events import SpeechOut
from assistant.observers.trace import TurnTrace


class ReplyRecorder:
    """Writes DIR/<source>-<turn>.wav when a turn is over."""

    def __init__(self, directory: Path) -> None:
        """Make the directory. Raises AssistantError when that is not possible."""
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AssistantError(f"{directory}: cannot be made ({error.strerror}); choose another --out") from error

    def begun(self, trace: TurnTrace) -> None:
        """Nothing to write yet."""

    def ended(self, trace: TurnTrace) -> None:
        sounds = [event for event in trace.events if isinstance(event, SpeechOut)]
        if not sounds:
            return
        path = self._directory / f"{Path(trace.source).stem}-{trace.turn}.wav"
        write_wav(path, np.concatenate([sound.samples for sound in sounds]), sounds[0].sample_rate)
        trace.reply_audio = str(path)


class NoLoudspeaker:
    """Where replies go when nobody listens: time does not pass, nothing is heard."""

    def play(self, chunk: object, turn: str = "") -> None:
        """Take it."""

    async def drain(self, turn: str = "") -> None:
        """Everything was heard already."""

    def stop(self, turn: str = "") -> None:
        """Nothing plays."""
