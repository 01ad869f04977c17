"""The house: lights, switches, covers, climate, locks, scenes, through the owner's home hub."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.nlu import Intent
from assistant.nlu.home import Entity
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.home_state import HomeState
from assistant.skills.home_targets import Act, is_risky, restoring, select, switched
from assistant.skills.hub import Hub, HubError, State
from assistant.skills.kit import Kit

STEP = 25
"""Per cent that "brighter" and "dimmer" change a light: less is hardly seen."""

TOGETHER_S = 2.5
"""Seconds for all calls of one request: an answer comes within three."""

VISIBLE = frozenset({"light", "cover", "fan"})
"""Where the effect can be seen in the room, a sound is enough of an answer."""


class HomeControl:
    """Acts on devices, and says what the hub says of them."""

    intents = frozenset(
        {
            "HassTurnOn", "HassTurnOff", "HassToggle", "HassLightSet", "HassSetPosition", "HassGetState",
            "HassClimateSetTemperature", "HassClimateGetTemperature", "HassClimateSetFanMode", "HassFanSetSpeed",
            "HassVacuumStart", "HassVacuumReturnToBase", "HassLawnMowerStartMowing", "HassLawnMowerDock",
        }
    )  # fmt: skip

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._state = HomeState(kit)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, hub = self._kit.say, self._kit.hub
        unknown = next((value for slot, value in intent.unresolved.items() if value), "")
        if unknown:
            return Reply(say("home.unknown", name=unknown[:60]), outcome="refused")
        if hub is None:
            return Reply(say("home.no_hub"), outcome="failed")
        try:
            if intent.name in ("HassGetState", "HassClimateGetTemperature"):
                return self._state.handle(intent, hub)
            return self._act(intent, hub)
        except HubError as error:
            return Reply(hub_words(self._kit, error), outcome="failed")

    def _act(self, intent: Intent, hub: Hub) -> Reply:
        say = self._kit.say
        acts = self._acts(intent)
        if isinstance(acts, Reply):
            return acts
        if any(not entity.id for act in acts for entity in act.entities):
            name = next(entity.name for act in acts for entity in act.entities if not entity.id)
            return Reply(say("home.not_at_hub", name=name), outcome="failed")
        risky = [act for act in acts if is_risky(act)]
        if risky:
            question = say(f"home.ask_{risky[0].service}", name=self._group(risky[0].entities))
            return self._kit.questions.ask(question, lambda: self._confirmed(acts, hub), say("home.not_done"))
        return self._perform(acts, hub)

    def _confirmed(self, acts: list[Act], hub: Hub) -> Reply:
        try:
            return self._perform(acts, hub)
        except HubError as error:
            return Reply(hub_words(self._kit, error), outcome="failed")

    # --- which calls

    def _acts(self, intent: Intent) -> list[Act] | Reply:
        name = intent.name
        if name in ("HassTurnOn", "HassTurnOff"):
            return self._targeted(intent, lambda found: switched(found, on=name == "HassTurnOn"))
        if name == "HassToggle":
            return self._targeted(intent, lambda found: [Act("toggle", tuple(found), {})])
        if name == "HassLightSet":
            return self._light(intent)
        simple: dict[str, tuple[str, str, str]] = {
            # intent: the domain it is for, the service, the slot that becomes the service's number
            "HassSetPosition": ("cover", "set_cover_position", "position"),
            "HassClimateSetTemperature": ("climate", "set_temperature", "temperature"),
            "HassFanSetSpeed": ("fan", "set_percentage", "percentage"),
            "HassVacuumStart": ("vacuum", "start", ""),
            "HassVacuumReturnToBase": ("vacuum", "return_to_base", ""),
            "HassLawnMowerStartMowing": ("lawn_mower", "start_mowing", ""),
            "HassLawnMowerDock": ("lawn_mower", "dock", ""),
        }
        if name == "HassClimateSetFanMode":
            mode = slots.text(intent, "fan_mode").replace(" ", "_").lower()
            return self._targeted(
                intent, lambda found: [Act("set_fan_mode", tuple(found), {"fan_mode": mode})], "climate"
            )
        domain, service, slot = simple[name]
        data: dict[str, float] = {}
        if slot:
            value = slots.number(intent, slot)
            if value is None:
                return Reply(self._kit.say("home.how_much"), expects_answer=True, asks=slot)
            if not (0 <= value <= 100 or (slot == "temperature" and -50 <= value <= 300)):
                return Reply(self._kit.say("home.out_of_range"), outcome="refused")
            data[slot] = value
        return self._targeted(intent, lambda found: [Act(service, tuple(found), data)], domain)

    def _targeted(
        self, intent: Intent, make: Callable[[list[Entity]], list[Act]], domain: str = ""
    ) -> list[Act] | Reply:
        """The calls for the devices that are meant; the reply that says why there are none."""
        say, home = self._kit.say, self._kit.home()
        found = select(home, intent, default_domain=domain)
        if domain:
            found = [entity for entity in found if entity.domain == domain]
            if not found and not intent.slots.get("name"):
                # "set the temperature" in a room without a thermostat means the only one there is
                everywhere = [entity for entity in home.entities if entity.domain == domain]
                found = everywhere if len(everywhere) == 1 else []
        if not found:
            area = slots.text(intent, "area")
            return Reply(say("home.none_in" if area else "home.none", area=area), outcome="refused")
        acts = make(found)
        if not acts:
            return Reply(say("home.cannot", name=self._group(tuple(found))), outcome="refused")
        return acts

    def _light(self, intent: Intent) -> list[Act] | Reply:
        say, home = self._kit.say, self._kit.home()
        found = [
            entity
            for entity in select(home, intent, default_domain="light", default_here=True)
            if entity.domain == "light"
        ]
        if not found:
            area = slots.text(intent, "area")
            return Reply(say("home.none_in" if area else "home.none", area=area), outcome="refused")
        data: dict[str, str | float] = {}
        brightness = slots.number(intent, "brightness")
        step = slots.text(intent, "brightness_step")
        if brightness is not None:
            if not 0 <= brightness <= 100:
                return Reply(say("home.out_of_range"), outcome="refused")
            data["brightness_pct"] = brightness
        elif step:
            amount = slots.number(intent, "brightness_step")
            down = step.startswith(("down", "-"))
            data["brightness_step_pct"] = -STEP if down else STEP if amount is None else min(100.0, amount)
        if color := slots.text(intent, "color").lower():
            value = self._kit.say.table("colors").get(color, color.replace(" ", ""))
            data.update({"color_temp_kelvin": value} if isinstance(value, int) else {"color_name": value})
        kelvin = slots.number(intent, "temperature")
        if kelvin is not None:
            data["color_temp_kelvin"] = kelvin
        if not data:
            return Reply(say("home.how_much"), expects_answer=True, asks="brightness")
        # a home file may say what a lamp can do; one that says nothing is asked anyway
        wanted = "color" if color and "color_name" in data else "brightness"
        able = [entity for entity in found if not entity.features or wanted in entity.features] or found
        return [Act("turn_on", tuple(able), data)]

    # --- doing it

    def _perform(self, acts: Sequence[Act], hub: Hub) -> Reply:
        say = self._kit.say
        before: dict[str, State] = {}
        until = self._kit.time.monotonic() + TOGETHER_S
        for act in acts:
            left = max(0.2, until - self._kit.time.monotonic())
            before.update(hub.call(replace(act.call, seconds=left)).before)
        entities = [entity for act in acts for entity in act.entities]
        lost = [each for each in entities if before.get(each.id) is None or before[each.id].state == "unavailable"]
        if len(lost) == len(entities):
            return Reply(say("home.unavailable", name=self._group(lost)), outcome="failed")
        self._remember(acts, before, hub)
        text = " ".join(self._done(act) for act in acts)
        if lost:
            return Reply(f"{text} {say('home.unavailable', name=self._group(lost))}")
        here = self._kit.home().here
        seen = bool(here) and all(each.area == here and each.domain in VISIBLE for each in entities)
        return Reply(text, earcon="done" if seen else "")

    def _remember(self, acts: Sequence[Act], before: dict[str, State], hub: Hub) -> None:
        say = self._kit.say
        back = [each for act in acts for each in restoring(act, before)]
        name = self._group([entity for act in acts for entity in act.entities])
        if not back or any(is_risky(act) for act in back):
            self._kit.undo.never(say("home.no_undo", name=name))
            return

        def undo() -> str:
            try:
                for act in back:
                    hub.call(act.call)
            except HubError as error:
                return hub_words(self._kit, error)
            return say("home.undone", name=name)

        self._kit.undo.add(undo)

    def _done(self, act: Act) -> str:
        say = self._kit.say
        name = self._group(act.entities)
        if act.service == "turn_on" and act.entities[0].domain in ("scene", "script"):
            return say("home.done_started", name=name)
        for key in ("brightness_pct", "position", "temperature", "percentage"):
            if key in act.data:
                unit = say.word("home.degrees" if key == "temperature" else "home.percent")
                return say("home.done_set", name=name, value=f"{say.number(act.data[key])}{unit}")
        if color := act.data.get("color_name"):
            return say("home.done_set", name=name, value=color)
        if "brightness_step_pct" in act.data:
            return say("home.done_brighter" if act.data["brightness_step_pct"] > 0 else "home.done_dimmer", name=name)
        words = self._kit.say.table("home_done")
        return say("home.done", name=name, state=words.get(act.service, words["other"]))

    def _group(self, entities: Sequence[Entity]) -> str:
        """ "the hall lamp", "the kitchen lights", "3 lights"."""
        say = self._kit.say
        if len(entities) == 1:
            return say.the(entities[0].name)
        rooms = {entity.area for entity in entities}
        noun = say.table("home_nouns").get(entities[0].device_class or entities[0].domain)
        noun = noun or say.table("home_nouns").get(entities[0].domain) or say.table("home_nouns")["other"]
        if len({entity.domain for entity in entities}) > 1:
            noun = say.table("home_nouns")["other"]
        room = next(iter(rooms)) if len(rooms) == 1 else ""
        if room:
            return say.the(f"{room.lower()} {noun}")
        return f"{len(entities)} {noun}"


def hub_words(kit: Kit, error: HubError) -> str:
    """Why the hub did not do it, in plain words."""
    known = kit.say.table("hub")
    return kit.say(f"hub.{error.kind}" if error.kind in known else "hub.failed", why=str(error).rstrip("."))
