import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.tts import AudioChunk
from assistant.tts.cache import LONGEST, CachedVoice, voice_key
from assistant.tts.piper import PiperVoice


class Counting:
    """A voice that says each letter as its code, and counts."""

    sample_rate = 22_050

    def __init__(self) -> None:
        self.said: list[str] = []

    def synthesize(self, text: str) -> Iterator[AudioChunk]:
        self.said.append(text)
        for word in text.split():
            yield AudioChunk(np.array([ord(letter) for letter in word], np.int16), self.sample_rate)


def sound(voice: CachedVoice, text: str) -> list[int]:
    return [int(sample) for chunk in voice.synthesize(text) for sample in chunk.samples]


def test_the_second_time_nothing_is_synthesised() -> None:
    inner = Counting()
    voice = CachedVoice(inner, "k")
    first = sound(voice, "yes please")
    assert sound(voice, "yes please") == first != []
    assert inner.said == ["yes please"]


def test_what_was_interrupted_is_not_taken_for_whole() -> None:
    inner = Counting()
    voice = CachedVoice(inner, "k")
    speech = voice.synthesize("yes please")
    next(speech)
    speech.close()  # type: ignore[attr-defined]
    assert sound(voice, "yes please") == [ord(letter) for letter in "yesplease"]
    assert len(inner.said) == 2


def test_the_oldest_goes_when_memory_is_full() -> None:
    inner = Counting()
    voice = CachedVoice(inner, "k", memory_bytes=10)
    for text in ("aaaa", "b", "aaaa", "cccc", "aaaa", "b"):
        sound(voice, text)
    assert inner.said == ["aaaa", "b", "cccc", "aaaa", "b"]


def test_long_texts_are_not_kept() -> None:
    inner = Counting()
    voice = CachedVoice(inner, "k")
    text = "x" * (LONGEST + 1)
    assert sound(voice, text) == sound(voice, text)
    assert len(inner.said) == 2


def test_replies_are_never_written(tmp_path: Path) -> None:
    voice = CachedVoice(Counting(), "k", tmp_path)
    sound(voice, "you asked for insulin")
    assert list(tmp_path.iterdir()) == []


def test_kept_phrases_survive_a_restart(tmp_path: Path) -> None:
    inner = Counting()
    assert CachedVoice(inner, "k", tmp_path / "d").keep(["one moment", "yes", ""]) == 2
    again = CachedVoice(inner, "k", tmp_path / "d")
    assert again.keep(["one moment", "yes"]) == 0
    assert sound(again, "one moment") == [ord(letter) for letter in "onemoment"]
    assert inner.said == ["one moment", "yes", ""]
    other = CachedVoice(inner, "another voice", tmp_path / "d")
    assert other.keep(["yes"]) == 1


@pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 100])
def test_a_damaged_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    CachedVoice(Counting(), "k", tmp_path).keep(["yes"])
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    inner = Counting()
    voice = CachedVoice(inner, "k", tmp_path)
    assert voice.keep(["yes"]) == 1
    assert sound(CachedVoice(Counting(), "k", tmp_path), "yes") == [ord(letter) for letter in "yes"]


def test_a_file_cut_short_is_made_again(tmp_path: Path) -> None:
    CachedVoice(Counting(), "k", tmp_path).keep(["yes"])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    inner = Counting()
    assert CachedVoice(inner, "k", tmp_path).keep(["yes"]) == 1


def test_the_disk_is_bounded(tmp_path: Path) -> None:
    voice = CachedVoice(Counting(), "k", tmp_path, disk_bytes=200)
    for number, text in enumerate(("aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff")):
        voice.keep([text])
        for file in tmp_path.iterdir():
            os.utime(file, (number, number))
    files = list(tmp_path.iterdir())
    assert 0 < sum(file.stat().st_size for file in files) <= 200
    fresh = Counting()
    assert CachedVoice(fresh, "k", tmp_path).keep(["ffff"]) == 0


def test_a_directory_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    voice = CachedVoice(Counting(), "k", tmp_path / "file" / "d")
    assert voice.keep(["yes"]) == 1
    assert sound(voice, "yes")


def test_the_key_follows_voice_and_rate(voice_file: Path, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"x")
    keys = {voice_key(voice_file, 1.0), voice_key(voice_file, 1.5), voice_key(tmp_path / "v", 1.0)}
    assert len(keys) == 3


def test_with_the_real_voice(piper: PiperVoice, voice_file: Path, tmp_path: Path) -> None:
    first = CachedVoice(piper, voice_key(voice_file, 1.0), tmp_path)
    first.keep(["One moment."])
    second = CachedVoice(piper, voice_key(voice_file, 1.0), tmp_path)
    (stored,) = second.synthesize("One moment.")
    (made,) = piper.synthesize("One moment.")
    assert stored.sample_rate == made.sample_rate
    assert np.array_equal(stored.samples, made.samples)
