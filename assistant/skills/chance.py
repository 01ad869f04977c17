"""Coins, dice and random numbers."""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import Kit

MOST_DICE = 20
MOST_SIDES = 1000
LARGEST = 10**12


class Chance:
    """Leaves it to chance. The generator is fit for games, not for secrets."""

    intents = frozenset({"CoinFlip", "DiceRoll", "RandomNumber"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, rng = self._kit.say, self._kit.rng
        if intent.name == "CoinFlip":
            return Reply(say(f"chance.{rng.choice(('heads', 'tails'))}"))
        if intent.name == "DiceRoll":
            return self._dice(intent)
        low, high = slots.number(intent, "low"), slots.number(intent, "high")
        first, last = round(1 if low is None else low), round(100 if high is None else high)
        if max(abs(first), abs(last)) > LARGEST:
            return Reply(say("chance.too_large"), outcome="refused")
        return Reply(say("chance.number", number=say.number(rng.randint(min(first, last), max(first, last)))))

    def _dice(self, intent: Intent) -> Reply:
        say = self._kit.say
        sides, count = slots.number(intent, "sides"), slots.number(intent, "count")
        faces, dice = round(6 if sides is None else sides), round(1 if count is None else count)
        if not 2 <= faces <= MOST_SIDES or not 1 <= dice <= MOST_DICE:
            return Reply(say("chance.no_such_dice", dice=MOST_DICE, sides=MOST_SIDES), outcome="refused")
        rolled = [self._kit.rng.randint(1, faces) for _ in range(dice)]
        if dice == 1:
            return Reply(say("chance.rolled", number=rolled[0]))
        return Reply(say("chance.rolled_sum", numbers=say.join([str(each) for each in rolled]), sum=sum(rolled)))
