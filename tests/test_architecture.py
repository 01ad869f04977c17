"""The house's plan, read from the import statements themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant

PACKAGE = Path(assistant.__file__).parent

COMMON = {"errors", "files", "clock", "config", "texts", "workers", "trial"}
"""What every room may use."""

MAY_IMPORT = {
    "audio": set(),
    "wake": {"audio"},
    "stt": {"audio"},
    # understanding takes the recogniser's result type and its pronunciations for sounds-like matching
    "nlu": {"stt", "audio"},
    "skills": {"nlu", "store", "observers", "events"},
    "store": set(),
    "llm": set(),
    # numbers in questions as figures; the one way to open an ONNX file
    "knowledge": {"nlu", "audio"},
    "tts": {"audio"},
    "hardware": {"events"},
    "service": {"events", "observers"},
    "artifacts": {"stt"},
    "routing": {"nlu", "store"},
    "update": set(),
    # what the card's settings name must exist: wake words, models, addresses
    "firstboot": {"update", "wake", "hardware", "artifacts", "egress"},
    "egress": {"routing", "artifacts", "skills", "service"},
    # one turn knows the rooms it goes through, and neither devices nor who put it together
    "dialogue": {
        "audio",
        "stt",
        "nlu",
        "skills",
        "llm",
        "knowledge",
        "egress",
        "routing",
        "tts",
        "artifacts",
        "events",
        "turn",
    },
    "observers": {"audio", "store", "events"},
}

HTTP_CLIENTS = {"httpx", "requests", "urllib.request", "http.client", "aiohttp", "websockets", "urllib3", "websocket"}
SOCKETS = {"socket"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), path


def imported(path: Path) -> Iterator[str]:
    """Dotted names of everything a module imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def matches(name: str, libraries: set[str]) -> bool:
    return any(name == library or name.startswith(library + ".") for library in libraries)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_the_plan_allows(room: str) -> None:
    strangers = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "assistant" or len(parts) < 2:
                continue
            if parts[1] not in MAY_IMPORT[room] | COMMON | {room}:
                strangers.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not strangers


def test_only_the_door_imports_a_network_client() -> None:
    strangers = [
        f"{name} imports {what}"
        for name, path in modules()
        if not name.startswith(("egress/", "bench/"))
        for what in imported(path)
        if matches(what, HTTP_CLIENTS)
    ]
    assert not strangers


def test_modules_fit_in_the_head() -> None:
    long = {name: lines for name, path in modules() if (lines := len(path.read_text().splitlines())) > 400}
    assert not long
