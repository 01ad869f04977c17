"""Does this device still understand and speak? A test sentence goes behind the sound devices through the real rooms.

It makes no noise, needs no microphone, and uses no memory of the owner's. A device that had a microphone or loudspeaker
and has none after an update is not healthy; one that never had is.
"""

import asyncio
import json
import logging
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant import demo
from assistant.appliance import open_appliance
from assistant.audio.devices import connected
from assistant.config import Accelerator, Cloud, Hub, Knowledge, Limits, Settings, WakeSettings
from assistant.errors import AssistantError
from assistant.events import SpeechOut, Transcript
from assistant.observers.trace import TurnTrace
from assistant.sources import Recording

logger = logging.getLogger(__name__)

TEST, ANSWER = "sum", "84"
"""The recording, and what its reply must hold: a sum has one right answer, whatever the time and the home."""

LEAST_S = 0.5
"""A spoken answer to it is longer than this."""

UNHURRIED = 3.0
"""Times the usual patience: the assistant itself is starting beside the check, and being slow then is no illness."""

CORE = "assistant-core.service"


@dataclass(frozen=True, slots=True)
class Result:
    """What was found."""

    problem: str = ""
    """Key of the section "health" of the texts: why the device is not healthy; "" when it is."""
    why: str = ""
    """The error itself, where there was one."""
    heard: str = ""
    reply: str = ""
    microphone: bool = False
    loudspeaker: bool = False


class _Sound:
    """Keeps the last turn and how much was spoken in it, seconds."""

    def __init__(self) -> None:
        self.trace: TurnTrace | None = None
        self.seconds = 0.0

    def begun(self, trace: TurnTrace) -> None:
        """Nothing to see yet."""

    def ended(self, trace: TurnTrace) -> None:
        sounds = [event for event in trace.events if isinstance(event, SpeechOut) and np.any(event.samples)]
        self.trace, self.seconds = trace, sum(len(event.samples) / event.sample_rate for event in sounds)


def check(settings: Settings, before: Result | None, core: Callable[[], bool] = lambda: True) -> Result:
    """Try everything. `before` is what was found when all was well last; `core` says whether the assistant runs.

    Never raises: what fails is the result.
    """
    found = Result(
        microphone=connected(settings.audio.microphone, "microphone"),
        loudspeaker=connected(settings.audio.loudspeaker, "loudspeaker"),
    )
    if not core():
        return replace(found, problem="no_core")
    try:
        sound = asyncio.run(_listen(settings))
    except AssistantError as error:
        return replace(found, problem="broken", why=str(error))
    except Exception as error:  # whatever a defect of the new version raises, it is not healthy
        logger.exception("the test sentence ended in a defect")
        return replace(found, problem="broken", why=f"{type(error).__name__}: {error}"[:200])
    trace = sound.trace
    words = trace.first(Transcript) if trace else None
    found = replace(found, heard=words.text if words else "", reply=trace.reply if trace else "")
    if trace is None or trace.outcome != "done" or ANSWER not in trace.reply:
        return replace(found, problem="not_understood")
    if sound.seconds < LEAST_S:
        return replace(found, problem="not_spoken")
    return replace(found, problem=missing(found, before))


def check_as(user: str, options: Sequence[str] = ()) -> Result:
    """`check` in a process of its own, as `user`: what root may read and open says nothing about the assistant.

    A process that dies in it is an unhealthy device too. `options` go before the command. Never raises.
    """
    isolated = ["-I"] if sys.flags.isolated else []
    command = [sys.executable, *isolated, "-m", "assistant", *options, "health", "check", "--json"]
    try:
        account = pwd.getpwnam(user)
        groups = os.getgrouplist(user, account.pw_gid)
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd="/",
            env={**os.environ, "HOME": account.pw_dir, "USER": user},
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=groups,
        )
    except (KeyError, OSError, subprocess.SubprocessError) as error:
        return Result(problem="broken", why=f"it cannot be tried as {user} ({error})")
    try:
        return Result(**json.loads(done.stdout))
    except (ValueError, TypeError):
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return Result(problem="broken", why=last[0][:200] if last else f"the check ended with status {done.returncode}")


def missing(now: Result, before: Result | None) -> str:
    """The first of the sound devices that was there when all was well and is gone; "" for none."""
    if before is None:
        return ""
    if before.microphone and not now.microphone:
        return "microphone"
    return "loudspeaker" if before.loudspeaker and not now.loudspeaker else ""


async def _listen(settings: Settings) -> _Sound:
    sound = _Sound()
    request = next(each for each in demo.requests() if each.file.stem == TEST)
    with tempfile.TemporaryDirectory() as cache:
        # the owner's place, words and addresses have no part in it; nothing of it stays
        alone = settings.model_copy(
            update={
                "paths": settings.paths.model_copy(update={"cache": Path(cache), "skills": Path(cache) / "skills"}),
                "wake": WakeSettings(),
                "thinking": settings.thinking.model_copy(update={"backend": "hailo"}),
                "accelerator": Accelerator(),
                "knowledge": Knowledge(),
                "hub": Hub(),
                "cloud": Cloud(),
                "limits": Limits(patience=min(1000.0, settings.limits.patience * UNHURRIED)),
            }
        )
        async with open_appliance(alone, observers=(sound,), keep=False) as appliance:
            await appliance.conversation.run(Recording(request.file))
    return sound


def core_runs() -> bool:
    """Whether systemd says that the assistant runs; True where there is no systemd."""
    if not Path("/run/systemd/system").is_dir():
        return True
    try:
        done = subprocess.run(["systemctl", "is-active", "--quiet", CORE], check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def remembered(file: Path) -> Result | None:
    """What was found the last time that all was well; None when that was never, or the file is damaged."""
    try:
        values = json.loads(file.read_bytes())
        return Result(microphone=values["microphone"] is True, loudspeaker=values["loudspeaker"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return None
