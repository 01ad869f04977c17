"""What can run the language model here: the processor, the accelerator in process, the accelerator behind its server.

Which of them answers is decided by measurement (`assistant bench --choose`, and by itself at the first start).
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol, TypeAlias

from assistant.artifacts.catalogue import Kind as ModelKind
from assistant.artifacts.catalogue import load_catalogue
from assistant.artifacts.recommend import instead
from assistant.artifacts.selection import Choice
from assistant.config import Settings
from assistant.egress.client import DoorProcess, EgressClient
from assistant.egress.settings import door_settings
from assistant.errors import ModelError
from assistant.hardware.probe import HardwareReport
from assistant.llm import LanguageModel, Message
from assistant.llm.hailo_ollama import Service
from assistant.trial import fingerprint

Kind: TypeAlias = Literal["cpu", "hailo", "hailo-ollama"]

TITLES: dict[Kind, str] = {
    "cpu": "the processor (llama.cpp)",
    "hailo": "the Hailo-10H in this process",
    "hailo-ollama": "the Hailo-10H through hailo-ollama",
}


class LocalModel(LanguageModel, Protocol):
    """A loaded model of any backend."""

    def prepare(self, messages: list[Message], cache: Path | None = None) -> int:
        """Read what never changes ahead of the first question."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Backend:
    """One way to run a language model."""

    kind: Kind
    model: str
    """Catalogue id or path, the .hef file, or the server's name for it ("" is the only one it has)."""
    path: Path | None = None
    """The model's file; None where the server keeps it."""

    @property
    def title(self) -> str:
        """What a person would call it."""
        return TITLES[self.kind]


def present(settings: Settings, llm: Choice) -> tuple[Backend, ...]:
    """The backends that are set up, the processor first; only the one that `thinking.backend` names, if it does.

    `llm`: the processor's model. Raises ModelError when the one that is named is not set up: it is never replaced.
    """
    found: list[Backend] = []
    if llm.path is not None:
        found.append(Backend("cpu", llm.id, llm.path))
    if settings.accelerator.hef is not None:
        found.append(Backend("hailo", str(settings.accelerator.hef), settings.accelerator.hef))
    if settings.accelerator.url:
        found.append(Backend("hailo-ollama", settings.accelerator.model))
    wanted = settings.thinking.backend
    if wanted == "measured":
        return tuple(found)
    if not (named := [backend for backend in found if backend.kind == wanted]):
        missing = {
            "cpu": llm.problem or "no language model is installed; assistant models list",
            "hailo": "accelerator.hef is not set",
            "hailo-ollama": "accelerator.url is not set",
        }
        raise ModelError(f"thinking.backend is '{wanted}', but {missing[wanted]}")
    return tuple(named)


def key(backends: tuple[Backend, ...]) -> str:
    """Under what a measured choice between `backends` is kept: the processor's model, or the first there is."""
    return backends[0].model or backends[0].kind


def conditions(backends: tuple[Backend, ...], machine: HardwareReport) -> str:
    """A mark that changes with the models or the hardware: then what was measured counts no longer."""
    told = [machine.model, str(machine.cores), machine.npu.state, machine.npu.firmware_version]
    for backend in backends:
        told += [backend.kind, backend.model, _mark(backend.path)]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def _mark(path: Path | None) -> str:
    try:
        return fingerprint(path) if path else ""
    except OSError:
        return "unreadable"


def load(backend: Backend, settings: Settings, *, threads: int, service: Service | None = None) -> LocalModel:
    """Load a model; blocking. `threads` are the processor's; `service`: the door's accelerator verb.

    Raises ModelError or another AssistantError, one line.
    """
    match backend.kind:
        case "cpu":
            from assistant.llm.llamacpp import LlamaCppModel  # noqa: PLC0415 - a large library; only where it is used

            assert backend.path is not None
            cache = settings.paths.cache / "working-models.json"
            return LlamaCppModel(
                backend.path,
                threads=threads,
                context=settings.thinking.context,
                cache=cache,
                patience=settings.limits.patience,
                instead=lambda free: instead(load_catalogue(), ModelKind.LLM, free),
            )
        case "hailo":
            from assistant.llm.hailo import HailoModel  # noqa: PLC0415

            assert backend.path is not None
            return HailoModel(backend.path)
        case "hailo-ollama":
            from assistant.llm.hailo_ollama import HailoOllamaModel  # noqa: PLC0415

            if service is None:
                raise ModelError("hailo-ollama is reached through the door only, and the door is not running")
            return HailoOllamaModel(service, backend.model)


@contextmanager
def service_of(settings: Settings) -> Generator[Service | None]:
    """The accelerator's service for a measurement outside the running assistant: through a door of its own.

    None where none is set up. Raises UsageError, DoorError.
    """
    wanted = door_settings(settings)
    if not wanted.accelerator_url:
        yield None
        return
    wanted.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix="assistant-door-") as folder:
        process = DoorProcess(wanted.to_json(), Path(folder) / "door.sock")
        process.ensure()
        try:
            yield EgressClient(process.path).accelerator
        finally:
            process.close()


def facts(machine: HardwareReport) -> dict[str, Any]:
    """What of the machine a stored choice tells its reader."""
    npu = machine.npu
    return {"model": machine.model, "cores": machine.cores, "accelerator": npu.detail, "firmware": npu.firmware_version}
