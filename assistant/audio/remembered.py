"""Which devices served first, so that a webcam that is plugged in does not become the microphone."""

import json
import logging
import tempfile
from pathlib import Path

from assistant.audio.devices import Device, Kind

logger = logging.getLogger(__name__)


class Remembered:
    """One small JSON file: {"microphone": NAME OR USB ID, "loudspeaker": …}. What cannot be kept is forgotten."""

    def __init__(self, path: Path | None) -> None:
        """`path`: the file; None remembers in memory alone."""
        self._path = path
        self._known: dict[str, str] = {}
        try:
            found = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
        except (OSError, ValueError):
            found = {}
        if isinstance(found, dict):
            self._known = {str(kind): str(name) for kind, name in found.items()}

    def __getitem__(self, kind: Kind) -> str:
        """The device that served as `kind`; "" when none has."""
        return self._known.get(kind, "")

    def keep(self, kind: Kind, device: Device) -> None:
        """`device` serves as `kind`. The first one is remembered: another that stands in for it is not."""
        if self._known.get(kind):
            return
        name = device.usb or device.label
        self._known[kind] = name
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
                json.dump(self._known, file)
            Path(file.name).replace(self._path)
        except OSError as error:
            logger.warning("%s: cannot be written (%s); the sound device is not remembered", self._path, error.strerror)
