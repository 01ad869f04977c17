"""Speaking with the board: requests go in as sound, replies come out as sound and are heard again here."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from image.emulator.machine import Machine, Outcome
from image.emulator.proof import expect, output, prepared

AS_USER = ("setpriv", "--reuid=assistant", "--regid=assistant", "--init-groups", "env", "HOME=/var/lib/assistant")
RECORDINGS = "/opt/assistant/assistant/demo"
PLACE = "/run/assistant"
"""Where sound goes in and out: it is in memory, and there whatever became of the card."""


def assistant(machine: Machine, *arguments: str, seconds: float = 7200) -> Outcome:
    """The program inside, as its own user."""
    return machine.run(*AS_USER, "/usr/bin/assistant", *arguments, seconds=seconds)


def hears(machine: Machine, *requests: tuple[str, str]) -> str:
    """Each request is heard after the wake word, served, and answered in speech that says a certain word.

    Requests are a recording's name in the image, or a sentence that the host's voice says. One program hears all of
    them: loading everything takes an emulated processor minutes.
    """
    # the card's settings say where things are kept
    prepared(machine)
    files = [_recording(machine, number, request) for number, (request, _) in enumerate(requests)]
    turns = _turns(machine, "hear", *files)
    return "; ".join(_answered(machine, turn, word) for turn, (_, word) in zip(turns, requests, strict=True))


def answers(machine: Machine, request: str, word: str) -> str:
    """A typed request is answered, with the reply's sound: hearing alone is left out, and the minutes that it loads."""
    prepared(machine)
    (turn,) = _turns(machine, "ask", request)
    told = f"ended {turn['outcome']}, said {turn['reply']!r}"
    expect(turn["outcome"] == "done" and word in turn["reply"].lower(), told)
    size = int(output(machine, "stat", "-c", "%s", turn["reply_audio"]))
    expect(size > 10_000, f"the reply's sound has {size} bytes")
    return f"“{request}” → “{turn['reply']}”, {size} bytes of sound"


def _turns(machine: Machine, job: str, *requests: str) -> list[dict[str, Any]]:
    """What the program inside made of each request, spoken (`hear`) or typed (`ask`)."""
    done = assistant(machine, job, *requests, "--json", "--out", f"{PLACE}/replies")
    turns = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    expect(len(turns) == len(requests), f"status {done.status}: {(done.err or done.out).strip()[-300:]}")
    return turns


def _here(*arguments: str) -> str:
    """What the program on this machine prints."""
    done = subprocess.run([sys.executable, "-m", "assistant", *arguments], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"assistant {' '.join(arguments)}: {done.stderr.strip()[-200:]}")
    return done.stdout


def _recording(machine: Machine, number: int, request: str) -> str:
    """The request as a file inside."""
    if request.endswith(".flac"):
        return f"{RECORDINGS}/{request}"
    spoken = machine.work / f"request-{number}.wav"
    _here("speak", f"Okay Nabu. {request}", "--out", str(spoken))
    inside = f"{PLACE}/{spoken.name}"
    machine.put(inside, spoken.read_bytes())
    return inside


def _answered(machine: Machine, turn: dict[str, Any], word: str) -> str:
    """What was heard and said; the reply's sound holds the word too."""
    told = f"ended {turn['outcome']}, heard {turn['transcript']!r}, said {turn['reply']!r}; wake {turn['wake']}"
    expect(turn["outcome"] == "done" and word in turn["reply"].lower(), told)
    spoken = machine.work / "reply.wav"
    spoken.write_bytes(base64.b64decode(output(machine, "base64", turn["reply_audio"])))
    words = heard_here(spoken)
    expect(word in words, f"said “{turn['reply']}”, which sounds like “{words}” here")
    return f"heard “{turn['transcript']}” → {turn['intent']}, said “{turn['reply']}”; heard here: “{words}”"


def heard_here(recording: Path) -> str:
    """What the recogniser on this machine makes of a reply that came out of the other."""
    return str(json.loads(_here("listen", str(recording), "--json"))["transcript"])


def left_to_say(machine: Machine, about: str, *words: str) -> str:
    """What was left for the voice; it is there until it was spoken, and nothing here can speak."""
    prepared(machine)
    text = output(machine, "cat", f"/var/lib/assistant/notices/{about}.txt").strip()
    for word in words:
        expect(word in text, f"“{text}” does not mention {word}")
    return f"“{text}”"


def judged(machine: Machine) -> str:
    """The machine's own check of its hearing and its voice, as its unit ran it in this start."""
    done = machine.run("systemctl", "start", "assistant-health.service", seconds=7200)
    found = json.loads(output(machine, "cat", "/var/lib/assistant/health.json"))
    expect(done.status == 0 and not found["problem"], f"status {done.status}, {found}")
    return f"heard “{found['heard']}”, said “{found['reply']}”"
