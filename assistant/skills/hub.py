"""The port to the owner's home hub: structured service calls and states, nothing else.

The client that speaks to the hub lives in `egress/`, the only room with a network. `RemoteHub` turns this port's calls
into plain mappings for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.errors import AssistantError


class HubError(AssistantError):
    """The hub could not be asked, or refused."""

    def __init__(self, message: str, *, kind: str = "unreachable") -> None:
        super().__init__(message)
        self.kind = kind
        """"unreachable", "slow", "refused" (the token), "garbage", or "failed" (the hub said no)."""


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One structured request: do `service` of `domain` to `entities`."""

    domain: str
    service: str
    entities: tuple[str, ...] = ()
    data: Mapping[str, str | int | float | list[int]] = field(default_factory=dict)
    seconds: float = 2.5
    """How long it may take; several calls of one request share the time a person waits."""


@dataclass(frozen=True, slots=True)
class State:
    """What the hub knows of one entity now."""

    entity: str
    state: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.attributes.get("friendly_name") or self.entity)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call."""

    before: Mapping[str, State] = field(default_factory=dict)
    """The named entities as they were before it; one that is missing is unknown to the hub."""
    response: Mapping[str, Any] = field(default_factory=dict)
    """The service's own answer; empty for most."""


class Hub(Protocol):
    """The owner's home hub. Every method answers within 3 s or raises HubError in plain words."""

    def states(self) -> Mapping[str, State]:
        """All entities by id."""
        ...

    def call(self, call: ServiceCall) -> Outcome:
        """Carry it out."""
        ...

    def inventory(self) -> Mapping[str, Any]:
        """Rooms, floors and devices as a home file's tables: {"areas": [...], "entities": [...]}."""
        ...


class RemoteHub:
    """The port over any function that carries a request to the hub client and brings its answer back."""

    def __init__(self, ask: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        self._ask = ask

    def _answer(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        answer = self._ask(request)
        if "error" in answer:
            raise HubError(str(answer["error"]), kind=str(answer.get("kind", "failed")))
        return answer.get("ok")

    def states(self) -> Mapping[str, State]:
        return _states(self._answer({"op": "states"}))

    def call(self, call: ServiceCall) -> Outcome:
        found = self._answer(
            {
                "op": "call",
                "domain": call.domain,
                "service": call.service,
                "entities": list(call.entities),
                "data": dict(call.data),
                "seconds": call.seconds,
            }
        )
        return Outcome(_states(found["before"]), found["response"])

    def inventory(self) -> Mapping[str, Any]:
        found = self._answer({"op": "inventory"})
        return found if isinstance(found, Mapping) else {}


def _states(rows: Iterable[Mapping[str, Any]]) -> dict[str, State]:
    return {row["entity"]: State(row["entity"], row["state"], row["attributes"]) for row in rows}
