# ruff: noqa: E501 - patterns, tables and word lists read better in one line
"""What the core asks when it has no answer of its own: decision, ledger, consent and door in one place."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass

from assistant.clock import Clock
from assistant.egress.later import Later
from assistant.egress.settings import DoorSettings
from assistant.routing.categories import BASE
from assistant.routing.consent import read_consent, write_consent
from assistant.routing.decide import CONSENT_QUESTION, Ask, Context, Decision, Escalate, Local, Request, decide
from assistant.routing.door import DoorClient, DoorError
from assistant.routing.ledger import Ledger
from assistant.routing.payload import MAX_TOKENS, SYSTEM, Payload
from assistant.routing.wire import DoorStatus


@dataclass(frozen=True, slots=True)
class Considered:
    """A decision, and the ledger's number of its entry (0 where leaving was never considered)."""

    decision: Decision
    ticket: int
    announce: tuple[str, ...] = ()
    """Budget warnings to speak once."""


class Outside:
    """The core's one way out. Lives in the core's process; opens no socket but the door's."""

    def __init__(
        self,
        settings: DoorSettings,
        door: DoorClient,
        clock: Clock,
        *,
        names: Callable[[], Iterable[str]] = tuple,
        threshold: float = 0.8,
        least_harmless: float = BASE,
        kept_local: frozenset[str] = frozenset(),
    ) -> None:
        """`names` gives the people of this house and its contacts; they never leave in clear."""
        self.settings, self._door, self._clock, self._names = settings, door, clock, names
        self._threshold, self._least, self._kept_local = threshold, least_harmless, kept_local
        self.ledger = Ledger(settings.data, clock)
        self.later = Later(settings.data, door, clock)

    async def consider(self, request: Request, *, local_confidence: float) -> Considered:
        """Decide about one question and write the decision down. Never raises for a door that is down: then it is Local."""
        if not self.settings.configured:
            return Considered(Local("no service is set up"), 0)
        status = await self._door.status()
        decision = decide(request, self._context(status, request, local_confidence))
        ticket = self._record(decision, request)
        return Considered(decision, ticket, status.warnings)

    async def might_leave(self, request: Request) -> bool:
        """Whether the question could leave, or be asked about, if there were no local answer. Nothing is written down."""
        if not self.settings.configured:
            return False
        status = await self._door.status()
        return isinstance(decide(request, self._context(status, request, 0.0)), Escalate | Ask)

    def _context(self, status: DoorStatus, request: Request, local_confidence: float) -> Context:
        consent = read_consent(self.settings.data)
        size = (
            len((SYSTEM + request.text + "".join(request.history)).encode()) + 400
        )  # the envelope around the question
        return Context(
            consent=consent.given if consent else None,
            stay_offline=status.running and status.offline,
            configured=True,
            model=self.settings.cloud_model,
            local_confidence=local_confidence,
            threshold=self._threshold,
            connected=status.running,
            budget_left=status.budget_left,
            cost=size * status.price_in + MAX_TOKENS * status.price_out,
            rate_left=status.rate_left,
            breaker_closed=status.breaker_closed,
            names=tuple(self._names()),
            least_harmless=self._least,
            kept_local=self._kept_local,
        )

    def _record(self, decision: Decision, request: Request) -> int:
        facts: dict[str, object] = {"reason": decision.reason}
        if category := getattr(decision, "category", None):
            facts["category"] = str(category)
        if self.settings.keep_questions:
            facts["question"] = request.text
        if isinstance(decision, Escalate):
            return self.ledger.append("escalate", facts, ticket_for=decision.payload.body)
        return self.ledger.append("asked" if isinstance(decision, Ask) else "kept", facts)

    async def answer(self, payload: Payload, ticket: int) -> AsyncGenerator[str]:
        """Stream the answer's words. Raises DoorError: the caller then says the best local answer."""
        async with aclosing(self._door.answer(payload, ticket)) as pieces:
            async for text in pieces:
                yield text

    async def leave(self, considered: Considered) -> None:
        """Queue a question that may wait; `exchange` sends it. Raises DoorError, StoreError when it is not kept."""
        assert isinstance(considered.decision, Escalate)
        payload = considered.decision.payload
        await asyncio.to_thread(self.later.keep, considered.ticket, payload)
        await self._door.later(payload, considered.ticket)

    async def exchange(self) -> None:
        """Send the questions that wait and fetch answers, where consent still stands. Never raises for the door."""
        consent = read_consent(self.settings.data)
        if consent is None or not consent.given or not await asyncio.to_thread(lambda: self.later.waiting):
            return
        with contextlib.suppress(DoorError):
            self.later.fresh += await self._door.exchange()

    def consent(self, *, given: bool, person: str = "") -> None:
        """Store the answer to CONSENT_QUESTION (or its revocation)."""
        write_consent(self.settings.data, self._clock, given=given, wording=CONSENT_QUESTION, person=person)
        self.ledger.append("consent", {"reason": "given" if given else "refused or taken back"})

    async def stay_offline(self, on: bool) -> bool:
        """Turn the switch; False when the door did not answer (it is then as closed as a door can be)."""
        try:
            await self._door.set_offline(on)
        except DoorError:
            return False
        return True
