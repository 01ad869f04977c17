"""Music and other players, through the home hub."""

from collections.abc import Mapping

from assistant.nlu import Intent
from assistant.nlu.home import Entity
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.home import hub_words
from assistant.skills.hub import Hub, HubError, ServiceCall, State
from assistant.skills.kit import Kit
from assistant.skills.players import choose_player

LONGEST_TITLE = 100
"""Letters of a title or artist that are handed to the hub."""

_SERVICES = {
    "MusicPause": "media_pause", "MusicResume": "media_play", "MusicStop": "media_stop",
    "MusicNext": "media_next_track", "MusicPrevious": "media_previous_track", "HassMediaPause": "media_pause",
    "HassMediaUnpause": "media_play", "HassMediaNext": "media_next_track", "HassMediaPrevious": "media_previous_track",
}  # fmt: skip


class Music:
    """Plays, pauses, skips; sets a player's loudness."""

    intents = frozenset(
        {
            "MusicPlay", "MusicShuffle", "MusicRepeat", "NowPlaying", "HassMediaSearchAndPlay", "HassSetVolume",
            "HassSetVolumeRelative", "HassMediaPlayerMute", "HassMediaPlayerUnmute", *_SERVICES,
        }
    )  # fmt: skip

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, hub = self._kit.say, self._kit.hub
        unknown = next((value for slot, value in intent.unresolved.items() if slot in ("name", "area") and value), "")
        if unknown:
            return Reply(say("home.unknown", name=unknown[:60]), outcome="refused")
        if hub is None:
            return Reply(say("music.no_hub"), outcome="failed")
        try:
            states = hub.states()
            player = choose_player(self._kit.home(), intent, states)
            if player is None:
                return Reply(say("music.no_player"), outcome="refused")
            if player.id not in states or states[player.id].state == "unavailable":
                named = say.the(player.name)
                return Reply(say("home.unavailable", name=named), outcome="failed")
            if intent.name == "NowPlaying":
                return self._playing(states[player.id])
            return self._act(intent, hub, player, states[player.id])
        except HubError as error:
            return Reply(hub_words(self._kit, error), outcome="failed")

    def _act(self, intent: Intent, hub: Hub, player: Entity, state: State) -> Reply:
        say, name = self._kit.say, intent.name
        if name in ("MusicPlay", "HassMediaSearchAndPlay"):
            return self._play(intent, hub, player)
        if name in _SERVICES:
            self._call(hub, player, _SERVICES[name])
            return Reply(say(f"music.{_SERVICES[name]}"), earcon="done")
        if name in ("MusicShuffle", "MusicRepeat"):
            on = bool(intent.slots.get("on", True))
            data: dict[str, str | bool] = (
                {"shuffle": on} if name == "MusicShuffle" else {"repeat": "one" if on else "off"}
            )
            self._call(hub, player, "shuffle_set" if name == "MusicShuffle" else "repeat_set", data)
            return Reply(say(f"music.{'shuffle' if name == 'MusicShuffle' else 'repeat'}_{'on' if on else 'off'}"))
        if name in ("HassMediaPlayerMute", "HassMediaPlayerUnmute"):
            muted = name == "HassMediaPlayerMute"
            self._call(hub, player, "volume_mute", {"is_volume_muted": muted})
            return Reply(say("music.muted" if muted else "music.unmuted", name=player.name))
        return self._volume(intent, hub, player, state)

    def _play(self, intent: Intent, hub: Hub, player: Entity) -> Reply:
        say = self._kit.say
        query = slots.text(intent, "query") or slots.text(intent, "search_query")
        if len(query) > LONGEST_TITLE:
            return Reply(say("general.too_long"), outcome="refused")
        if not query:
            self._call(hub, player, "media_play")
            return Reply(say("music.media_play"), earcon="done")
        self._call(hub, player, "play_media", {"media_content_id": query, "media_content_type": "music"})
        # the hub accepted the wish; whether it finds the title is the player's affair, so nothing more is claimed
        return Reply(say("music.asked", name=player.name, query=query))

    def _volume(self, intent: Intent, hub: Hub, player: Entity, state: State) -> Reply:
        say = self._kit.say
        now = state.attributes.get("volume_level")
        level = slots.number(intent, "volume_level")
        if intent.name == "HassSetVolumeRelative":
            step = slots.number(intent, "volume_step")
            down = slots.text(intent, "volume_step").startswith(("down", "-"))
            change = (-10.0 if down else 10.0) if step is None else step
            level = (float(now) * 100 if isinstance(now, (int, float)) else 50.0) + change
            level = min(100.0, max(0.0, level))
        if level is None:
            return Reply(say("volume.ask"), expects_answer=True, asks="volume_level")
        if not 0 <= level <= 100:
            return Reply(say("volume.range"), outcome="refused")
        self._call(hub, player, "volume_set", {"volume_level": level / 100})
        if isinstance(now, (int, float)):
            before = float(now)

            def undo() -> str:
                try:
                    self._call(hub, player, "volume_set", {"volume_level": before})
                except HubError as error:
                    return hub_words(self._kit, error)
                return say("home.undone", name=say.the(player.name))

            self._kit.undo.add(undo)
        return Reply(say("music.volume", name=player.name, level=round(level)))

    def _playing(self, state: State) -> Reply:
        say = self._kit.say
        title, artist = state.attributes.get("media_title"), state.attributes.get("media_artist")
        if state.state not in ("playing", "paused", "buffering") or not title:
            return Reply(say("music.nothing"))
        return Reply(say("music.title_artist" if artist else "music.title", title=title, artist=artist))

    @staticmethod
    def _call(hub: Hub, player: Entity, service: str, data: Mapping[str, str | float | bool] | None = None) -> None:
        # the states were asked first: both together stay below what a person waits
        hub.call(ServiceCall("media_player", service, (player.id,), dict(data or {}), seconds=1.5))
