"""Blocking engines behind awaitable calls."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import pytest

from assistant.workers import InlineWorker, Tasks, ThreadWorker, Worker, ahead
from tests.virtual_time import run


@pytest.mark.parametrize("worker", [ThreadWorker("test"), InlineWorker()])
def test_calls_return_and_raise(worker: Worker) -> None:
    async def job() -> None:
        assert await worker.run(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await worker.run(divmod, 7, 0)

    asyncio.run(job())
    worker.close()


def test_one_thread_serves_all_calls_in_order() -> None:
    worker, seen = ThreadWorker("test"), list[tuple[int, str]]()

    def note(number: int) -> None:
        seen.append((number, threading.current_thread().name))

    async def job() -> None:
        await asyncio.gather(*(worker.run(note, number) for number in range(20)))

    asyncio.run(job())
    worker.close()
    assert [number for number, _ in seen] == list(range(20))
    assert len({name for _, name in seen}) == 1


@pytest.mark.parametrize("make", [lambda: ThreadWorker("test"), InlineWorker])
def test_closing_an_iteration_early_closes_the_iterator(make: type[InlineWorker]) -> None:
    closed = threading.Event()

    def count() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    async def job() -> list[int]:
        worker, taken = make(), list[int]()
        async with aclosing(worker.iterate(count)) as items:
            async for item in items:
                taken.append(item)
                if item == 2:
                    break
        # the engine's thread closes it: a call behind it comes after it
        await worker.run(lambda: None)
        worker.close()
        return taken

    assert asyncio.run(job()) == [0, 1, 2]
    assert closed.is_set()


def test_ahead_makes_items_before_they_are_asked_for_but_not_too_many() -> None:
    made: list[int] = []

    async def items() -> AsyncGenerator[int]:
        for number in range(10):
            made.append(number)
            yield number

    async def job() -> None:
        async with aclosing(ahead(items(), 2)) as taken:
            assert await anext(taken) == 0
            await asyncio.sleep(1)
            # one taken, two waiting, one in hand
            assert made == [0, 1, 2, 3]
            assert [item async for item in taken] == list(range(1, 10))

    run(job())


def test_ahead_raises_the_error_after_the_items_before_it() -> None:
    async def items() -> AsyncGenerator[int]:
        yield 1
        raise KeyError("broken")

    async def job() -> list[int]:
        taken: list[int] = []

        async def take() -> None:
            async for item in ahead(items(), 3):
                taken.append(item)  # noqa: PERF401 - what came before the error counts

        with pytest.raises(KeyError):
            await take()
        return taken

    assert run(job()) == [1]


def test_ahead_closed_early_closes_its_source() -> None:
    closed: list[bool] = []

    async def items() -> AsyncGenerator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    async def job() -> None:
        async with aclosing(ahead(items(), 3)) as taken:
            await anext(taken)

    run(job())
    assert closed == [True]


def test_tasks_that_nobody_awaits_are_held_until_they_are_done() -> None:
    async def job() -> None:
        tasks, gate, seen = Tasks(), asyncio.Event(), list[str]()

        async def work(name: str) -> None:
            await gate.wait()
            seen.append(name)
            if name == "bad":
                raise ValueError

        for name in ("one", "bad", "two"):
            tasks.start(work(name))
        await asyncio.sleep(0)
        assert (len(tasks), seen) == (3, [])
        gate.set()
        await tasks.settle()
        assert (len(tasks), seen) == (0, ["one", "bad", "two"])

    asyncio.run(job())


def test_cancelled_tasks_end_in_their_own_time() -> None:
    async def job() -> None:
        tasks, seen = Tasks(), list[str]()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                seen.append("tidied")

        tasks.start(work())
        await asyncio.sleep(0)
        tasks.cancel()
        assert (len(tasks), seen) == (1, [])
        await tasks.settle()
        assert (len(tasks), seen) == (0, ["tidied"])

    asyncio.run(job())
