"""The doctor: looks at every stage, device, model, permission, disk and clock, and says what to do. Contacts nobody."""

from pathlib import Path

from assistant.clock import Clock, SystemClock
from assistant.config import Settings
from assistant.doctor import backend, devices, knowledge, machine, sentences, stages, system
from assistant.doctor.check import Check, State

__all__ = ["Check", "State", "examine"]


def examine(
    settings: Settings, *, clock: Clock | None = None, load: bool = True, config: Path | None = None
) -> list[Check]:
    """All checks, in the order a person reads them. `load` False leaves the engines unloaded; `config` is the settings
    file that was named, if one was."""
    found = [*system.checks(settings, clock or SystemClock(), config)]
    found += machine.checks()
    found += devices.checks(settings)
    found += stages.checks(settings, load=load)
    found += backend.checks(settings)
    found += sentences.checks(settings)
    found += knowledge.checks(settings)
    return found
