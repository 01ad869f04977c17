"""Speech of people who know nothing of this project: is anybody cut off?"""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES
from assistant.audio.files import read
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.stt.endpoint import Ending, Endpointer
from assistant.stt.vosk import VoskRecognizer

pytestmark = pytest.mark.corpora
VAD = Path(__file__).resolve().parents[2] / "models" / "embedded" / "vad" / "silero_vad_16k_op15.onnx"


def clips(corpora: Path) -> list[Path]:
    """Commands at home that fit under the cap."""
    rows = [json.loads(line) for line in (corpora / "audio" / "manifest.jsonl").read_text().splitlines()]
    return [
        corpora / "audio" / row["file"]
        for row in rows
        if row["file"].startswith("home/") and row["text"] and row["seconds"] < 8
    ]


def cut_off(paths: list[Path], hearing: Path, cache: Path) -> list[str]:
    """Clips where silence ended the turn before the last speech. No grammar: the adaptive silence alone decides."""
    recognizer = VoskRecognizer(hearing, cache=cache)
    voice = SileroVad(VAD)
    ears = Endpointer()
    found = []
    for path in paths:
        room = np.random.default_rng(0).normal(0, 30, 2 * 16_000).astype(np.int16)
        sound = np.concatenate([read(path), room])
        detector = SpeechDetector(voice)
        detector.reset()
        stream = recognizer.start()
        ears.begin(0.0)
        ended = last = None
        for start in range(0, len(sound), FRAME_SAMPLES):
            frame = sound[start : start + FRAME_SAMPLES]
            now = detector.feed(frame)
            last = now.last_speech_s or last
            if ended is None:
                said = stream.feed(frame)
                rule = ears.update(now.position_s, now.speech, now.silence_s, said, Ending.OTHER)
                ended = now.position_s if rule else None
        if ended is None or (last and ended < last - 0.05):
            found.append(path.name)
    return found


def test_nobody_is_cut_off(corpora: Path, hearing: Path, tmp_path: Path) -> None:
    sample = random.Random(1).sample(clips(corpora), 6)
    assert cut_off(sample, hearing, tmp_path / "known.json") == []


@pytest.mark.long
def test_nobody_is_cut_off_in_the_whole_set(corpora: Path, hearing: Path, tmp_path: Path) -> None:
    everything = clips(corpora)
    assert len(cut_off(everything, hearing, tmp_path / "known.json")) <= len(everything) // 50
