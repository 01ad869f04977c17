"""A TCP proxy on loopback that makes a near server as far away as its round trip says."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from assistant.workers import Tasks

READ_BYTES = 65536


class DelayingProxy:
    """Forwards bytes both ways, each way half a round trip late; a new connection costs one round trip.

    Order and rate are kept: every piece waits from when it came, not until the piece before it was delivered.
    """

    def __init__(
        self, host: str, port: int, rtt_s: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._host, self._port, self._rtt_s, self._sleep = host, port, rtt_s, sleep
        self._server: asyncio.Server | None = None
        self._running = Tasks()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self._running.cancel()
        await self._running.settle()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.hold(task)
        try:
            await self._sleep(self._rtt_s)  # the handshake of a real connection over this distance
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
            try:
                await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
            finally:
                far_writer.close()
        except (OSError, asyncio.CancelledError):
            pass  # the near side sees the connection end, as it would with a real one
        finally:
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await line.get()
                await self._sleep(max(0.0, due - loop.time()))
                if not data:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            while True:
                data = await reader.read(READ_BYTES)
                line.put_nowait((loop.time() + self._rtt_s / 2, data))
                if not data:
                    break
            await delivering
        finally:
            delivering.cancel()
