"""What is made of a wake phrase with nothing behind it, and of one short word in the same breath.

PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.after_wake --corpus ../shared/corpora/audio

People who say "alexa" and no more have asked for nothing; a word that classic synthetic voices say at once must
count. Each recording goes through the whole assistant (`assistant hear`), in a room as quiet as a kitchen at night.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import soundfile

from assistant.audio import SAMPLE_RATE
from assistant.audio.noise import quiet, to_pcm
from scripts.live_proofs.echo_loop import Wave, recorded, said
from scripts.live_proofs.interrupting import LEVEL, at_level

WORDS = ("yes", "pause", "stop", "off")
BEFORE_S, AFTER_S = 2.0, 8.0


def turns(clips: list[Wave], phrase: str) -> list[dict[str, Any]]:
    """What the assistant makes of each clip, with quiet around it for as long as it would wait for words."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, clip in enumerate(clips):
            room = quiet(BEFORE_S + clip.size / SAMPLE_RATE + AFTER_S, seed=number)
            begins = round(BEFORE_S * SAMPLE_RATE)
            room[begins : begins + clip.size] += to_pcm(at_level(clip, LEVEL))
            files.append(f"{folder}/{number:03d}.wav")
            soundfile.write(files[-1], room, SAMPLE_RATE)
        environment = {**os.environ, "ASSISTANT_WAKE__PHRASES": json.dumps([phrase]), "XDG_DATA_HOME": folder}
        command = [sys.executable, "-m", "assistant", "hear", "--json", "--out", folder, *files]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(found) < len(clips):
        raise SystemExit(f"assistant hear: status {done.returncode}: {done.stderr.strip()[-300:]}")
    return found


def main(corpus: Path) -> None:
    """Print one JSON object a measurement."""
    alone = [turn for turn in turns(recorded(corpus, "alexa"), "alexa") if turn["outcome"] != "unheard"]
    otherwise = Counter(str(turn["transcript"]) for turn in alone if turn["outcome"] != "nothing")
    print(json.dumps({"said": "alexa", "by": "people", "woken": len(alone),
                      "nothing": len(alone) - otherwise.total(), "otherwise": otherwise}), flush=True)  # fmt: skip
    for phrase in ("alexa", "okay nabu"):
        for word in WORDS:
            woken = [turn for turn in turns(said(f"{phrase} {word}"), phrase) if turn["outcome"] != "unheard"]
            heard = sum(word in str(turn["transcript"]).split() for turn in woken)
            print(json.dumps({"said": f"{phrase} {word}", "by": "classic voices", "woken": len(woken),
                              "word_heard": heard}), flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    main(parser.parse_args().corpus)
