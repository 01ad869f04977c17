"""Blocking engines live on a thread of their own; the core awaits them, and holds the tasks that nobody awaits."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_DONE: Any = object()


class Worker(Protocol):
    """Runs an engine's blocking calls, one after another, in the order they were asked for."""

    async def run(self, call: Callable[[*Ts], T], *args: *Ts) -> T:
        """The call's result. A cancelled caller does not stop the call: the next one waits for it."""
        ...

    def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        """The items of a blocking iterator, one step at a time. Closing this closes it on its own thread."""
        ...

    def close(self) -> None:
        """No more calls. Returns at once; a running call ends by itself."""
        ...


class ThreadWorker:
    """One thread per engine: vosk, llama.cpp and onnxruntime all release the GIL while they work."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, call: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)

    async def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        iterator = await self.run(make)
        try:
            while (item := await self.run(lambda: next(iterator, _DONE))) is not _DONE:
                yield item
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                # the caller may be on its way out: the engine is freed on its own thread all the same
                self._executor.submit(close)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


class InlineWorker:
    """Runs calls where they are made: for conversations in virtual time, where a thread would race the clock."""

    async def run(self, call: Callable[[*Ts], T], *args: *Ts) -> T:
        return call(*args)

    async def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        iterator = make()
        try:
            for item in iterator:
                yield item
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def close(self) -> None:
        """Nothing to end."""


class Tasks:
    """Tasks that nobody awaits: the loop itself holds them only weakly, this holds each until it is done."""

    def __init__(self) -> None:
        self._held: set[asyncio.Future[Any]] = set()

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, task: asyncio.Future[Any]) -> None:
        """Let `task` run to its end."""
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Make a task of `work` and hold it. Inside a running loop."""
        self.hold(asyncio.get_running_loop().create_task(work))

    def cancel(self) -> None:
        """Cancel all of them; they end in their own time."""
        for task in tuple(self._held):
            task.cancel()

    async def settle(self) -> None:
        """Return when all that are held now are done, however they ended."""
        await asyncio.gather(*self._held, return_exceptions=True)


async def ahead(items: AsyncIterator[T], depth: int) -> AsyncGenerator[T]:
    """The same items, up to `depth` of them made before they are asked for.

    An error of `items` arrives after the items before it. Closing this closes `items`.
    """
    queue: asyncio.Queue[tuple[T, None] | tuple[None, BaseException | None]] = asyncio.Queue(depth)

    async def fill() -> None:
        try:
            async for item in items:
                await queue.put((item, None))
        except Exception as error:  # noqa: BLE001 - it is raised again where the item would have been taken
            await queue.put((None, error))
        else:
            await queue.put((None, None))

    task = asyncio.create_task(fill())
    try:
        while True:
            item, error = await queue.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
