"""Sums."""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.arithmetic import SumError, calculate
from assistant.skills.kit import Kit


class Sums:
    """Works out what can be written with digits."""

    intents = frozenset({"Calculate"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say = self._kit.say
        expression = slots.text(intent, "expression")
        if not expression:
            return Reply(say("sums.which"), expects_answer=True, asks="expression")
        try:
            result = calculate(expression)
        except SumError as error:
            return Reply(say(error.key), outcome="refused")
        said = say.number(result.number)
        exact = result.exact and float(said.replace(",", "")) == result.number
        return Reply(say("sums.is" if exact else "sums.about", result=said))
