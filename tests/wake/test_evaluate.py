"""Counting what was found: scripted engines for every count, the real ones on our own clips and on people's."""

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.files import read, write_wav
from assistant.audio.noise import quiet
from assistant.errors import AudioError, UsageError
from assistant.wake import Wake
from assistant.wake.evaluate import PAD_SECONDS, evaluate, prepare
from tests.wake.clips import DATA, SPOKEN, path

CORPORA = Path(__file__).resolve().parents[3] / "shared/corpora/audio"


class Loud:
    """An engine that fires on loud sound: once a stream."""

    def __init__(self, phrase: str) -> None:
        self.phrases = (phrase,)
        self.suspicion = 0.0
        self.reset()

    def reset(self) -> None:
        self.heard, self.done = 0, False

    def process(self, samples: Samples) -> Wake | None:
        self.heard += samples.size
        if self.done or np.abs(samples).max() < 10_000:
            return None
        self.done = True
        return Wake(self.phrases[0], self.heard / SAMPLE_RATE, 0.9)


def test_every_kind_of_clip_is_counted_where_it_belongs(tmp_path):
    write_wav(tmp_path / "loud.wav", np.full(SAMPLE_RATE, 20_000, np.int16), SAMPLE_RATE)
    write_wav(tmp_path / "soft.wav", quiet(1.0, seed=1), SAMPLE_RATE)
    keywords = ["hey jarvis", "Hey Jarvis", "jarvis", "computer", "alexa", None]
    rows = [{"file": f, "keyword": k} for k in keywords for f in ("loud.wav", "soft.wav")]
    rows += [{"file": "loud.wav", "text": "lights on"}]  # other speech
    result = evaluate(rows, tmp_path, phrases=("hey jarvis",), engine=Loud)
    summary = result.summary()["phrases"]["hey jarvis"]
    assert summary["clips"] == 4
    assert (summary["found"], summary["missed"], summary["found_share"]) == (2, 2, 0.5)
    assert (summary["false"], summary["false_bare"], summary["false_unlabelled"]) == (3, 1, 1)
    assert summary["false_per_hour"] == pytest.approx(3 * 3600 / (5 * (1 + 2 * PAD_SECONDS)), abs=0.01)
    assert result.rows[0] == {
        "file": "loud.wav",
        "detections": [{"phrase": "hey jarvis", "at_s": 0.1, "score": 0.9}],
    }
    assert result.rows[1]["detections"] == []
    assert result.lines()[1] == "hey jarvis   found 2 of 4 (50.0%); false 3 (720.0 an hour), 1 in the bare word"


def test_no_clips_no_shares(tmp_path):
    summary = evaluate([], tmp_path, phrases=("alexa",), engine=Loud).summary()
    assert summary["phrases"]["alexa"]["found_share"] is None
    assert summary["phrases"]["alexa"]["false_per_hour"] is None


def test_padding_and_noise_are_the_same_every_time_and_as_loud_as_asked():
    clip = quiet(1.0, seed=3, dbfs=-25)
    noise = quiet(0.7, seed=4, dbfs=-50)
    plain = prepare(clip, "a", noise=None, snr_db=0, seed=1)
    assert plain.size == clip.size + 2 * PAD_SECONDS * SAMPLE_RATE
    mixed = prepare(clip, "a", noise=noise, snr_db=10, seed=1)
    np.testing.assert_array_equal(mixed, prepare(clip, "a", noise=noise, snr_db=10, seed=1))
    assert (mixed != prepare(clip, "b", noise=noise, snr_db=10, seed=1)).any()
    added = (mixed.astype(float) - plain) / 32768
    assert 10 * np.log10(np.mean(added**2)) == pytest.approx(-35, abs=0.2)


def test_our_own_clips_are_all_found_and_none_is_mistaken():
    rows = [{"file": path(phrase, voice).name, "keyword": phrase} for phrase, voice in SPOKEN]
    summary = evaluate(rows, DATA).summary()
    assert (summary["found"], summary["missed"], summary["false"]) == (len(SPOKEN), 0, 0)


def test_bad_rows_and_files(tmp_path):
    with pytest.raises(UsageError, match="row 1: has no field 'file'"):
        evaluate([{"keyword": "alexa"}], tmp_path)
    with pytest.raises(AudioError, match=r"gone\.wav"):
        evaluate([{"file": "gone.wav", "keyword": "alexa"}], tmp_path)


def corpus(every: int) -> tuple[list[dict[str, str]], Samples]:
    rows = [json.loads(line) for line in (CORPORA / "manifest.jsonl").read_text().splitlines()]
    kitchen = next(r["file"] for r in rows if r["file"].startswith("noise/"))
    return [r for r in rows if "keyword" in r][::every], read(CORPORA / kitchen)


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="skipped: no corpora")
@pytest.mark.parametrize("every", [pytest.param(16, id="sample"), pytest.param(1, id="whole", marks=pytest.mark.long)])
def test_people_are_found_clean_and_in_a_kitchen(every):
    rows, kitchen = corpus(every)
    clean = evaluate(rows, CORPORA).summary()
    assert clean["phrases"]["alexa"]["found_share"] >= 0.95 - (0.05 if every > 1 else 0)
    assert clean["false"] <= 1
    noisy = evaluate(rows, CORPORA, phrases=("alexa",), noise=kitchen).summary()
    assert noisy["phrases"]["alexa"]["found_share"] >= 0.90 - (0.05 if every > 1 else 0)
