"""Every stage of a turn, with its real engine and model: they are loaded here, one after the other."""

import importlib.metadata
from collections.abc import Callable, Iterator

from assistant.artifacts.catalogue import Kind, load_catalogue
from assistant.artifacts.recommend import instead
from assistant.artifacts.selection import Choice, Selection, Stage, select
from assistant.config import Settings
from assistant.doctor.check import Check, from_error
from assistant.errors import AssistantError

NAMES: dict[Stage, str] = {
    "wake": "wake word",
    "vad": "voice activity",
    "stt": "speech to text",
    "calls": "intent model",
    "tts": "text to speech",
    "llm": "language model",
    "embedding": "sentence embeddings",
}

_PACKAGES: dict[str, str] = {
    "microWakeWord": "pymicro-wakeword",
    "openWakeWord format": "onnxruntime",
    "Silero VAD": "onnxruntime",
    "Vosk": "vosk",
    "Piper": "piper-tts",
    "llama.cpp": "llama-cpp-python",
    "onnxruntime": "onnxruntime",
}


def checks(settings: Settings, *, load: bool = True) -> Iterator[Check]:
    """One check a stage. `load` False leaves the engines alone and looks at the files only."""
    try:
        selection = select(settings)
    except AssistantError as error:
        yield from_error("models", error)
        return
    loaders = _loaders(settings, selection) if load else {}
    for choice in selection:
        if choice.stage == "embedding" and choice.source == "none":
            continue  # understanding does without
        yield _stage(choice, loaders.get(choice.stage))


def _stage(choice: Choice, load: Callable[[], object] | None) -> Check:
    name = NAMES[choice.stage]
    if choice.problem:
        detail, _, remedy = choice.problem.partition("; ")
        return Check(name, "fail", detail, remedy)
    if choice.source == "none":
        return Check(name, "absent", choice.notice or "none installed", choice.improve)
    memory = ""
    if load is not None:
        try:
            held = load()
            memory = f", {held} MB of memory" if isinstance(held, int) else ""
        except AssistantError as error:
            return from_error(name, error, "choose another model: assistant models list")
        except ImportError as error:
            return Check(name, "fail", f"{choice.engine} cannot be loaded ({error})", "run scripts/setup")
    detail = f"{choice.engine} ({_package(choice.engine)}), {choice.title} ({choice.source}){memory}"
    if choice.notice:
        return Check(name, "warn", f"{detail}; {choice.notice}", choice.improve)
    return Check(name, "ok", detail, choice.improve)


def _package(engine: str) -> str:
    name = _PACKAGES[engine]
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name}, version unknown"


def _loaders(settings: Settings, selection: Selection) -> dict[Stage, Callable[[], object]]:
    """How each stage's engine is loaded for real; what is loaded is let go at once. Each imports its own library, so
    that one that is missing is one failed check."""
    tried = settings.paths.cache / "working-models.json"

    def wake() -> object:
        if settings.wake.openwakeword is not None:
            from assistant.wake.openwakeword import open_directory  # noqa: PLC0415

            return open_directory(settings.wake.openwakeword, threshold=settings.wake.threshold)
        from assistant.wake.micro import MicroWakeEngine  # noqa: PLC0415

        return MicroWakeEngine(settings.wake.phrases, threshold=settings.wake.threshold)

    def voice_activity() -> object:
        from assistant.audio.vad import SileroVad  # noqa: PLC0415

        return SileroVad(selection.vad.require())

    def hearing() -> object:
        from assistant.stt.vosk import VoskRecognizer  # noqa: PLC0415

        return VoskRecognizer(selection.stt.require(), cache=tried, patience=settings.limits.patience)

    def calls() -> object:
        from assistant.dialogue.tooling import embedded_tier  # noqa: PLC0415

        tier = embedded_tier(settings)
        tier.close()
        return tier

    def voice() -> object:
        from assistant.tts.piper import PiperVoice  # noqa: PLC0415

        return PiperVoice(selection.tts.require(), rate=settings.speaking.rate)

    def language_model() -> int:
        from assistant.llm import Message, memory  # noqa: PLC0415
        from assistant.llm.llamacpp import LlamaCppModel  # noqa: PLC0415

        path, before = selection.llm.require(), memory.resident_mb()
        model = LlamaCppModel(
            path,
            threads=settings.thinking.threads,
            context=settings.thinking.context,
            cache=tried,
            patience=settings.limits.patience,
            instead=lambda free: instead(load_catalogue(), Kind.LLM, free),
        )
        model.prepare([Message("user", "")])  # the weights come into memory when they are first used
        held = memory.resident_mb() - before
        model.close()
        return held

    return {"wake": wake, "vad": voice_activity, "stt": hearing, "calls": calls, "tts": voice, "llm": language_model}
