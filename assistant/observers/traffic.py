"""The observer that counts turns by day and by where they were served."""

import logging

from assistant import events as ev
from assistant.clock import Clock
from assistant.errors import StoreError
from assistant.observers.trace import TurnTrace
from assistant.store import Store
from assistant.store.traffic import count, forget_old
from assistant.workers import Tasks, Worker

logger = logging.getLogger(__name__)


class TrafficCounter:
    """Counts on the thread that owns the store; a count that cannot be written is let go."""

    def __init__(self, store: Store, clock: Clock, worker: Worker) -> None:
        self._store, self._clock, self._worker = store, clock, worker
        self._tidied = ""
        self._tasks = Tasks()

    def begun(self, trace: TurnTrace) -> None:
        """Not decided yet."""

    def ended(self, trace: TurnTrace) -> None:
        decided = trace.last(ev.RouteDecided)
        if decided is not None:
            self._tasks.start(self._worker.run(self._count, decided.where))

    async def settle(self) -> None:
        """Return when every turn so far is counted."""
        await self._tasks.settle()

    def _count(self, route: str) -> None:
        today = self._clock.now().date()
        try:
            count(self._store, today, route)
            if self._tidied != today.isoformat():
                forget_old(self._store, today)
                self._tidied = today.isoformat()
        except StoreError as error:
            logger.info("a turn was not counted: %s", error)
