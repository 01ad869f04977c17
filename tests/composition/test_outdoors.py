"""What leaves lights the light: from any thread, and once for what leaves at the same time."""

import asyncio
from collections.abc import Awaitable, Callable

from assistant import events as ev
from assistant.clock import SystemClock
from assistant.composition.outdoors import tell_leaving


def shown(work: Callable[[Callable[[bool], None]], Awaitable[None]]) -> list[bool]:
    """What the light is told while `work` lets things leave."""
    seen: list[bool] = []

    async def job() -> None:
        bus, here = ev.EventBus(), asyncio.get_running_loop()

        def note(event: ev.Event) -> None:
            assert asyncio.get_running_loop() is here
            assert isinstance(event, ev.Leaving)
            seen.append(event.on)

        bus.subscribe(note)
        await work(tell_leaving(bus, SystemClock()))
        await asyncio.sleep(0)

    asyncio.run(job())
    return seen


def test_a_call_to_the_hub_on_the_skills_thread_is_shown_on_the_loop() -> None:
    async def work(leaving: Callable[[bool], None]) -> None:
        await asyncio.to_thread(leaving, True)
        await asyncio.to_thread(leaving, False)

    assert shown(work) == [True, False]


def test_a_lamp_that_is_switched_does_not_darken_the_light_of_a_question() -> None:
    async def work(leaving: Callable[[bool], None]) -> None:
        leaving(True)  # a question's answer streams in
        await asyncio.to_thread(leaving, True)
        await asyncio.to_thread(leaving, False)
        await asyncio.sleep(0)
        leaving(False)

    assert shown(work) == [True, False]


def test_what_ends_after_the_loop_fails_nowhere() -> None:
    kept: list[Callable[[bool], None]] = []

    async def work(leaving: Callable[[bool], None]) -> None:
        leaving(True)
        kept.append(leaving)

    assert shown(work) == [True]
    kept[0](False)
