"""llama.cpp's own quantiser, and the library that writes GGUF files."""

import ctypes
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, UsageError

PREFIX = "LLAMA_FTYPE_MOSTLY_"


def writer_library() -> Any:  # noqa: ANN401 - it has no types
    """The `gguf` package. Raises AssistantError when it is not installed."""
    try:
        import gguf  # noqa: PLC0415 - needed by this alone
    except ImportError as error:
        raise AssistantError(
            "writing model files needs the package 'gguf'; run: .venv/bin/pip install 'gguf>=0.17,<1'"
        ) from error
    return gguf


def kinds() -> dict[str, int]:
    """Quantisation types by name ("Q4_K_M"), as the engine numbers them; "F16" and "F32" are not quantised."""
    import llama_cpp  # noqa: PLC0415 - a large library

    found = {name.removeprefix(PREFIX): number for name, number in vars(llama_cpp).items() if name.startswith(PREFIX)}
    return {"F32": int(llama_cpp.LLAMA_FTYPE_ALL_F32), **{name: int(number) for name, number in found.items()}}


def known_kind(name: str) -> str:
    """`name` in the engine's spelling. Raises UsageError naming the usual ones."""
    if name.upper() not in kinds():
        raise UsageError(f"--type {name}: no such type; usual are Q4_K_M, Q4_0, Q5_K_M, Q6_K, Q8_0 and F16")
    return name.upper()


def quantise(source: Path, out: Path, kind: str, *, threads: int = 1, again: bool = False) -> Path:
    """Write `source` as `out` in the type `kind`; the file appears whole or not at all.

    `again` allows a source that is quantised already, which loses twice. Raises AssistantError when the engine
    refuses.
    """
    import llama_cpp  # noqa: PLC0415 - a large library

    import assistant.llm.llamacpp  # noqa: F401, PLC0415 - turns the engine's log off

    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = kinds()[known_kind(kind)]
    settings.nthread = threads
    settings.allow_requantize = again
    temporary = out.with_name(f".{out.name}.partial")
    try:
        status = llama_cpp.llama_model_quantize(str(source).encode(), str(temporary).encode(), ctypes.byref(settings))
        if status:
            raise AssistantError(f"{source}: llama.cpp cannot quantise this model to {kind}; try another type")
        temporary.replace(out)
    except OSError as error:
        raise AssistantError(f"{out}: cannot be written ({error.strerror}); free some disk") from error
    finally:
        temporary.unlink(missing_ok=True)
    return out
