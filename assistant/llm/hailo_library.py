"""The vendor's `hailo_platform`: finding it, and its errors in words that a person can act on."""

import importlib
from typing import Any

from assistant.errors import ModelError


def library() -> tuple[Any, type[Exception]]:
    """The vendor's module and the class of its errors. Raises ModelError."""
    try:
        genai = importlib.import_module("hailo_platform.genai")
        error = importlib.import_module("hailo_platform.pyhailort").HailoRTException
    except (ImportError, AttributeError, OSError) as error:
        raise ModelError(
            f"hailo_platform cannot be loaded ({short(error)}); install python3-h10-hailort in the driver's version, "
            "and make the virtual environment with --system-site-packages"
        ) from error
    return genai, error


def needs_a_person(error: Exception) -> bool:
    """Waiting does not help against these."""
    return "VERSION" in str(error) or "IN_USE" in str(error) or "OUT_OF_PHYSICAL" in str(error)


def why_closed(error: Exception) -> str:
    text = str(error)
    if "VERSION" in text:
        return (
            f"the accelerator's driver, library and firmware are of different versions ({short(error)}); "
            "install all of them in one version and restart"
        )
    if "IN_USE" in text or "OUT_OF_PHYSICAL" in text:
        return (
            "another program holds the accelerator; stop it (hailo-ollama keeps the card to itself while a model is "
            "loaded)"
        )
    return f"the accelerator cannot be opened ({short(error)}); see: assistant doctor"


def short(error: Exception) -> str:
    """The first line of a library's message, of a length that a person reads."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:120]
