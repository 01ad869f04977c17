"""What has been found out about questions that had no hurry."""

from collections.abc import Sequence
from typing import Protocol

from assistant.errors import AssistantError
from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext
from assistant.skills.kit import Announcement, Kit


class Finding(Protocol):
    """What became of one question."""

    @property
    def question(self) -> str: ...

    @property
    def answer(self) -> str | None:
        """None: there will be no answer."""
        ...


class Left(Protocol):
    """The questions that were left to be found out; see egress.later.Later."""

    fresh: int
    """Answers that came since this was last set to 0."""

    @property
    def waiting(self) -> int: ...

    def findings(self) -> Sequence[Finding]: ...

    def told(self) -> None: ...


class Findings:
    """ "What did you find out?" """

    intents = frozenset({"Findings"})

    def __init__(self, kit: Kit, left: Left | None) -> None:
        self._kit, self._left = kit, left
        self._read: tuple[str, ...] = ()

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, left = self._kit.say, self._left
        if left is None:
            return Reply(say("findings.none"))
        try:
            found = left.findings()
            if found and tuple(f.question for f in found) == self._read:
                # read aloud before and nothing new has come: only now are they dropped, so a power cut loses none
                left.told()
                found = []
        except AssistantError:
            return Reply(say("findings.no_door"), outcome="failed")
        left.fresh, self._read = 0, tuple(f.question for f in found)
        if not found:
            return Reply(say("findings.waiting", count=left.waiting) if left.waiting else say("findings.none"))
        told = [
            say("findings.answer", question=f.question, answer=f.answer)
            if f.answer
            else say("findings.failed", question=f.question)
            for f in found
        ]
        return Reply(" ".join(told))

    def due(self) -> list[Announcement]:
        """Once, when an answer has come."""
        if self._left is None or not self._left.fresh:
            return []
        self._left.fresh = 0
        return [Announcement("notice-findings", self._kit.say("findings.come"))]
