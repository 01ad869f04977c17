"""Writes docs/configuration.md from the settings themselves. With --check it only says whether the page is true."""

import ast
import inspect
import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from assistant import config

PAGE = Path(__file__).resolve().parent.parent / "docs/configuration.md"

INTRO = """# Settings

<!-- written by scripts/configuration_page.py from assistant/config.py -->

One TOML file, and the environment. The first file that exists counts: `--config FILE`, `$ASSISTANT_CONFIG`,
`~/.config/assistant/assistant.toml`, `/etc/assistant/assistant.toml`. None is needed. A variable
`ASSISTANT_SECTION__KEY` (for example `ASSISTANT_AUDIO__VOLUME=50`) stands above the file. An unknown key or a wrong
type is refused with one line that names it; nothing is ever half-read.
"""


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The string under each field of a class, joined to one line."""
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            found[name] = " ".join(str(node.value.value).split())
            name = ""
    return found


def default(model: type[BaseModel], name: str) -> str:
    """The default as TOML would show it; prose where it depends on the machine."""
    field = model.model_fields[name]
    if field.default is PydanticUndefined:
        return {"data": "the user's data directory", "cache": "the user's cache directory"}.get(
            name, "one fewer than the cores"
        )
    value = field.default
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(str(item) if isinstance(item, int) else f'"{item}"' for item in value) + "]`"
    return f'`"{value}"`' if isinstance(value, str | Path) else f"`{value}`"


def page() -> str:
    """The whole page."""
    parts = [INTRO]
    top = docstrings(config.Settings)
    rows = [f"| `{name}` | {default(config.Settings, name)} | {text} |" for name, text in top.items()]
    parts.append("## At the top\n\n| key | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    for name, field in config.Settings.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            continue
        rows = [f"| `{key}` | {default(section, key)} | {text} |" for key, text in docstrings(section).items()]
        title = f"## `[{name}]`\n\n{inspect.getdoc(section)}\n\n"
        parts.append(title + "| key | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def main() -> int:
    if "--check" in sys.argv:
        return 0 if PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
