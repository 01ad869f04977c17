"""Which engine and model runs each stage, and what would improve it.

The configured model, else the best installed one, else the embedded one. A configured model that is missing or
broken is never replaced by another: its stage says what is wrong. When a model that nobody asked for by name is
broken, the next best runs and the choice says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from assistant.artifacts import own_words
from assistant.artifacts.catalogue import Catalogue, Entry, Kind, load_catalogue
from assistant.artifacts.embedded import MARKS, EmbeddedSet, embedded_set
from assistant.artifacts.installed import Installed, find_installed
from assistant.artifacts.marks import Marks
from assistant.artifacts.recommend import best_for, memory_mb, read_speeds, usable
from assistant.config import Settings
from assistant.errors import ModelError

Stage: TypeAlias = Literal["wake", "vad", "stt", "calls", "tts", "llm", "embedding"]
Source: TypeAlias = Literal["configured", "installed", "embedded", "package", "none"]

ENGINES: dict[Stage, str] = {
    "wake": "microWakeWord",
    "vad": "Silero VAD",
    "stt": "Vosk",
    "calls": "llama.cpp",
    "tts": "Piper",
    "llm": "llama.cpp",
    "embedding": "onnxruntime",
}

_EMBEDDED: dict[Stage, tuple[str, str, str, str]] = {
    # stage: part of the embedded set, pattern of the file the engine is given ("" = the directory), title, licence
    # (the cards in models/embedded say more)
    "stt": ("hearing", "", "embedded home-command model", "GPL-3.0-or-later"),
    "tts": ("voice", "*.onnx", "embedded voice", "GPL-3.0-or-later, CMU"),
    "vad": ("vad", "*.onnx", "16 kHz model", "MIT"),
    "calls": ("intent-model", "*.gguf", "embedded intent model", "GPL-3.0-or-later"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs one stage."""

    stage: Stage
    engine: str
    """The program: "Vosk", "Piper", …"""
    id: str
    """Catalogue id, "embedded", a path, a wake phrase; "" when nothing runs."""
    title: str
    """What a person would call it."""
    source: Source
    path: Path | None = None
    """What the engine is given: a directory or file; None when the stage has none."""
    licence: str = ""
    ram_mb: int | None = None
    """Estimated memory, MB; None when nobody knows."""
    problem: str = ""
    """One line when the stage cannot run: what is wrong and what to do."""
    notice: str = ""
    """One line when something better is there but broken or too large."""
    improve: str = ""
    """One line: what would make this stage better; "" when nothing known would."""

    def require(self) -> Path:
        """The path for the engine. Raises ModelError with `problem`, or that nothing is installed."""
        if self.path is None:
            raise ModelError(self.problem or f"no model runs the stage '{self.stage}'; {self.improve}")
        return self.path


@dataclass(frozen=True, slots=True)
class Selection:
    """What runs every stage."""

    wake: Choice
    vad: Choice
    stt: Choice
    calls: Choice
    """The intent model, for wordings that no sentence file has."""
    tts: Choice
    llm: Choice
    embedding: Choice
    """Sentence embeddings, for finding documents by meaning."""

    def __iter__(self) -> Iterator[Choice]:
        yield from (self.wake, self.vad, self.stt, self.calls, self.tts, self.llm, self.embedding)

    def running(self) -> tuple[Choice, ...]:
        """The stages that have an engine and a sound model."""
        return tuple(choice for choice in self if choice.source != "none" and not choice.problem)


@dataclass(slots=True)
class _Chooser:
    settings: Settings
    catalogue: Catalogue
    memory_mb: int
    speeds: dict[str, float]
    marks: Marks
    embedded: EmbeddedSet | None = None
    embedded_problem: str = ""
    notices: list[str] = field(default_factory=list)

    def choose(self, stage: Stage, configured: str) -> Choice:
        self.notices = []
        if configured:
            return self._configured(stage, configured)
        found = self._installed(stage)
        improve = self._improve(stage, found.entry if found else None)
        if found is not None:
            return self._of_installed(stage, found, "installed", improve)
        return self._embedded(stage, improve)

    def _configured(self, stage: Stage, value: str) -> Choice:
        """The catalogue's id, or a path to an own model; never anything else."""
        engine = ENGINES[stage]
        if value == "embedded":
            return self._embedded(stage, "")
        try:
            if entry := self.catalogue.get(value):
                found = find_installed(self.settings.paths.models, self.catalogue, value)
                if entry.kind.value != stage:
                    raise ModelError(f"'{value}' is a model for {entry.kind}, not for {stage}; correct the settings")
                if found is None:
                    raise ModelError(f"'{value}' is configured but not installed; run: assistant models pull {value}")
                found.verify(self.marks)
                return self._of_installed(stage, found, "configured", "")
            path = Path(value).expanduser()
            if not path.exists():
                known = ", ".join(e.id for e in self.catalogue.of(Kind(stage)))
                raise ModelError(f"'{value}' is neither a file nor a known model ({known}); correct the settings")
            return Choice(stage, engine, str(path), path.name, "configured", path)
        except ModelError as error:
            return Choice(stage, engine, value, value, "configured", problem=str(error))

    def _installed(self, stage: Stage) -> Installed | None:
        for entry in self.catalogue.of(Kind(stage)):
            try:
                found = find_installed(self.settings.paths.models, self.catalogue, entry.id)
                if found is None:
                    continue
                if reason := usable(entry, self.memory_mb, self.speeds):
                    self.notices.append(f"{entry.id} is installed but {reason}")
                    continue
                found.verify(self.marks)
            except ModelError as error:
                self.notices.append(str(error))
                continue
            return found
        return None

    def _of_installed(self, stage: Stage, found: Installed, source: Source, improve: str) -> Choice:
        entry = found.entry
        return Choice(
            stage, ENGINES[stage], entry.id, entry.title, source, found.path, entry.licence, entry.ram_mb,
            notice="; ".join(self.notices), improve=improve,
        )  # fmt: skip

    def _embedded(self, stage: Stage, improve: str) -> Choice:
        engine = ENGINES[stage]
        part, pattern, title, licence = _EMBEDDED.get(stage, ("", "", "", ""))
        if not part:
            return Choice(stage, engine, "", "none", "none", notice="; ".join(self.notices), improve=improve)
        try:
            if self.embedded is None:
                raise ModelError(self.embedded_problem)
            directory = self._with_own_words(self.embedded) if stage == "stt" else None
            if directory is not None:
                title += " with own words"
            else:
                directory = self.embedded.verify(part)
            path = next(iter(sorted(directory.glob(pattern))), None) if pattern else directory
            if path is None:
                raise ModelError(f"{directory}: holds no {pattern}; restore the models directory from the repository")
        except ModelError as error:
            path, problem = None, str(error)
        else:
            problem = ""
        return Choice(
            stage, engine, "embedded", title, "embedded", path, licence,
            problem=problem, notice="; ".join(self.notices), improve=improve,
        )  # fmt: skip

    def _with_own_words(self, base: EmbeddedSet) -> Path | None:
        try:
            return own_words.find(self.settings.paths.data, base, self.marks)
        except ModelError as error:
            self.notices.append(str(error))
            return None

    def _improve(self, stage: Stage, running: Entry | None) -> str:
        best = best_for(self.catalogue, Kind(stage), self.memory_mb, self.speeds)
        if best is None or (running is not None and running.rank >= best.rank):
            return ""
        size = f"{best.download_bytes / 1e6:.0f} MB, {best.licence}"
        return f"assistant models pull {best.id} ({best.title}; {size})"


def select(settings: Settings, catalogue: Catalogue | None = None, memory: int | None = None) -> Selection:
    """What runs each stage with these settings on this machine.

    `memory`: the machine's memory in MB (measured when None). Files are verified here, before an engine sees them;
    untouched ones are not read again. Raises ModelError for a broken catalogue only: a stage that cannot run is
    part of the answer (`Choice.problem`).
    """
    known = catalogue or load_catalogue()
    chooser = _Chooser(
        settings, known, memory or memory_mb(), read_speeds(settings), Marks(settings.paths.cache / MARKS)
    )
    try:
        chooser.embedded = embedded_set(settings.paths.cache)
        chooser.marks = chooser.embedded.marks
    except ModelError as error:
        chooser.embedded_problem = str(error)
    selection = Selection(
        wake=_wake(settings),
        vad=chooser.choose("vad", ""),
        stt=chooser.choose("stt", settings.hearing.model),
        calls=chooser.choose("calls", "embedded"),
        tts=chooser.choose("tts", settings.speaking.model),
        llm=chooser.choose("llm", settings.thinking.model),
        embedding=chooser.choose("embedding", ""),
    )
    chooser.marks.save()
    return selection


def _wake(settings: Settings) -> Choice:
    own = settings.wake.openwakeword
    if own is not None:
        engine = "openWakeWord format"
        if not own.is_dir():
            problem = f"{own}: wake.openwakeword is not a directory; correct the settings"
            return Choice("wake", engine, str(own), own.name, "configured", problem=problem)
        return Choice("wake", engine, str(own), own.name, "configured", own)
    phrases = ", ".join(settings.wake.phrases)
    return Choice("wake", ENGINES["wake"], phrases, f"“{phrases}”", "package", licence="Apache-2.0")
