"""Which sound devices there are, through PortAudio, and which of them is meant.

PortAudio is a system library that may be absent, so `sounddevice` is imported when a device is first asked for. It
lists the devices once, when it is initialised: `rescan` is how a device that was plugged in later is found.
"""

import atexit
import logging
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

from assistant.errors import AudioError

logger = logging.getLogger(__name__)

Kind: TypeAlias = Literal["microphone", "loudspeaker"]

CARDS = Path("/proc/asound")
"""Where the kernel lists its sound cards, with the USB id of those that have one."""

_CARD = re.compile(r"\s*\(hw:(\d+),\d+\)$")
_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")

PLUGS = ("default", "pulse", "pipewire", "sysdefault")
"""Names under which a sound server offers whatever it holds to be the best device."""

NO_VOICE = ("hdmi", "monitor", "loopback", "null", "iec958", "spdif", "dmix", "dsnoop", "surround", "front")
"""Parts of names of outputs that often have no loudspeaker, and of inputs that are no microphone."""


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device as the system lists it."""

    index: int
    name: str
    inputs: int
    """Channels it can capture; 0 for a loudspeaker."""
    outputs: int
    rate: int
    """Hz, its own default."""
    default_input: bool
    default_output: bool
    usb: str = ""
    """Its USB id ("0d8c:0014"); "" for other devices and where a sound server hides it."""

    @property
    def label(self) -> str:
        """The name without the card's number, which changes from plug to plug."""
        return _CARD.sub("", self.name)

    def serves(self, kind: Kind) -> bool:
        """Whether it can be a `kind`."""
        return (self.inputs if kind == "microphone" else self.outputs) > 0

    def is_called(self, name: str) -> bool:
        """Whether `name` means this device: its USB id, its name, or a part of it (case aside)."""
        wanted = name.casefold()
        return wanted == self.usb if _USB_ID.fullmatch(wanted) else wanted in self.name.casefold()


def devices() -> list[Device]:
    """Every sound device. Raises AudioError when PortAudio is missing or cannot be asked."""
    sd = portaudio()
    try:
        found = sd.query_devices()
        first_input, first_output = sd.default.device[0], sd.default.device[1]
    except sd.PortAudioError as error:
        raise AudioError(f"sound devices: cannot be listed ({reason(error)}); is the sound service running?") from error
    return [
        Device(
            index=number,
            name=str(d["name"]),
            inputs=int(d["max_input_channels"]),
            outputs=int(d["max_output_channels"]),
            rate=round(d["default_samplerate"]),
            default_input=number == first_input,
            default_output=number == first_output,
            usb=_usb_id(str(d["name"])),
        )
        for number, d in enumerate(found)
    ]


def ranked(kind: Kind, name: str = "", remembered: str = "", *, among: list[Device] | None = None) -> list[Device]:
    """The devices that can be a `kind`, the best first.

    One that is called `name` (a part of its name, or its USB id) comes before all others; then the `remembered` one,
    USB devices, the system's default, the rest, and last what has no voice (HDMI, monitors).
    """

    def score(device: Device) -> tuple[int, int]:
        label = device.label.casefold()
        points = 0
        if name and device.is_called(name):
            points += 1000 + 100 * (label == name.casefold())
        if remembered and remembered in {device.label, device.usb}:
            points += 500
        if device.usb or "usb" in label:
            points += 40
        if device.default_input if kind == "microphone" else device.default_output:
            points += 30
        elif label in PLUGS:
            points += 20
        if any(part in label for part in NO_VOICE):
            points -= 60
        return -points, device.index

    usable = [device for device in (devices() if among is None else among) if device.serves(kind)]
    return sorted(usable, key=score)


def find(name: str, kind: Kind) -> Device:
    """The best device for `kind`; when `name` is not empty, one that is called so.

    Raises AudioError, listing what there is, when none fits.
    """
    usable = ranked(kind, name)
    if not usable:
        raise AudioError(f"{kind}: no such sound device is connected; plug one in, then run `assistant doctor`")
    if name and not usable[0].is_called(name):
        names = ", ".join(f"'{d.name}'" for d in sorted(usable, key=lambda d: d.index))
        raise AudioError(f"{kind}: none is called '{name}'; there are {names} (setting audio.{kind})")
    return usable[0]


def connected(name: str, kind: Kind) -> bool:
    """Whether `find` finds one."""
    try:
        find(name, kind)
    except AudioError:
        return False
    return True


def portaudio() -> ModuleType:
    """The `sounddevice` module. Raises AudioError where the system library is missing."""
    try:
        import sounddevice  # noqa: PLC0415 - its import fails where the system library is missing
    except (OSError, ImportError) as error:
        raise AudioError(
            "sound devices: the PortAudio library is missing; install it with `sudo apt install libportaudio2`"
        ) from error
    module: ModuleType = sounddevice
    return module


def reason(error: Exception) -> str:
    """PortAudio's own words, on one line."""
    return " ".join(str(error.args[0] if error.args else error).split()).removesuffix(".")


def plugged() -> str:
    """A text that changes when a sound card comes or goes. Cheap: PortAudio is not asked."""
    try:
        nodes = sorted(path.name for path in Path("/dev/snd").iterdir())
    except OSError:
        nodes = []
    try:
        cards = (CARDS / "cards").read_text(encoding="utf-8", errors="replace")
    except OSError:
        cards = ""
    return cards + " ".join(nodes)


SETTLE_SECONDS = 1.0
"""What was plugged in is left alone for so long: its node's rights and a sound server's view of it come later than the
device, a plug bounces, and a device that goes while it is opened makes PortAudio hang (Listing.alone)."""

HANG_SECONDS = 10.0
"""A call into PortAudio that took so long will never return."""


class Listing:
    """PortAudio's list of devices, and the streams that must be closed before it can be made anew.

    PortAudio has one list for the whole process, so there is one of these. Calls come from any thread.
    """

    def __init__(self) -> None:
        self._lock, self._replacing = threading.RLock(), threading.Lock()
        self.hung = False
        """Whether a call never returned: the devices that are known are all that this process will know."""
        self._noticed, self._changed_at = "", float("-inf")
        self._users: list[Callable[[], None]] = []
        self._seen = ""
        self._told = False

    @contextmanager
    def alone(self) -> Generator[None]:
        """While a stream is opened or closed, or the list is made.

        PortAudio 19 waits for ever for a stream that fails to start (its thread dies with a mutex locked), and all
        who come later would wait for that. So after HANG_SECONDS the lost call is left to itself and the others go
        on, with the devices that are known: `hung`.
        """
        lock = self._lock
        if not lock.acquire(timeout=HANG_SECONDS):
            with self._replacing:
                if self._lock is lock:
                    self._lock, self.hung = threading.RLock(), True
                    logger.error("the sound library hangs; to find new devices the assistant must be started again")
                    # its end of everything would abort the process on what is still locked
                    atexit.unregister(portaudio()._exit_handler)  # noqa: SLF001 - sounddevice has no other way
                lock = self._lock
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def use(self, close: Callable[[], None]) -> None:
        """A stream was opened; `close` closes it."""
        with self.alone():
            self._users.append(close)
            self._seen = self._seen or plugged()

    def leave(self, close: Callable[[], None]) -> None:
        """It is closed already."""
        with self.alone():
            if close in self._users:
                self._users.remove(close)

    def changed(self) -> None:
        """Somebody who knows tells that a device came or went."""
        self._told, self._changed_at = True, time.monotonic()

    def look(self) -> bool:
        """Whether a device came or went since the list was made, and the rest stood still for SETTLE_SECONDS."""
        now = plugged()
        if now != self._noticed:
            self._noticed, self._changed_at = now, time.monotonic()
        stale = self._told or now != self._seen
        return stale and time.monotonic() - self._changed_at >= SETTLE_SECONDS

    def rescan(self) -> None:
        """Close every stream and list the devices anew. Whoever had a stream opens it again."""
        sd = portaudio()
        with self.alone():
            for close in tuple(self._users):
                close()
            self._users.clear()
            self._seen, self._told = plugged(), False
            if self.hung:
                return  # what is known by now can be opened again all the same
            try:
                sd._terminate()  # noqa: SLF001 - sounddevice's documented way to see devices plugged in later
                sd._initialize()  # noqa: SLF001
            except sd.PortAudioError as error:
                raise AudioError(f"sound devices: cannot be listed ({reason(error)})") from error


LISTING = Listing()
"""PortAudio's one list in this process."""


class OpenStream:
    """A running PortAudio stream, closed once: when its owner is done, or because the list is made anew."""

    def __init__(self, stream: Any, ended: Callable[[], None]) -> None:  # noqa: ANN401 - sounddevice has no types
        """`ended` is called, on any thread, when the stream is closed under its owner's hands."""
        self._stream, self._ended = stream, ended
        self.closed = False
        LISTING.use(self._taken_away)

    def close(self) -> None:
        """Stop and free it. A second time does nothing: PortAudio's pointer is no longer valid then."""
        with LISTING.alone():
            LISTING.leave(self._taken_away)
            if not self.closed:
                self.closed = True
                self._stream.abort(ignore_errors=True)
                self._stream.close(ignore_errors=True)

    def _taken_away(self) -> None:
        self.close()
        self._ended()


def _usb_id(name: str) -> str:
    card = _CARD.search(name)
    if card is None:
        return ""
    try:
        return (CARDS / f"card{card.group(1)}" / "usbid").read_text(encoding="ascii").strip().lower()
    except OSError:
        return ""
