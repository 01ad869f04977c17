"""The class of each intent and of each label of the classifier."""

from assistant.nlu.intent import Class

_PREFIXES: tuple[tuple[str, Class], ...] = (
    ("Timer", Class.TIMER),
    ("Alarm", Class.ALARM),
    ("Reminder", Class.REMINDERS_LISTS),
    ("List", Class.REMINDERS_LISTS),
    ("Volume", Class.VOLUME),
    ("Mute", Class.VOLUME),
    ("Unmute", Class.VOLUME),
    ("Music", Class.MUSIC),
    ("NowPlaying", Class.MUSIC),
    ("Weather", Class.WEATHER),
    ("HassLight", Class.LIGHTS),
    ("HassMediaPlayer", Class.VOLUME),
    ("HassMedia", Class.MUSIC),
    ("HassSetVolume", Class.VOLUME),
    ("Hass", Class.SMART_HOME),
    ("TimeNow", Class.TIME_DATE),
    ("Date", Class.TIME_DATE),
    ("Day", Class.TIME_DATE),
    ("Week", Class.TIME_DATE),
    ("Sun", Class.TIME_DATE),
    ("ClockSet", Class.TIME_DATE),
    ("Calculate", Class.SUMS),
    ("Convert", Class.SUMS),
    ("CoinFlip", Class.SUMS),
    ("DiceRoll", Class.SUMS),
    ("RandomNumber", Class.SUMS),
    ("Conversation", Class.ASSISTANT),
    ("oos.", Class.OUT_OF_SCOPE),
)


def kind_of_label(label: str) -> Class:
    """The class of a label ("HassTurnOn:light" is lights); ASSISTANT for what none of the prefixes names."""
    if label.endswith(":light"):
        return Class.LIGHTS
    return next((kind for prefix, kind in _PREFIXES if label.startswith(prefix)), Class.ASSISTANT)
