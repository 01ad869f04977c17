"""What a person changed by voice and expects to stay: loudness, speed of speech, staying offline."""

from collections.abc import Callable

from assistant.store import Store

RATES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75)
"""Steps of the speed of speech; a step is what a listener notices without being surprised."""


class Preferences:
    """Remembered across restarts, until the settings themselves say something new: whichever was changed last counts.
    `listeners` are called after every change with its name."""

    def __init__(self, store: Store, *, volume: int, rate: float) -> None:
        self._store = store
        self._defaults: dict[str, float] = {
            "volume": volume, "rate": rate, "muted": False, "offline": False, "microphone_closed": False,
        }  # fmt: skip
        self.listeners: list[Callable[[str], None]] = []

    def _get(self, name: str) -> float:
        value, default = self._store.get(f"preference_{name}"), self._defaults[name]
        over = self._store.get(f"preference_{name}_over")
        if not isinstance(value, (int, float)) or over not in (None, default):
            return default
        return value

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

    def set(self, name: str, value: float) -> None:
        """Change "volume", "muted", "rate", "offline" or "microphone_closed"; on disk when it returns."""
        if name not in self._defaults:
            raise KeyError(name)
        self._store.put(**{f"preference_{name}": value, f"preference_{name}_over": self._defaults[name]})
        for listener in self.listeners:
            listener(name)
