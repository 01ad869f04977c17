"""What time it is, how far that can be trusted, and moments that survive a restart and a jumping clock.

Three clocks are at work. The machine's wall clock may jump (NTP after boot, a person, no battery). The monotonic
clock never jumps, but begins anew with every boot. The *believed* time is the wall clock plus an offset: zero while
the wall clock can be trusted; after a boot without battery and network it goes on from the last time this device
was seen alive, because nothing more is known; and a person can set it by voice.
"""

import ctypes
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from assistant.clock import Clock
from assistant.errors import StoreError
from assistant.store import Store

HEARTBEAT_S = 60.0
"""How often "alive at" is written. A Pi that loses power forgets at most this and what the system had not flushed;
one 4 KiB page a minute is nothing to a flash card."""

_TIME_ERROR = 5
_MODEL = Path("/proc/device-tree/model")
_BATTERY = "/sys/devices/platform/soc*/soc*:rpi_rtc/rtc/rtc*/battery_voltage"


class Source(StrEnum):
    """Where the machine's wall clock has its time from."""

    NETWORK = "network"
    """Kept by NTP now."""
    BATTERY = "battery"
    """Kept by a battery while the machine was off."""
    NONE = "none"
    """From nowhere: it went on from a saved time, or began in 1970."""


class Trust(StrEnum):
    """How far the believed time can be relied on."""

    TRUSTED = "trusted"
    TOLD = "told"
    """A person set it by voice since this boot."""
    UNTRUSTED = "untrusted"
    """The device was off for an unknown time; only the time since then was observed."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment in the future, held in both clocks."""

    wall: float
    """Seconds since 1970 (UTC) in believed time."""
    mono: float
    """The same moment on the monotonic clock of boot `boot`, seconds."""
    boot: str
    trusted: bool
    """Whether `wall` was made from a time that could be relied on."""


def boot_id() -> str:
    """An id that changes with every boot of the machine; "" where the system offers none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def clock_source() -> Source:
    """Where this machine's wall clock has its time from.

    NTP is asked of the kernel. A Raspberry Pi has a real-time clock but by default no battery on it; anything else
    is taken to have one.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "adjtimex"):
        status = libc.adjtimex(ctypes.create_string_buffer(512))
        if status not in (-1, _TIME_ERROR):
            return Source.NETWORK
    try:
        pi = _MODEL.read_bytes().startswith(b"Raspberry Pi")
    except OSError:
        return Source.BATTERY
    if not pi:
        return Source.BATTERY
    return Source.BATTERY if any(_charged(path) for path in Path("/").glob(_BATTERY.lstrip("/"))) else Source.NONE


def _charged(path: Path) -> bool:
    """A cell below 2 V no longer keeps the Pi 5's clock; the file holds microvolts."""
    try:
        return int(path.read_text(encoding="ascii")) > 2_000_000
    except (OSError, ValueError):
        return False


class Timekeeper:
    """The believed time. Constructing it is the moment of (re)start: what is known of the time off is settled here."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        zone: tzinfo = UTC,
        *,
        source: Callable[[], Source] = clock_source,
        boot: str | None = None,
    ) -> None:
        self._clock = clock
        self._store = store
        self._source = source
        self.zone = zone
        """The place's time zone."""
        self.boot = boot or boot_id() or uuid.uuid4().hex
        self.offset = 0.0
        """Believed time minus the machine's wall clock, seconds; counts only while the wall clock is followed."""
        self._base: tuple[float, float] | None = None
        self.listeners: list[Callable[[], None]] = []
        """Called when the believed time was corrected after it could not be relied on."""
        self._beat = clock.monotonic()
        last = _real(store.get("alive_wall"))
        self.last_alive = last
        """Believed time when it was last seen alive before this start (seconds since 1970); None at the first start."""
        known_boot = store.get("alive_boot")
        self.same_boot = bool(self.boot) and known_boot == self.boot
        """Whether the machine itself kept running since then (only the program was restarted)."""
        before = store.get("zone")
        self.zone_changed = before is not None and before != self._zone_label()
        """Whether the place's time zone is another one than before this start."""
        self._resume(last)
        self._save()

    def _resume(self, last: float | None) -> None:
        read, source = self._store.get, self._source()
        mono, last_mono = self._clock.monotonic(), _real(read("alive_mono")) or 0.0
        self.trust = Trust.TRUSTED
        if source is Source.NETWORK:
            return
        if source is Source.BATTERY:
            self.offset = _real(read("told_offset")) or 0.0
        elif self.same_boot and last is not None:
            # the program was restarted, the machine ran on: its monotonic clock says how long that took
            self.trust = Trust(str(read("alive_trust")))
            if self.trust is not Trust.TRUSTED:
                self._base = (last + max(0.0, mono - last_mono), mono)
        else:
            # off for an unknown time; at the very first start not even that is known, and the clock is all there is
            self.trust = Trust.UNTRUSTED
            self._base = (self._raw() if last is None else last, mono)

    def monotonic(self) -> float:
        """Seconds; never jumps within a boot."""
        return self._clock.monotonic()

    def _raw(self) -> float:
        return self._clock.now(UTC).timestamp()

    def wall(self) -> float:
        """Believed time, seconds since 1970. While the wall clock is not relied on, its jumps do not matter."""
        if self._base is None:
            return self._raw() + self.offset
        return self._base[0] + self._clock.monotonic() - self._base[1]

    def now(self, zone: tzinfo | None = None) -> datetime:
        """Believed time in `zone`, the place's own when None: this is a `Clock` that knows its doubts."""
        return datetime.fromtimestamp(self.wall(), UTC).astimezone(zone or self.zone)

    def local(self, wall: float) -> datetime:
        """The local time of an instant."""
        return datetime.fromtimestamp(wall, UTC).astimezone(self.zone)

    @property
    def trusted(self) -> bool:
        """Whether the believed time can be relied on (kept by the machine, or told by a person)."""
        return self.trust is not Trust.UNTRUSTED

    def check(self) -> bool:
        """Look at the clocks; call at least once a minute. True when the time was corrected just now.

        Also writes the heartbeat. A failing disk is no reason to stop keeping time.
        """
        corrected = False
        if (self._base or self.offset) and self._source() is Source.NETWORK:
            corrected, self.trust, self.offset, self._base = True, Trust.TRUSTED, 0.0, None
            self._corrected()
        if corrected or self._clock.monotonic() - self._beat >= HEARTBEAT_S:
            self._beat = self._clock.monotonic()
            self._save()
        return corrected

    def tell(self, moment: datetime) -> bool:
        """A person says what time it is. False, and nothing changes, while the network keeps the clock."""
        source = self._source()
        if source is Source.NETWORK:
            return False
        if source is Source.BATTERY:
            self.offset, self._base, self.trust = moment.timestamp() - self._raw(), None, Trust.TRUSTED
        else:
            self._base, self.trust = (moment.timestamp(), self._clock.monotonic()), Trust.TOLD
        self._store.put(told_offset=self.offset, **self._alive())
        self._corrected()
        return True

    def _corrected(self) -> None:
        for listener in self.listeners:
            listener()

    def anchor(self, seconds: float) -> Anchor:
        """The moment `seconds` from now."""
        return Anchor(self.wall() + seconds, self.monotonic() + seconds, self.boot, self.trusted)

    def remaining(self, anchor: Anchor) -> float:
        """Seconds until the moment; negative when it has passed. Within one boot no clock change touches it."""
        if anchor.boot == self.boot:
            return anchor.mono - self.monotonic()
        return anchor.wall - self.wall()

    def _zone_label(self) -> str:
        """Tells zones apart, also those read from /etc/localtime, which has no name."""
        offsets = [datetime(2026, month, 1, tzinfo=self.zone).utcoffset() for month in (1, 7)]
        return f"{self.zone} {offsets[0]} {offsets[1]}"

    def _alive(self) -> dict[str, float | str]:
        return {
            "alive_wall": self.wall(),
            "alive_mono": self.monotonic(),
            "alive_boot": self.boot,
            "alive_trust": self.trust.value,
            "zone": self._zone_label(),
        }

    def _save(self) -> None:
        try:
            self._store.put_lazily(**self._alive())
        except StoreError:
            return  # what a person asks to be stored will say so; the heartbeat alone is not worth a word


def place_zone(name: str) -> tzinfo:
    """The zone called `name`; the machine's own, with its daylight saving rules, when empty."""
    wanted = name or os.environ.get("TZ", "").lstrip(":")
    if wanted:
        try:
            return ZoneInfo(wanted)
        except (KeyError, ValueError, OSError):
            pass  # TZ may hold a path or a POSIX rule; the system's file says the same more plainly
    try:
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
