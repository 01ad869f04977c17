"""The plain chain that the appliance is compared with: the same engines, one after the other, each on the whole.

After the wake word it records until 0.7 s of silence, recognises the whole recording, understands it, acts, and
synthesises the whole reply before the first sample is played.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.ring import Ring
from assistant.audio.vad import SpeechDetector
from assistant.conversation import PREROLL_S, Source
from assistant.dialogue.interpreting import Heard
from assistant.nlu.dialogue import NO_DIALOGUE
from assistant.skills import TurnContext
from assistant.stt import Transcription
from assistant.tts import AudioChunk, Voice
from assistant.tts.speakable import speakable
from assistant.turn import Rooms
from assistant.wake import WakeEngine

SILENCE_S = 0.7
"""Fixed silence that ends a request: what hearing.silence_s begins with here."""

LONGEST_S = 8.0
"""Of a request; the cap the appliance has too."""


@dataclass(slots=True)
class PlainTurn:
    """One request through the plain chain. Times are on the rooms' clock, seconds."""

    ended_s: float | None = None
    """Stream position at which the silence was over; None when no wake phrase was heard."""
    ended_at: float = 0.0
    final_at: float = 0.0
    understood_at: float = 0.0
    reply_at: float = 0.0
    first_audio_at: float | None = None
    """When playing could begin; None when there was nothing to say."""
    text: str = ""
    reply: str = ""
    sound: list[AudioChunk] = field(default_factory=list)


async def serve(source: Source, rooms: Rooms, wake: WakeEngine, detector: SpeechDetector, voice: Voice) -> PlainTurn:
    """Serve the first request in `source`; the rest of the source is not taken."""
    turn = PlainTurn()
    recording = await _record(source.frames(), wake, detector, turn)
    if recording is None:
        return turn
    turn.ended_at = rooms.clock.monotonic()
    transcription = await rooms.hearing.run(lambda: _recognise(rooms, recording))
    turn.final_at = rooms.clock.monotonic()
    heard = await rooms.thinking.run(lambda: rooms.interpreter.interpret(transcription, NO_DIALOGUE))
    turn.understood_at = rooms.clock.monotonic()
    turn.text = heard.text
    turn.reply = await _reply(rooms, heard)
    turn.reply_at = rooms.clock.monotonic()
    words = speakable(turn.reply, rooms.language)
    turn.sound = await rooms.speaker.worker.run(lambda: list(voice.synthesize(words)))
    if turn.sound:
        turn.first_audio_at = rooms.clock.monotonic()
    return turn


async def _record(
    frames: AsyncIterator[Samples], wake: WakeEngine, detector: SpeechDetector, turn: PlainTurn
) -> Samples | None:
    """The request with the sound before the wake detection, or None when there was no wake phrase."""
    wake.reset()
    detector.reset()
    ring, parts, woken_s = Ring(PREROLL_S), list[Samples](), 0.0
    async for samples in frames:
        ring.push(samples)
        activity = detector.feed(samples)
        detected = wake.process(samples)
        if not parts:
            if detected is not None:
                parts, woken_s = [ring.last(PREROLL_S)], activity.position_s
            continue
        parts.append(samples)
        spoke = activity.last_speech_s is not None and activity.last_speech_s > woken_s
        if (spoke and not activity.speech and activity.silence_s >= SILENCE_S) or (
            activity.position_s - woken_s >= LONGEST_S
        ):
            break
    if not parts:
        return None
    turn.ended_s = ring.position_s
    return np.concatenate(parts)


def _recognise(rooms: Rooms, recording: Samples) -> Transcription:
    stream = rooms.recognizer.start()
    # in blocks of a second: the engine takes any length, and one call would keep the interpreter's lock for it all
    for start in range(0, len(recording), SAMPLE_RATE):
        stream.feed(recording[start : start + SAMPLE_RATE])
    return stream.finish()


async def _reply(rooms: Rooms, heard: Heard) -> str:
    """The whole text of the reply."""
    parts: list[str] = []
    for intent in heard.intents:
        if intent.name:
            context = TurnContext(turn="plain", heard=heard.text, source="voice")
            done = await rooms.acting.run(rooms.skills.handle, intent, context)
            parts.append(done.text)
        else:
            parts.append("".join([piece async for piece in (await rooms.answerer.answer(heard.text)).pieces]))
    return " ".join(parts)
