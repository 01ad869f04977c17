"""The whole turn, fed at the pace of speech, against the plain chain in the same run."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant import demo
from assistant import events as ev
from assistant.appliance import Appliance, open_appliance
from assistant.audio import FRAME_SECONDS, SAMPLE_RATE, Samples
from assistant.audio.files import frames, read
from assistant.audio.noise import quiet
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.bench import baseline
from assistant.bench.figures import Effort, Stage, percentile
from assistant.bench.sound import recordings
from assistant.clock import Clock
from assistant.composition.engines import load_wake
from assistant.config import Cloud, Hub, Settings
from assistant.conversation import Conversation
from assistant.nlu.continuation import EXTENDERS
from assistant.observers.trace import TurnTrace
from assistant.stt import Recognizer
from assistant.tts import Voice
from assistant.tts.piper import PiperVoice
from assistant.turn import Rooms
from assistant.wake import WakeEngine

AFTER_S = 2.0
"""Quiet after each recording: longer than any rule waits for."""

CUT_OFF_S = 0.1
"""A turn that ends this much before the last speech has cut the speaker off: three windows of voice activity."""

PAUSE_S = (0.4, 0.8)
"""Length of the pause that a hesitant speaker makes before the last slot, seconds."""

CALL_PAUSE_S = (0.1, 0.5)
"""Between the wake phrase and a request that was recorded without one: people hardly pause."""

TIDY = ("cancel all timers", "cancel all alarms")
"""Said (typed) between turns, so that no reply grows from repeat to repeat."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded request with quiet behind it."""

    name: str
    samples: Samples
    speech_end_s: float
    """Position of the last speech by voice activity over the whole recording."""


class Paced:
    """A recording as a microphone hands it over: each frame when it would have been spoken."""

    live = True

    def __init__(
        self, clip: Clip, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, *, paced: bool = True
    ) -> None:
        self.name, self.live = clip.name, paced
        self._clip, self._clock, self._sleep = clip, clock, sleep
        self.began = 0.0
        """When its first sample was spoken, on the clock."""

    async def frames(self) -> AsyncIterator[Samples]:
        self.began = self._clock.monotonic()
        for number, samples in enumerate(frames(self._clip.samples)):
            if self.live:
                wait = self.began + (number + 1) * FRAME_SECONDS - self._clock.monotonic()
                # always gives way: what was heard so far must be worked on even when this is late
                await self._sleep(max(0.0, wait))
            yield samples


class Kept:
    """Keeps the trace of every turn that ended."""

    def __init__(self) -> None:
        self.traces: list[TurnTrace] = []

    def begun(self, trace: TurnTrace) -> None:
        """It has not ended yet."""

    def ended(self, trace: TurnTrace) -> None:
        self.traces.append(trace)


def load_clip(path: Path, detector: SpeechDetector, call: Callable[[Samples], Samples] | None = None) -> Clip:
    """Read a recording and find where its speech ends; `call` puts the wake phrase before it. Raises AudioError."""
    samples = read(path)
    if call is not None:
        samples = call(samples)
    detector.reset()
    last = detector.feed(samples).last_speech_s
    return Clip(path.stem, np.concatenate([samples, quiet(AFTER_S, seed=1)]), last or len(samples) / SAMPLE_RATE)


@dataclass(slots=True)
class Comparison:
    """Both ways over the same recordings; what they share is passed in, so that tests can run it in virtual time."""

    rooms: Rooms
    conversation: Conversation
    kept: Kept
    wake: WakeEngine
    detector: SpeechDetector
    voice: Voice
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def ours(self, clip: Clip, *, paced: bool = True) -> tuple[TurnTrace | None, float]:
        """The first turn of the appliance on this recording, and when the recording began."""
        source = Paced(clip, self.rooms.clock, self.sleep, paced=paced)
        before = len(self.kept.traces)
        self.conversation.forget()
        await self.conversation.run(source)
        traces = self.kept.traces[before:]
        return (traces[0] if traces else None), source.began

    async def plain(self, clip: Clip) -> tuple[baseline.PlainTurn, float]:
        """The same for the plain chain."""
        source = Paced(clip, self.rooms.clock, self.sleep)
        done = await baseline.serve(source, self.rooms, self.wake, self.detector, self.voice)
        return done, source.began

    async def tidy(self) -> None:
        """Take back what the last turns set."""
        for request in TIDY:
            await self.conversation.read(request)
        self.conversation.forget()

    async def run(self, stage: Stage, clips: list[Clip], effort: Effort) -> None:
        """Each repeat: one recording, both ways, the order changing; then the ratios."""
        rules: Counter[str] = Counter()
        outcomes: Counter[str] = Counter()
        cut = heard = 0
        for number, counts in enumerate(effort.rounds(stage, "turns")):
            clip = clips[number % len(clips)]
            if number % 2:
                plain, plain_began = await self.plain(clip)
                trace, began = await self.ours(clip)
            else:
                trace, began = await self.ours(clip)
                plain, plain_began = await self.plain(clip)
            await self.tidy()
            if not counts:
                continue
            outcomes["ours: " + (trace.outcome if trace else "no wake phrase heard")] += 1
            outcomes["plain: " + ("done" if plain.first_audio_at else "no reply")] += 1
            if trace is None:
                continue
            ended = trace.first(ev.SpeechEnded)
            if ended is not None:
                heard += 1
                rules[ended.rule] += 1
                cut += was_cut_off(ended, clip)
            note(stage, clip, trace, began, plain, plain_began, effort.repeats)
            stage.values["rules"] = dict(rules)
            stage.values["outcomes"] = dict(outcomes)
            stage.values["cut_off_rate"] = round(cut / heard, 4) if heard else None
            conclude(stage)

    async def hesitant(self, stage: Stage, clips: list[Clip], effort: Effort, seed: int = 0) -> None:
        """How often a pause before the last slot ends the turn. Not paced: no waiting is measured."""
        rng, cut, heard, rules = random.Random(seed), 0, 0, Counter[str]()
        for number, _ in enumerate(effort.rounds(stage, "hesitant", warmup=0)):
            clip = clips[number % len(clips)]
            broken = hesitate(clip, self.rooms.recognizer, rng.uniform(*PAUSE_S))
            if broken is None:
                continue
            trace, _ = await self.ours(broken, paced=False)
            ended = trace.first(ev.SpeechEnded) if trace else None
            if ended is not None:
                heard += 1
                rules[ended.rule] += 1
                cut += was_cut_off(ended, broken)
            await self.tidy()
            stage.values["cut_off_rate_hesitant"] = round(cut / heard, 4) if heard else None
            stage.values["rules_hesitant"] = dict(rules)
            stage.facts["hesitant_turns"] = heard


class Caller:
    """Puts the bundled requests' wake phrase before recordings that have none."""

    def __init__(self, wake: WakeEngine, seed: int = 0) -> None:
        self._wake, self._rng = wake, random.Random(seed)
        whole = read(demo.requests()[0].file)
        end = self._detected(whole)
        self._phrase = whole[:end] if end else None

    def __call__(self, samples: Samples) -> Samples:
        """As it is where the wake phrase is heard in it, or where the bundled one is not this device's."""
        if self._phrase is None or self._detected(samples):
            return samples
        return np.concatenate([self._phrase, quiet(self._rng.uniform(*CALL_PAUSE_S), seed=3), samples])

    def _detected(self, samples: Samples) -> int:
        """Samples up to the first wake detection; 0 when there is none."""
        self._wake.reset()
        for number, frame in enumerate(frames(samples)):
            if self._wake.process(frame) is not None:
                return (number + 1) * len(frame)
        return 0


def was_cut_off(ended: ev.SpeechEnded, clip: Clip) -> bool:
    """Whether the turn ended while the speaker had not finished."""
    return ended.stream_s < clip.speech_end_s - CUT_OFF_S


def hesitate(clip: Clip, recognizer: Recognizer, pause_s: float) -> Clip | None:
    """The recording with a pause before its last slot; None when too few words are recognised in it.

    The last slot begins behind the last preposition, article or the like; where none is heard, with the last word.
    """
    stream = recognizer.start()
    stream.feed(clip.samples)
    heard = stream.finish()
    words = next((each.words for each in (heard.chosen, *heard.others) if each.source == "open"), heard.chosen.words)
    if len(words) < 4:
        return None
    behind = [index for index, word in enumerate(words[:-1]) if word.text in EXTENDERS]
    first = words[behind[-1] + 1] if behind else words[-1]
    at = round(first.start_s * SAMPLE_RATE)
    pause = quiet(pause_s, seed=2)
    samples = np.concatenate([clip.samples[:at], pause, clip.samples[at:]])
    return Clip(f"{clip.name}-hesitant", samples, clip.speech_end_s + pause_s)


def note(  # noqa: PLR0917 - a pair of turns and where each began
    stage: Stage, clip: Clip, trace: TurnTrace, began: float, plain: baseline.PlainTurn, plain_began: float, wanted: int
) -> None:
    """Put one pair of turns into the series of its path. Pairs in which one way gave no sound are left out."""
    sound, route, ended = trace.first(ev.SpeechOut), trace.first(ev.RouteDecided), trace.first(ev.SpeechEnded)
    if sound is None or ended is None or plain.first_audio_at is None or plain.ended_s is None:
        stage.values["pairs_left_out"] = stage.values.get("pairs_left_out", 0) + 1
        return
    if was_cut_off(ended, clip) or plain.ended_s < clip.speech_end_s - CUT_OFF_S:
        stage.values["pairs_left_out"] = stage.values.get("pairs_left_out", 0) + 1
        return
    where = route.where if route is not None else "refused"
    path = {"command": "command", "refused": "refusal"}.get(where, "question")

    def add(name: str, milliseconds: float | None) -> None:
        if milliseconds is not None:
            key = f"{name}_{path}_ms"
            series = stage.series.get(key) or stage.begin(key, "ms", wanted)
            series.add(milliseconds)

    add("first_audio", (sound.at - began - clip.speech_end_s) * 1000)
    add("baseline_first_audio", (plain.first_audio_at - plain_began - clip.speech_end_s) * 1000)
    for name, milliseconds in trace.timings_ms().items():
        if name != "speech_end_to_first_audio":
            add(name, milliseconds)
    add("baseline_endpoint", (plain.ended_at - plain_began - clip.speech_end_s) * 1000)
    add("baseline_stt_final", (plain.final_at - plain.ended_at) * 1000)
    add("baseline_understand", (plain.understood_at - plain.final_at) * 1000)
    add("baseline_reply", (plain.reply_at - plain.understood_at) * 1000)
    add("baseline_tts", (plain.first_audio_at - plain.reply_at) * 1000)


def conclude(stage: Stage) -> None:
    """The ratios of both ways' percentiles: commands under `first_audio_over_baseline`, the other paths apart."""
    names = {"command": "first_audio", "question": "question", "refusal": "refusal"}
    for path, name in ((path, f"{name}_over_baseline") for path, name in names.items()):
        ours = stage.series.get(f"first_audio_{path}_ms")
        plain = stage.series.get(f"baseline_first_audio_{path}_ms")
        if not ours or not plain:
            continue
        paired = [mine / other for mine, other in zip(ours.values, plain.values, strict=True) if other > 0]
        stage.values[name] = {
            "p50": round(ours.p50 / plain.p50, 4),
            "p95": round(percentile(ours.values, 0.95) / percentile(plain.values, 0.95), 4),
            "paired_p50": round(percentile(paired, 0.5), 4) if paired else None,
            "n": len(ours.values),
        }


def measure_turn(stage: Stage, settings: Settings, effort: Effort, clips: Path | None = None) -> None:
    """Load the appliance and run both ways. Nothing it sets is kept, no lamp is switched, no question leaves."""
    asyncio.run(_measure(stage, alone(settings), effort, clips))


def alone(settings: Settings) -> Settings:
    """The same settings without the owner's hub and cloud: a measurement must not act on a home, or spend money."""
    return settings.model_copy(update={"hub": Hub(), "cloud": Cloud()})


async def _measure(stage: Stage, settings: Settings, effort: Effort, clips: Path | None) -> None:
    kept = Kept()
    async with open_appliance(settings, observers=(kept,), keep=False) as appliance:
        await appliance.ready()
        comparison = prepare(appliance, settings, kept)
        call = Caller(comparison.wake)
        found = [load_clip(path, comparison.detector, call) for path in recordings(clips)]
        running = [f"{choice.engine}: {choice.title}" for choice in appliance.selection.running()]
        stage.engine, stage.model = "the whole appliance", "; ".join(running)
        stage.facts |= {"recordings": len(found), "load_s": appliance.loaded_s}
        stage.notes += [
            "both ways take their sound at the pace of speech, with the same engines; no phrase is remembered",
            "waiting is counted from the last speech in the recording to the first sample handed to the loudspeaker",
        ]
        await comparison.run(stage, found, effort)
        await comparison.hesitant(stage, found, effort)


def prepare(appliance: Appliance, settings: Settings, kept: Kept) -> Comparison:
    """Both ways over the same rooms; neither may remember a phrase it has spoken."""
    voice = PiperVoice(appliance.selection.tts.require(), rate=settings.speaking.rate)
    appliance.rooms.speaker.voice = voice
    detector = SpeechDetector(SileroVad(appliance.selection.vad.require()))
    return Comparison(appliance.rooms, appliance.conversation, kept, load_wake(settings), detector, voice)
