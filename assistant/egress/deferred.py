"""The door's part for questions without hurry: they wait here under the same rules as those that are asked at once."""

import asyncio
from urllib.parse import urlsplit

from assistant.clock import Clock
from assistant.egress.batch import Batcher
from assistant.egress.cloud import Usage
from assistant.egress.purse import Purse
from assistant.egress.settings import DoorSettings
from assistant.egress.waiting import Queue, Waiting
from assistant.routing.ledger import Ledger
from assistant.routing.payload import MAX_TOKENS
from assistant.routing.wire import Send


class Deferred:
    """Queue, money and book of the questions that may wait."""

    def __init__(self, settings: DoorSettings, ledger: Ledger, purse: Purse, clock: Clock) -> None:
        self._settings, self._ledger, self._purse = settings, ledger, purse
        self.queue = Queue(purse.path, clock)
        self._batcher = Batcher(settings, self.queue, self)
        self._busy = asyncio.Lock()
        for row in self.queue.leaving():  # the door went down; asking again could cost twice
            self.ended(row, None, "the door went down while it was leaving")
            self.queue.put(row.ticket, "failed")

    def add(self, ticket: int, body: bytes) -> bool:
        """Queue a question that was released and inspected; False when the queue is full."""
        added = self.queue.add(ticket, body)
        if added:
            self._ledger.append("queued", {"ticket": ticket, "reason": "no hurry: leaves with others"})
        return added

    async def exchange(self, send: Send) -> None:
        """One round: send what waits, fetch what is ready."""

        async def sending(size: int) -> None:
            await send({"leaves": size})

        async with self._busy:
            done = await self._batcher.exchange(sending)
        await send({"done": done, "end": True})

    # -- batch.Book

    def pays(self, row: Waiting) -> bool:
        """See batch.Book."""
        return self._purse.charge(row.ticket, self._price(len(row.body), MAX_TOKENS))

    def leaves(self, row: Waiting) -> None:
        """See batch.Book."""
        host = urlsplit(self._settings.cloud_url).hostname
        cost = self._price(len(row.body), MAX_TOKENS)
        facts = {"ticket": row.ticket, "bytes_out": len(row.body), "host": host, "cost": cost, "attempt": 1}
        self._ledger.append("sent", {**facts, "batch": True})

    def ended(self, row: Waiting, usage: Usage | None, outcome: str) -> None:
        """See batch.Book."""
        cost = self._price(len(row.body), MAX_TOKENS)
        if usage is not None:
            cost = min(cost, self._price(usage.tokens_in, usage.tokens_out))
        self._purse.settle(row.ticket, cost)
        if outcome:
            self._ledger.append("done", {"ticket": row.ticket, "cost": cost, "outcome": outcome})

    def _price(self, tokens_in: int, tokens_out: int) -> float:
        """Money, an upper bound where `tokens_in` are bytes: batches are cheaper at most endpoints."""
        return (tokens_in * self._settings.price_in + tokens_out * self._settings.price_out) / 1e6
