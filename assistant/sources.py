"""Sound that comes from a recording."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from assistant.audio import Samples
from assistant.audio.files import stream


class Recording:
    """A sound file played as fast as the assistant takes it."""

    live = False

    def __init__(self, path: Path) -> None:
        """Open the file far enough to know that it is one. Raises AudioError."""
        self.path = path
        self._frames: Iterator[Samples] = stream(path)

    @property
    def name(self) -> str:
        return str(self.path)

    async def frames(self) -> AsyncIterator[Samples]:
        """The file's frames. Raises AudioError where the file breaks off."""
        for samples in self._frames:
            yield samples
