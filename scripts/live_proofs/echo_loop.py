"""Does it hear itself, and is it heard while it speaks? Half hours of replies in a simulated kitchen (kitchen.py).

PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.echo_loop --minutes 30
PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.echo_loop --over-speech ../shared/corpora/audio
"""

import argparse
import asyncio
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from assistant.audio import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE
from assistant.audio.files import read
from assistant.composition.engines import load_hearing, load_voice
from assistant.config import Settings, load_settings
from assistant.live.device import stop_listener
from assistant.stt import Recognizer
from scripts.live_proofs.kitchen import REPLIES, Kitchen, spoken
from scripts.live_proofs.room import Room

Wave = npt.NDArray[np.float64]

LEARN_S = 20.0
"""Replies before anybody speaks: the room is known by then."""

FOLLOW_UP_S = 1.5
"""How long the recogniser listens after a reply, as it does after a question of ours."""


def room(gain_db: float, seed: int) -> Room:
    """A kitchen with its echo at `gain_db`; each seed another one."""
    rng = np.random.default_rng(seed)
    return Room(gain_db, delay_s=rng.uniform(0.01, 0.08), reverberation_s=rng.uniform(0.25, 0.45), seed=seed)


async def self_hearing(
    minutes: float,
    gain_db: float,
    settings: Settings,
    recognizer: Recognizer,
    *,
    seed: int = 0,
    **changes: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Replies without a person in the room: every wake, stop or word that is heard is the assistant's own.

    `changes` go to Kitchen: without its canceller or guard the loop does hear itself.
    """
    replies = spoken(load_voice(settings), REPLIES)
    listener = stop_listener(recognizer)
    kitchen = Kitchen(room(gain_db, seed), replies, listener, seed=seed, **changes)
    transcripts, said = list[str](), 0
    while kitchen.heard.seconds < minutes * 60:
        was_over = kitchen.loudspeaker.over
        await kitchen.step()
        if was_over or not kitchen.loudspeaker.over:
            continue
        # a reply has just ended: listen as after a question, while the room still rings
        said += 1
        stream, kitchen.replying = recognizer.start(), False
        for _ in range(round(FOLLOW_UP_S / FRAME_SECONDS)):
            await kitchen.step()
            stream.feed(kitchen.cleaned)
        kitchen.replying = True
        words = stream.finish().chosen.text.replace("[unk]", "").strip()
        if words:
            transcripts.append(words)
    heard = kitchen.heard
    return {
        "gain_db": gain_db,
        "minutes": round(heard.seconds / 60, 1),
        "replies": said,
        "self_wakes": len(heard.wakes),
        "own_wakes_recognised": len(heard.own_wakes),
        "self_stops": len(heard.stops),
        "self_transcripts": transcripts,
    }


async def over_speech(
    clips: list[Wave], gain_db: float, settings: Settings, recognizer: Recognizer, *, word: str, seed: int = 0
) -> dict[str, Any]:
    """Clips of people who speak while the assistant does, each as loud (mean power) as its echo at the microphone."""
    replies = [pair for pair in spoken(load_voice(settings), REPLIES) if word not in pair[0].casefold()]
    phrases = ("alexa",) if word == "alexa" else ("okay nabu",)
    listener = stop_listener(recognizer) if word == "stop" else None
    kitchen = Kitchen(room(gain_db, seed), replies, listener, phrases=phrases, seed=seed)
    echo_power = float(np.mean([np.mean((0.7 * r / 32768) ** 2) for _, r in replies])) * 10 ** (gain_db / 10)
    while kitchen.heard.seconds < LEARN_S:
        await kitchen.step()
    found, delays = 0, list[float]()
    for clip in clips:
        loud = clip * np.sqrt(echo_power / np.mean(clip**2))
        padded = np.concatenate((loud, np.zeros(-loud.size % FRAME_SAMPLES + SAMPLE_RATE)))
        # the person begins while a reply sounds, and not in its last second
        while kitchen.loudspeaker.left_s < clip.size / SAMPLE_RATE + 1.0:
            if kitchen.loudspeaker.over or kitchen.loudspeaker.left_s == 0.0:
                await kitchen.step()
            else:
                kitchen.loudspeaker.play(replies[int(kitchen.clock.monotonic()) % len(replies)][1])
        ends = kitchen.heard.seconds + clip.size / SAMPLE_RATE
        before, wakes = len(kitchen.heard.stops), len(kitchen.heard.wakes)
        for start in range(0, padded.size, FRAME_SAMPLES):
            await kitchen.step(padded[start : start + FRAME_SAMPLES])
        if word != "stop":
            found += len(kitchen.heard.wakes) > wakes
        elif len(kitchen.heard.stops) > before:
            found += 1
            quiet_at = [at for at in kitchen.heard.silent if at > ends - 0.3]
            delays.append(max(0.0, quiet_at[0] - ends) if quiet_at else 9.0)
        kitchen.loudspeaker.release()
        for _ in range(25):
            await kitchen.step()
    result: dict[str, Any] = {"word": word, "gain_db": gain_db, "clips": len(clips), "found": found,
                              "share": round(found / len(clips), 3)}  # fmt: skip
    if delays:
        result["word_end_to_silence_s"] = {
            "p50": round(float(np.median(delays)), 3), "p95": round(float(np.percentile(delays, 95)), 3)
        }  # fmt: skip
    return result


def said(text: str) -> list[Wave]:
    """`text` by 29 classic synthetic voices (espeak-ng at three speeds, flite), without the silence around it."""
    found = []
    for voice in ("en-us", "en-gb", "en-gb-scotland", "en-us+f3", "en-us+m3", "en-gb+f2", "en-us+m7", "en-us+f4"):
        for speed in ("130", "160", "190"):
            made = subprocess.run(
                ["espeak-ng", "-v", voice, "-s", speed, "--stdout", text], capture_output=True, check=True
            )
            found.append(_trimmed(*soundfile.read(io.BytesIO(made.stdout))))
    for voice in ("kal", "slt", "rms", "awb", "kal16"):
        made = subprocess.run(["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"],
                              capture_output=True, check=True)  # fmt: skip
        found.append(_trimmed(*soundfile.read(io.BytesIO(made.stdout))))
    return found


def recorded(root: Path, keyword: str) -> list[Wave]:
    """The corpus clips in which people say `keyword`."""
    rows = [json.loads(line) for line in (root / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return [read(root / row["file"]) / 32768 for row in rows if row.get("keyword") == keyword]


def _trimmed(samples: Wave, rate: int) -> Wave:
    sound: Wave = np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float64)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


async def main(options: argparse.Namespace) -> None:
    """Print one JSON object a measurement."""
    settings = load_settings()
    recognizer = load_hearing(settings)
    for gain in options.gain:
        if options.over_speech is not None:
            for word, clips in (("stop", said("stop")), ("alexa", recorded(options.over_speech, "alexa"))):
                print(json.dumps(await over_speech(clips, gain, settings, recognizer, word=word)), flush=True)
        else:
            minutes = options.minutes
            print(json.dumps(await self_hearing(minutes, gain, settings, recognizer, seed=options.seed)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--gain", type=float, nargs="*", default=[-20.0, -10.0, 0.0], help="echo over loudspeaker, dB")
    parser.add_argument("--over-speech", type=Path, help="the folder of the corpus: speak while it speaks")
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(main(parser.parse_args()))
