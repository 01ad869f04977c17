"""A whole run: stages, machine and conditions, as JSON."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.bench.figures import Stage
from assistant.bench.machine import Moment, as_json, doubts, machine, moment
from assistant.errors import AssistantError
from assistant.files import write_whole

VERSION = 1
"""Of the JSON's shape; a change that would break a reader raises it."""


@dataclass(slots=True)
class Report:
    """Filled stage by stage, so that an interrupted run has everything measured so far."""

    command: str
    settings: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=machine)
    stages: dict[str, Stage] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    """"start", and after each stage that stage's name."""
    interrupted: str = ""
    """The stage that was running when somebody stopped the run; "" when it ran to its end."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    look: Callable[[], Moment] = moment
    _begun: float = field(default_factory=time.monotonic)
    _seconds: float = 0.0

    def run(self, stage: Stage, measure: Callable[[Stage], None]) -> None:
        """Let `measure` fill `stage`; the stage is in the report from the start. Errors of one stage stay with it.

        Raises KeyboardInterrupt after marking the run as interrupted.
        """
        self.moments.setdefault("start", self.look())
        self.stages[stage.name] = stage
        try:
            measure(stage)
        except AssistantError as error:
            stage.skipped = str(error)
        except KeyboardInterrupt:
            self.interrupted = stage.name
            raise
        finally:
            self.moments[stage.name] = self.look()
            self._seconds = round(time.monotonic() - self._begun, 1)

    @property
    def partial(self) -> bool:
        """Whether the run was stopped before its end."""
        return bool(self.interrupted)

    @property
    def failed(self) -> list[str]:
        """One line for each stage that could not be measured."""
        return [f"{stage.name}: {stage.skipped}" for stage in self.stages.values() if stage.skipped]

    @property
    def measured(self) -> bool:
        """Whether there is any value at all."""
        return any(series.values for stage in self.stages.values() for series in stage.series.values())

    def doubts(self) -> list[str]:
        """What may have distorted the figures."""
        return doubts(list(self.moments.values()), self.machine.get("cores") or 1)

    def as_json(self) -> dict[str, Any]:
        """The report; the single results of all stages stand at the top as well."""
        values = {name: value for stage in self.stages.values() for name, value in stage.values.items()}
        return {
            "bench": VERSION,
            "command": self.command,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": self._seconds,
            "partial": self.partial,
            **({"interrupted_in": self.interrupted} if self.interrupted else {}),
            **values,
            "settings": self.settings,
            "machine": self.machine,
            "conditions": {name: as_json(seen) for name, seen in self.moments.items()},
            "doubts": self.doubts(),
            "stages": {name: stage.as_json() for name, stage in self.stages.items()},
        }

    def text(self) -> str:
        """The JSON as a text."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=1) + "\n"


def write(path: Path, text: str) -> Path:
    """Write `text` whole or not at all. Raises AssistantError naming the file."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise AssistantError(f"{path}: cannot be written ({error.strerror}); choose another --out") from error
    return path
