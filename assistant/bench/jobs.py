"""What `assistant bench` can measure, bound to what was asked for. Engines are imported when they are measured."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.artifacts.selection import select
from assistant.bench.figures import Effort, Stage
from assistant.bench.shapes import SHAPES
from assistant.config import Settings
from assistant.errors import AssistantError


@dataclass(slots=True)
class Wanted:
    """The options, given before or behind the stage's name. None: not given."""

    repeats: int | None = None
    warmup: int | None = None
    as_json: bool | None = None
    home: Path | None = None
    out: Path | None = None
    png: bool | None = None
    clips: Path | None = None
    model: Path | None = None
    like: str | None = None
    kind: str | None = None
    threads: int | None = None
    choose: bool | None = None
    sustained: str | None = None
    concurrency: str | None = None
    cloud: str | None = None
    rtt: str | None = None
    cloud_model: str | None = None
    cloud_token_file: Path | None = None


STAGES = {
    "wake": "Wake word: time for a second of sound, share of a core.",
    "vad": "Voice activity: the same.",
    "stt": "Recogniser: real-time factor, wait after the last sample.",
    "understanding": "Understanding: time a request, tier by tier.",
    "intent-model": "Embedded intent model: time a tool call.",
    "embeddings": "Sentence embeddings, one and many.",
    "llm": "Language model: load, prompt, first token cold and warm, tokens a second, grammar, busy machine.",
    "tts": "Voice: first audio, real-time factor.",
    "turn": "The whole turn at the pace of speech, against a plain chain of the same engines.",
    "door": "The offline switch in the middle of an answer from outside.",
}


@dataclass(frozen=True, slots=True)
class Jobs:
    """The stages, bound to what was asked for."""

    wanted: Wanted
    settings: Settings
    effort: Effort
    tell: Callable[[str], None]
    """Takes lines for the person who waits."""

    def wake(self, stage: Stage) -> None:
        from assistant.bench.sound import measure_wake  # noqa: PLC0415

        measure_wake(stage, self.settings, self.effort, self.wanted.clips)

    def vad(self, stage: Stage) -> None:
        from assistant.bench.sound import measure_vad  # noqa: PLC0415

        measure_vad(stage, self.settings, self.effort, self.wanted.clips)

    def stt(self, stage: Stage) -> None:
        from assistant.bench.sound import measure_stt  # noqa: PLC0415

        measure_stt(stage, self.settings, self.effort, self.wanted.clips)

    def understanding(self, stage: Stage) -> None:
        from assistant.bench.words import measure_understanding  # noqa: PLC0415

        measure_understanding(stage, self.settings, self.effort)

    def intent_model(self, stage: Stage) -> None:
        from assistant.bench.words import measure_calls  # noqa: PLC0415

        measure_calls(stage, self.settings, self.effort)

    def embeddings(self, stage: Stage) -> None:
        from assistant.bench.embeddings import LIKE, measure_embeddings  # noqa: PLC0415

        model = self.wanted.model if self.wanted.model and self.wanted.model.suffix == ".onnx" else None
        if self.wanted.like == LIKE:
            from assistant.bench.embedding_standin import make_standin  # noqa: PLC0415

            model = self.settings.paths.cache / "stand-ins" / LIKE / "model.onnx"
            if not model.is_file():
                self.tell(f"making a stand-in of {LIKE}")
                make_standin(model.parent)
            stage.notes.append("a stand-in with random weights: its speed is the model's, its vectors mean nothing")
        measure_embeddings(stage, self.settings, self.effort, model)

    def tts(self, stage: Stage) -> None:
        from assistant.bench.words import measure_voice  # noqa: PLC0415

        measure_voice(stage, self.settings, self.effort)

    def llm(self, stage: Stage) -> None:
        from assistant.bench.llm import measure_llm  # noqa: PLC0415

        path = self.model_file(stage)
        measure_llm(
            stage, path, self.effort, threads=self.threads, context=self.settings.thinking.context, cache=self._cache
        )

    def door(self, stage: Stage) -> None:
        from assistant.bench.door import measure_door  # noqa: PLC0415

        measure_door(stage, self.effort)

    def turn(self, stage: Stage) -> None:
        from assistant.bench.turn import measure_turn  # noqa: PLC0415

        settings = self.settings
        if self.wanted.model or self.wanted.like:
            changed = {"model": str(self.model_file(stage)), "threads": self.threads}
            settings = settings.model_copy(update={"thinking": settings.thinking.model_copy(update=changed)})
        measure_turn(stage, settings, self.effort, self.wanted.clips)

    def choose(self, stage: Stage) -> None:
        from assistant.bench.choose import Chooser, store  # noqa: PLC0415
        from assistant.bench.machine import as_json, moment  # noqa: PLC0415
        from assistant.composition import backends  # noqa: PLC0415
        from assistant.hardware.probe import probe  # noqa: PLC0415

        before, like = moment(), self.wanted.like
        if like or self.wanted.model:
            path = self.model_file(stage)
            name = (SHAPES[like].catalogue_id or f"stand-in:{like}") if like else str(path)
            chosen: tuple[backends.Backend, ...] = (backends.Backend("cpu", name, path),)
            stage.notes.append("only the processor was measured: the accelerator has models of its own")
        else:
            chosen = backends.present(self.settings, select(self.settings).llm)
            if not chosen:
                self.model_file(stage)  # says what is missing
        with backends.service_of(self.settings) as service:
            chooser = Chooser(stage, self.settings, chosen, probe(), self.effort, service)
            chooser.measure()
        file = store(chooser, as_json(before), standin=bool(like))
        stage.notes.append(f"stored for '{backends.key(chosen)}' in {file}")

    def sustained(self, stage: Stage, seconds: float) -> None:
        from assistant.bench.sustained import measure_sustained  # noqa: PLC0415

        with self._model(stage) as model:
            advance = self.effort.progress.advance
            measure_sustained(stage, model, seconds, progress=lambda done, all_: advance(stage.name, "s", done, all_))

    def concurrency(self, stage: Stage, counts: list[int]) -> None:
        from assistant.bench.concurrency import measure_concurrency  # noqa: PLC0415

        path = self.model_file(stage)
        stage.engine, stage.model = "llama.cpp", path.name
        measure_concurrency(stage, path, counts, self.effort, threads=self.threads)

    def cloud(self, stage: Stage, where: Any, rtts: list[float]) -> None:  # noqa: ANN401 - cloud.Endpoint, see plan
        from assistant.bench.cloud import measure_cloud  # noqa: PLC0415

        if not (self.wanted.model or self.wanted.like or select(self.settings).llm.path):
            stage.notes.append("no language model is installed, so there is no local row; --like makes a stand-in")
            measure_cloud(stage, where, rtts, None, self.effort)
            return
        with self._model(stage) as model:
            measure_cloud(stage, where, rtts, model, self.effort)

    @property
    def threads(self) -> int:
        """Of the language model."""
        return self.wanted.threads or self.settings.thinking.threads

    @property
    def _cache(self) -> Path:
        return self.settings.paths.cache / "working-models.json"

    def _model(self, stage: Stage) -> Any:  # noqa: ANN401 - closing(TimedModel), a library that is imported late
        from contextlib import closing  # noqa: PLC0415

        from assistant.bench.stopwatch import TimedModel  # noqa: PLC0415

        path, context = self.model_file(stage), self.settings.thinking.context
        model = TimedModel(path, threads=self.threads, context=context, cache=self._cache)
        stage.engine, stage.model = "llama.cpp", model.name
        stage.facts |= {"threads": self.threads, "file": path.name}
        return closing(model)

    def model_file(self, stage: Stage) -> Path:
        """--model, the stand-in of --like (made once, kept in the cache), or the model that answers here."""
        if self.wanted.model is not None:
            return self.wanted.model
        if self.wanted.like is None:
            choice = select(self.settings).llm
            if choice.path is None and not choice.problem:
                raise AssistantError(
                    "no language model is installed; 'assistant models pull ID' gets one, and --like qwen2.5-0.5b "
                    "makes a stand-in that is as fast"
                )
            return choice.require()
        path = standin(self.settings, self.wanted.like, self.wanted.kind or "Q4_K_M", self.tell)
        stage.notes.append(
            f"{path.name} is a stand-in with random weights: its speed is the model's, its words are not"
        )
        return path


def standin(settings: Settings, like: str, kind: str, tell: Callable[[str], None]) -> Path:
    """The stand-in in the cache; made when it is not there."""
    from assistant.bench.quantise import known_kind  # noqa: PLC0415
    from assistant.bench.standin import make_standin, shape_of  # noqa: PLC0415

    shape, kind = shape_of(like), known_kind(kind)
    path = settings.paths.cache / "stand-ins" / f"stand-in-{shape.name}-{kind}.gguf"
    if not path.exists():
        make_standin(shape, kind, path, tell=tell)
        tell(f"kept for the next time: {path}")
    return path
