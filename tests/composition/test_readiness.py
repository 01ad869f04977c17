"""Before the first turn and after each: fixed sentences, warm search, pauses."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from assistant.composition.readiness import PAUSES, fixed_clauses, get_ready, keep_pauses, patient
from assistant.config import Hearing
from assistant.store import broken_store
from assistant.stt.endpoint import Limits
from assistant.tts.cache import CachedVoice
from tests.fakes import FakeVoice, House


def test_fixed_sentences_are_spoken_from_the_cache(tmp_path: Path) -> None:
    voice = FakeVoice()
    house = House()

    async def job() -> CachedVoice:
        rooms = house.open()._rooms
        rooms.speaker.voice = cached = CachedVoice(voice, "key", tmp_path)
        await get_ready(rooms)
        return cached

    cached = asyncio.run(job())
    made = len(voice.said)
    clauses = fixed_clauses("en")
    assert made == len(set(clauses)) > 10
    sound = [chunk.samples for clause in clauses for chunk in cached.synthesize(clause)]
    assert np.concatenate(sound).size
    assert len(voice.said) == made  # nothing was synthesised again


class Facts(dict[str, object]):
    """A store of facts alone."""


def test_pauses_outlive_a_restart_and_damage_is_forgotten() -> None:
    limits = Limits()
    assert patient(Hearing(), Facts(speech_pauses=[0.9, 0.1])).silence_s == 1.2  # type: ignore[arg-type]
    assert patient(Hearing(), Facts(speech_pauses=[0.1, 0.0])).silence_s == limits.shortest_s  # type: ignore[arg-type]
    for damaged in (None, "x", [1], [None, 2], [-1, 0], {"a": 1}):
        assert patient(Hearing(), Facts(speech_pauses=damaged)).silence_s == limits.silence_s  # type: ignore[arg-type]


def test_pauses_that_cannot_be_kept_end_no_turn() -> None:
    learnt = SimpleNamespace(pauses=SimpleNamespace(learnt=[0.5]))
    kit = SimpleNamespace(store=broken_store("the disk is full"))
    keep_pauses(SimpleNamespace(endpointer=learnt, skills=SimpleNamespace(kit=kit)))  # type: ignore[arg-type]
    assert kit.store.get(PAUSES) is None
