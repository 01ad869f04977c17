"""What `assistant bench --choose` decided, for whoever loads the language model. Reads one small file."""

import json

from assistant.artifacts.recommend import SPEEDS
from assistant.config import Settings


def chosen_threads(settings: Settings, model_id: str) -> int | None:
    """Threads that were measured to be best for this model here; None when nobody has measured."""
    try:
        known = json.loads((settings.paths.data / SPEEDS).read_text(encoding="utf-8"))
        threads = known["choice"][model_id]["threads"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return threads if isinstance(threads, int) and 1 <= threads <= 64 else None
