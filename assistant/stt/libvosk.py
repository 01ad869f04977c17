"""The Vosk engine's own library, without its Python package's command-line side.

Importing `vosk` also imports an HTTP client (it can download models). The core of this house has none, so the
library and its definitions are taken from the installed distribution directly. The layout relied on (a module
`vosk_cffi` with `ffi`, and `libvosk.so` beside it) is that of vosk 0.3.45, which is pinned.

Run as a program with a model directory it tries that model and leaves by status: 0 works, 3 the engine refused
it. A broken file can make the engine abort the whole process, which is why this is tried outside first.
"""

import importlib.util
import json
import sys
import threading
from pathlib import Path
from typing import Any

_lock = threading.Lock()
_loaded: tuple[Any, Any] | None = None


def load() -> tuple[Any, Any]:
    """(ffi, library) of the installed vosk, its own log silenced. Loaded once a process.

    Raises ImportError or OSError when the distribution is missing or does not fit this machine.
    """
    global _loaded  # noqa: PLW0603 - one library a process
    with _lock:
        if _loaded is None:
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
            library.vosk_set_log_level(-1)
            _loaded = (module.ffi, library)
        return _loaded


def try_model(directory: str) -> bool:
    """Load the model and let both kinds of recogniser run over a second of noise. False: the engine refused."""
    ffi, library = load()
    model = library.vosk_model_new(directory.encode())
    if model == ffi.NULL:
        return False
    # a fixed saw-like signal is enough to run every layer, the search and the word alignment once
    sound = b"".join(((i * 7919) % 2001 - 1000).to_bytes(2, "little", signed=True) for i in range(16_000))
    for grammar in (None, json.dumps(["yes", "no", "[unk]"])):
        recognizer = (
            library.vosk_recognizer_new(model, 16_000.0)
            if grammar is None
            else library.vosk_recognizer_new_grm(model, 16_000.0, grammar.encode())
        )
        if recognizer == ffi.NULL:
            return False
        library.vosk_recognizer_set_words(recognizer, 1)
        if library.vosk_recognizer_accept_waveform(recognizer, sound, len(sound)) < 0:
            return False
        json.loads(ffi.string(library.vosk_recognizer_final_result(recognizer)).decode())
        library.vosk_recognizer_free(recognizer)
    return True


if __name__ == "__main__":
    sys.exit(0 if try_model(sys.argv[1]) else 3)
