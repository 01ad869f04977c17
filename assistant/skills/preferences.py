"""What a person changed by voice and expects to stay: loudness, speed of speech, voice, wake word, quiet hours, staying
offline."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from assistant.skills.quiet_hours import QuietHours
from assistant.store import Fact

RATES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75)
"""Steps of the speed of speech; a step is what a listener notices without being surprised."""

Value: TypeAlias = float | str


class Memory(Protocol):
    """Where facts are kept; assistant.store's."""

    def get(self, key: str) -> Fact: ...

    def put(self, **facts: Fact) -> None: ...


class Preferences:
    """Remembered across restarts, until the settings themselves say something new: whichever was changed last counts.
    `listeners` are called after every change with its name."""

    def __init__(
        self, store: Memory, *, volume: int, rate: float, quiet: str = "", wake: Sequence[str] = (), voice: str = ""
    ) -> None:
        """Everything but `store` is what the settings say: loudness in per cent, speed of speech (1 is the voice's
        own), quiet hours as text, wake phrases, the voice's id ("" for the best one)."""
        self._store = store
        self._defaults: dict[str, Value] = {
            "volume": volume, "rate": rate, "muted": False, "offline": False, "microphone_closed": False,
            "quiet": quiet, "wake": ", ".join(wake), "wake_before": "", "voice": voice,
        }  # fmt: skip
        self.listeners: list[Callable[[str], None]] = []

    def _get(self, name: str) -> Value:
        value, default = self._store.get(f"preference_{name}"), self._defaults[name]
        over = self._store.get(f"preference_{name}_over")
        usable = isinstance(value, str) if isinstance(default, str) else isinstance(value, (int, float))
        return value if usable and over in (None, default) else default  # type: ignore[return-value]

    @property
    def volume(self) -> int:
        """Loudness, 0 to 100."""
        return int(self._get("volume"))

    @property
    def muted(self) -> bool:
        """Silent without forgetting the loudness."""
        return bool(self._get("muted"))

    @property
    def rate(self) -> float:
        """Speed of speech; 1 is the voice's own."""
        return float(self._get("rate"))

    @property
    def offline(self) -> bool:
        """A person said "stay offline": nothing goes to the cloud or is downloaded."""
        return bool(self._get("offline"))

    @property
    def microphone_closed(self) -> bool:
        """The button was held: nothing is heard until it is held again."""
        return bool(self._get("microphone_closed"))

    @property
    def quiet(self) -> QuietHours | None:
        """When to keep quiet every day; None for never."""
        return QuietHours.read(str(self._get("quiet")))

    @property
    def wake(self) -> tuple[str, ...]:
        """The wake phrases that are wanted."""
        return _phrases(self._get("wake"))

    @property
    def wake_before(self) -> tuple[str, ...]:
        """The phrases from before the last change, as long as the new ones have not been heard: they count as well, so
        that nobody is locked out. Empty otherwise."""
        return _phrases(self._get("wake_before"))

    @property
    def voice(self) -> str:
        """The id of the voice that is wanted; "" for the best one."""
        return str(self._get("voice"))

    def set(self, name: str, value: Value) -> None:
        """Change one of them; on disk when it returns. See `change`."""
        self.change(**{name: value})

    def change(self, **values: Value) -> None:
        """Change several together, by the names of the properties; on disk when it returns. Quiet hours and wake
        phrases are texts ("22:00-07:00", "okay nabu, alexa"). Raises KeyError for another name, StoreError, and what
        a listener raises."""
        defaults = {f"preference_{name}_over": self._defaults[name] for name in values}
        self._store.put(**{f"preference_{name}": value for name, value in values.items()}, **defaults)
        for name in values:
            for listener in self.listeners:
                listener(name)


def _phrases(value: Value) -> tuple[str, ...]:
    return tuple(phrase for phrase in str(value).split(", ") if phrase)
