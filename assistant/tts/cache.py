"""Phrases that were spoken before need no second synthesis.

A voice wrapped in this cache is a voice. In memory it keeps what was said lately. On disk it keeps only what `keep`
was given: the assistant's own fixed sentences, never a reply, because replies tell what the people here asked.
"""

import contextlib
import hashlib
import io
import os
import threading
import wave
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from assistant.audio import Samples
from assistant.files import write_whole
from assistant.tts import AudioChunk, Voice

MEMORY_BYTES = 8 << 20
"""About three minutes of speech at 22 kHz."""

DISK_BYTES = 32 << 20
"""About twelve minutes; the fixed sentences take under two."""

LONGEST = 120
"""Letters; longer texts are hardly ever said twice."""


def voice_key(model: Path, rate: float) -> str:
    """What makes two renderings of a text the same: the voice's bytes and the speed. Raises OSError."""
    with model.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}-{rate:g}"


class CachedVoice:
    """A voice that remembers. Like every voice it is called from one thread at a time, `keep` included."""

    def __init__(
        self,
        voice: Voice,
        key: str,
        directory: Path | None = None,
        *,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = DISK_BYTES,
    ) -> None:
        """`key` tells this voice from others (`voice_key`). Without `directory` nothing is written."""
        self._voice, self._key, self._directory = voice, key, directory
        self._memory_bytes, self._disk_bytes = memory_bytes, disk_bytes
        self._memory: OrderedDict[str, list[Samples]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    @property
    def sample_rate(self) -> int:
        """Hz of every chunk."""
        return self._voice.sample_rate

    def synthesize(self, text: str) -> Iterator[AudioChunk]:
        """As the wrapped voice; from memory or disk where the text was spoken before."""
        if len(text) > LONGEST:
            yield from self._voice.synthesize(text)
            return
        name = self._name(text)
        known = self._recall(name)
        if known is not None:
            for samples in known:
                yield AudioChunk(samples, self.sample_rate)
            return
        made: list[Samples] = []
        for chunk in self._voice.synthesize(text):
            made.append(chunk.samples)
            yield chunk
        if made:  # only what was synthesised to its end gets here
            self._remember(name, made)

    def keep(self, texts: Iterable[str]) -> int:
        """Make sure these texts lie ready, on disk too; how many had to be synthesised. Raises AssistantError."""
        made = 0
        for text in texts:
            name = self._name(text)
            if self._recall(name) is None:
                samples = [chunk.samples for chunk in self._voice.synthesize(text)]
                if not samples:
                    continue
                self._remember(name, samples)
                self._write(name, samples)
                made += 1
        return made

    def _name(self, text: str) -> str:
        return hashlib.sha256(f"{self._key}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()

    def _recall(self, name: str) -> list[Samples] | None:
        with self._lock:
            if name in self._memory:
                self._memory.move_to_end(name)
                return self._memory[name]
        samples = self._read(name)
        if samples is None:
            return None
        self._remember(name, [samples])
        return [samples]

    def _remember(self, name: str, samples: list[Samples]) -> None:
        size = sum(part.nbytes for part in samples)
        if size > self._memory_bytes:
            return
        with self._lock:
            if name in self._memory:
                return
            self._memory[name] = samples
            self._size += size
            while self._size > self._memory_bytes:
                _, oldest = self._memory.popitem(last=False)
                self._size -= sum(part.nbytes for part in oldest)

    def _read(self, name: str) -> Samples | None:
        """The rendering on disk; None when there is none or it is no whole WAV file of this rate."""
        if self._directory is None:
            return None
        path = self._directory / f"{name}.wav"
        try:
            with wave.open(str(path), "rb") as file:
                if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, self.sample_rate):
                    return None
                data = file.readframes(file.getnframes())
                if len(data) != 2 * file.getnframes():
                    return None
            os.utime(path)  # the oldest by use goes first
        except (OSError, wave.Error, EOFError):
            return None
        return np.frombuffer(data, dtype="<i2").astype(np.int16)

    def _write(self, name: str, samples: list[Samples]) -> None:
        if self._directory is None:
            return
        whole = np.concatenate(samples).astype("<i2")
        path = self._directory / f"{name}.wav"
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(whole.tobytes())
        with contextlib.suppress(OSError):  # a full or read-only disk costs a synthesis the next time
            write_whole(path, content.getvalue())
            self._trim(path)

    def _trim(self, newest: Path) -> None:
        assert self._directory is not None
        files = sorted(self._directory.glob("*.wav"), key=lambda path: (path != newest, -path.stat().st_mtime))
        room = self._disk_bytes
        for path in files:
            room -= path.stat().st_size
            if room < 0:
                path.unlink(missing_ok=True)
