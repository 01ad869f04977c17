"""The Vosk engine's own library, without its Python package's command-line side.

Importing `vosk` also imports an HTTP client (it can download models). The core of this house has none, so the
library and its definitions are taken from the installed distribution directly. The layout relied on (a module
`vosk_cffi` with `ffi`, and `libvosk.so` beside it) is that of vosk 0.3.45, which is pinned.

Run as a program with a model directory it tries that model and leaves by status: 0 works, 3 the engine refused
it. A broken file can make the engine abort the whole process, which is why this is tried outside first. As a
program it has only the standard library and vosk to lean on.
"""

import importlib.util
import json
import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

SAMPLE_RATE = 16_000


class EngineError(Exception):
    """The engine refused what it was given."""


class _Engine(NamedTuple):
    ffi: Any
    library: Any


_lock = threading.Lock()


@lru_cache(maxsize=1)
def _engine() -> _Engine:
    with _lock:
        package = importlib.util.find_spec("vosk")
        if package is None or not package.submodule_search_locations:
            raise ImportError("the vosk package is not installed")
        home = Path(next(iter(package.submodule_search_locations)))
        definition = importlib.util.spec_from_file_location("_vosk_cffi", home / "vosk_cffi.py")
        if definition is None or definition.loader is None:
            raise ImportError("the vosk package holds no definitions")
        module = importlib.util.module_from_spec(definition)
        definition.loader.exec_module(module)
        library = module.ffi.dlopen(str(home / "libvosk.so"))
        library.vosk_set_log_level(-2)  # -1 still lets warnings through: partial word alignments make many
        return _Engine(module.ffi, library)


class NativeModel:
    """A loaded model. Any thread may make recognisers from it.

    Raises EngineError when the engine refuses the directory, ImportError or OSError when there is no engine.
    """

    def __init__(self, directory: str) -> None:
        self._engine = _engine()
        handle = self._engine.library.vosk_model_new(directory.encode())
        if handle == self._engine.ffi.NULL:
            raise EngineError("the engine cannot load this model")
        self._handle = self._engine.ffi.gc(handle, self._engine.library.vosk_model_free)

    def knows(self, word: str) -> bool:
        """Whether the vocabulary holds `word` exactly."""
        if "\0" in word:
            return False  # it would end the C string, and the word before it would be looked up
        # number 0 is "<eps>": in a grammar it makes the engine end the process
        return bool(self._engine.library.vosk_model_find_word(self._handle, word.encode("utf-8", "replace")) > 0)

    def recognizer(self, grammar: str = "") -> "NativeRecognizer":
        """A recogniser for one stream; `grammar` is a JSON list of phrases, "" for the model's own language."""
        library = self._engine.library
        if grammar:
            handle = library.vosk_recognizer_new_grm(self._handle, float(SAMPLE_RATE), grammar.encode())
        else:
            handle = library.vosk_recognizer_new(self._handle, float(SAMPLE_RATE))
        if handle == self._engine.ffi.NULL:
            raise EngineError("the engine cannot make a recogniser")
        library.vosk_recognizer_set_words(handle, 1)
        # the recogniser counts its own reference to the model, so either may be freed first
        return NativeRecognizer(self._engine, self._engine.ffi.gc(handle, library.vosk_recognizer_free))


class NativeRecognizer:
    """One stream being decoded. Blocking calls that let other Python threads run; one thread at a time."""

    def __init__(self, engine: _Engine, handle: object) -> None:
        self._engine = engine
        self._handle = handle

    def accept(self, pcm: bytes) -> bool:
        """Feed 16-bit little-endian samples; True when the engine closed a segment (`result` then holds it)."""
        state = self._engine.library.vosk_recognizer_accept_waveform(self._handle, pcm, len(pcm))
        if state < 0:
            raise EngineError("the engine failed on this sound")
        return bool(state)

    def partial(self) -> str:
        """The words of the open segment so far."""
        return str(self._read("vosk_recognizer_partial_result").get("partial", ""))

    def partial_words(self) -> list[dict[str, Any]]:
        """Those of them that are finished, as in `result`: the last ones may be missing."""
        self._engine.library.vosk_recognizer_set_partial_words(self._handle, 1)
        try:
            return list(self._read("vosk_recognizer_partial_result").get("partial_result", ()))
        finally:
            self._engine.library.vosk_recognizer_set_partial_words(self._handle, 0)

    def result(self) -> list[dict[str, Any]]:
        """The closed segment's words: "word", "start", "end" (seconds of the stream) and "conf"."""
        return list(self._read("vosk_recognizer_result").get("result", ()))

    def final(self) -> list[dict[str, Any]]:
        """Close the stream; the last segment's words."""
        return list(self._read("vosk_recognizer_final_result").get("result", ()))

    def _read(self, call: str) -> dict[str, Any]:
        # the engine owns the text and reuses it at the next call, so it is copied at once
        text = self._engine.ffi.string(getattr(self._engine.library, call)(self._handle))
        answer = json.loads(text.decode("utf-8", "replace"))
        return answer if isinstance(answer, dict) else {}


def try_model(directory: str) -> bool:
    """Load the model and let both kinds of recogniser run over a second of sound. False: the engine refused."""
    # a fixed saw-like signal is enough to run every layer, the search and the word alignment once
    sound = b"".join(((i * 7919) % 2001 - 1000).to_bytes(2, "little", signed=True) for i in range(SAMPLE_RATE))
    try:
        model = NativeModel(directory)
        for grammar in ("", json.dumps(["yes", "no", "[unk]"])):
            recognizer = model.recognizer(grammar)
            recognizer.accept(sound)
            recognizer.final()
    except EngineError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(0 if try_model(sys.argv[1]) else 3)
