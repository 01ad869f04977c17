"""The update itself: check, write the slot that does not run, try it once, keep it or come back.

The running slot is never written to, and the bootloader's choice changes at one point alone: when a trial was found
healthy. Everything else can be cut off anywhere.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assistant.errors import AssistantError
from assistant.texts import texts
from assistant.update.bundle import CHUNK, Bundle, Part, UpdateError
from assistant.update.bundle import older as comes_before
from assistant.update.journal import Entry, Journal
from assistant.update.machine import Bootloader, Medium, Slot, other

Phase = Literal["check", "write", "read back"]
Progress = Callable[[Phase, int, int], None]
"""Told what is done, and how many bytes of how many."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What runs, as the image says of itself."""

    version: str
    variant: str
    target: str


def _silent(_phase: Phase, _done: int, _total: int) -> None:
    pass


class Updater:
    """Every step of an update on one machine."""

    def __init__(
        self,
        medium: Medium,
        bootloader: Bootloader,
        journal: Journal,
        installed: Installed,
        *,
        tell: Callable[[str], None],
        language: str = "en",
    ) -> None:
        """`tell` is given a sentence that must be spoken at the next opportunity; it must be safe when it returns."""
        self._medium = medium
        self._bootloader = bootloader
        self._journal = journal
        self._installed = installed
        self._tell = tell
        self._texts = texts(language, "update")

    def apply(self, bundle: Bundle, *, older: bool = False, progress: Progress = _silent) -> None:
        """Check `bundle`, write it to the other slot, and restart into it for a trial.

        `older` allows a version before the running one. Raises AssistantError; whatever happens, the running slot stays
        the one that is started.
        """
        slot = self._free_slot()
        self._fits(bundle, slot, older=older)
        counted = _Counter(progress, sum(part.size for part in bundle.manifest.files))
        bundle.verify(counted.of("check"))
        entry = Entry(
            state="writing", slot=slot, version=bundle.manifest.version, before=self._installed.version
        )  # fmt: skip
        self._journal.write(entry)
        try:
            for part in bundle.manifest.files:
                self._write(bundle, part, slot, counted)
            for part in bundle.manifest.files:
                self._read_back(part, slot, counted)
            self._journal.write(entry.model_copy(update={"state": "trial"}))
            self._bootloader.try_once()
        except AssistantError:
            self._journal.clear()
            raise

    def keep(self) -> bool:
        """The trial is healthy: its slot is the one to start from now on. False when this is no trial.

        Raises AssistantError when that could not be written: the next start is then the old slot's.
        """
        running = self._bootloader.running()
        if not running.trial:
            return False
        self._bootloader.choose(running.slot)
        self.settle()
        return True

    def reject(self, problem: str) -> None:
        """The trial is not healthy: note why, for the old version to say. Raises AssistantError."""
        entry = self._journal.read()
        if self._bootloader.running().trial and entry is not None:
            self._journal.write(entry.model_copy(update={"problem": problem[:300]}))

    def settle(self) -> str:
        """At each start: tell what became of an update under way; what was told, "" when there is nothing to tell.

        What counts is what the bootloader did. Raises AssistantError.
        """
        entry = self._journal.read()
        if entry is None:
            return ""
        running, chosen = self._bootloader.running(), self._bootloader.chosen()
        if running.trial and chosen != running.slot:
            return ""  # not decided yet
        key = "interrupted"
        if entry.state == "trial":
            key = "kept" if running.slot == entry.slot else "rejected" if entry.problem else "came_back"
        said = self._texts[key].format(version=_spoken(entry.version), before=_spoken(entry.before), why=entry.problem)
        # told before it is forgotten: a power cut in between has it said twice, never not at all
        self._tell(said)
        self._journal.clear()
        return said

    def _free_slot(self) -> Slot:
        """The slot that may be written to."""
        running = self._bootloader.running()
        if running.trial and self._bootloader.chosen() != running.slot:
            raise UpdateError("update: the running version is being tried itself; wait until it says it stays")
        if self._bootloader.chosen() != running.slot:
            # never write to the slot that the next start takes
            raise UpdateError("update: this is not the slot that an ordinary start takes; restart the device first")
        return other(running.slot)

    def _fits(self, bundle: Bundle, slot: Slot, *, older: bool) -> None:
        new, here = bundle.manifest, self._installed
        if (new.target, new.variant) != (here.target, here.variant):
            raise UpdateError(
                f"update: it is for {new.target} ({new.variant}), this is {here.target} ({here.variant}); "
                "get the right file"
            )
        if not older and comes_before(new.version, here.version):
            raise UpdateError(
                f"update: version {new.version} is older than {here.version}, which runs; "
                "say --allow-older if you want to go back"
            )
        for part in new.files:
            label = f"{part.name}_{slot}"
            try:
                room = self._medium.capacity(label)
            except OSError as error:
                raise UpdateError(
                    f"update: partition {label} cannot be used ({error.strerror}); run it as root"
                ) from error
            if part.size > room:
                raise UpdateError(
                    f"update: its {part.name} needs {part.size} bytes, the partition has {room}; flash the card anew"
                )

    def _write(self, bundle: Bundle, part: Part, slot: Slot, counted: "_Counter") -> None:
        label, offset = f"{part.name}_{slot}", 0
        try:
            # the file is checked once more on its way: a stick may have been changed since
            for piece in bundle.read(part.name, counted.of("write")):
                self._medium.put(label, offset, piece)
                offset += len(piece)
            self._medium.flush(label)
        except OSError as error:
            raise UpdateError(
                f"update: writing to {label} failed ({error.strerror}); the card may be worn out"
            ) from error

    def _read_back(self, part: Part, slot: Slot, counted: "_Counter") -> None:
        label, digest, advance = f"{part.name}_{slot}", hashlib.sha256(), counted.of("read back")
        try:
            for offset in range(0, part.size, CHUNK):
                piece = self._medium.get(label, offset, min(CHUNK, part.size - offset))
                digest.update(piece)
                advance(len(piece))
        except OSError as error:
            raise UpdateError(
                f"update: {label} cannot be read back ({error.strerror}); the card may be worn out"
            ) from error
        if digest.hexdigest() != part.sha256:
            raise UpdateError(f"update: {label} does not hold what was written to it; the card may be worn out")


class _Counter:
    """Adds up bytes for a Progress."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done: dict[Phase, int] = {}

    def of(self, phase: Phase) -> Callable[[int], None]:
        def advance(size: int) -> None:
            self._done[phase] = self._done.get(phase, 0) + size
            self._progress(phase, self._done[phase], self._total)

        return advance


def _spoken(version: str) -> str:
    """A version without its build: nobody wants to hear a hash."""
    return version.partition("+")[0]
