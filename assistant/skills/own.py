"""The owner's own sentence files: the words they ask for, and the hub's service they name."""

import re
from datetime import date, time, timedelta

from assistant.nlu import Intent
from assistant.nlu.intent import SlotValue
from assistant.nlu.own_files import OwnSkills
from assistant.skills import Reply, TurnContext
from assistant.skills.home import hub_words
from assistant.skills.hub import HubError, ServiceCall
from assistant.skills.kit import Kit

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([^{}]*)\}")


class OwnSentences:
    """Serves every intent of the owner's files."""

    def __init__(self, kit: Kit, skills: OwnSkills) -> None:
        self._kit = kit
        self._known = skills.intents

    @property
    def intents(self) -> frozenset[str]:
        """The intents of all files."""
        return frozenset(self._known)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        """Call the hub where the file says so, then say the file's reply (or that it is done)."""
        own = self._known[intent.name]
        values = {name: self._spoken(value) for name, value in intent.slots.items()}
        if own.service:
            hub = self._kit.hub
            if hub is None:
                return Reply(self._kit.say("home.no_hub"), outcome="failed")
            domain, _, service = own.service.partition(".")
            entity = filled(own.entity, {name: "_".join(value.lower().split()) for name, value in values.items()})
            try:
                hub.call(ServiceCall(domain, service, (entity,)))
            except HubError as error:
                return Reply(hub_words(self._kit, error), outcome="failed")
        return Reply(filled(own.reply, values) or self._kit.say("own.done"))

    def _spoken(self, value: SlotValue) -> str:
        say = self._kit.say
        if isinstance(value, timedelta):
            return say.duration(value.total_seconds())
        if isinstance(value, time):
            return say.clock(value)
        if isinstance(value, date):
            return say.day(value, self._kit.time.now().date())
        return say.number(value) if isinstance(value, int | float) else str(value)


def filled(template: str, values: dict[str, str]) -> str:
    """`template` with its {slots}; a part in [brackets] is left out when one of its slots has no value."""

    def part(match: re.Match[str]) -> str:
        return match.group(1) if all(values.get(name) for name in _SLOT.findall(match.group(1))) else ""

    text = _OPTIONAL.sub(part, template)
    return " ".join(_SLOT.sub(lambda match: values.get(match.group(1), ""), text).split())
