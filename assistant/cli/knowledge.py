"""`assistant knowledge`: what questions can be looked up in, its index, and a look-up by hand."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assistant.artifacts.selection import select
from assistant.cli import Group, json_option, settings_of
from assistant.config import Settings
from assistant.errors import AssistantError, StoreError, UsageError

_STEPS = {"read": "reading documents", "embed": "working out meanings"}


@click.group(cls=Group)
def knowledge() -> None:
    """Archives and documents to look things up in: index, search, status."""


def _settings(context: click.Context) -> Settings:
    settings = settings_of(context)
    if not (settings.knowledge.archives or settings.knowledge.documents):
        raise UsageError(
            "nothing to look things up in is set; name archives or documents in the settings under [knowledge] "
            "(docs/knowledge.md)"
        )
    return settings


@knowledge.command()
@json_option
@click.option("--rebuild", is_flag=True, help="Begin anew instead of reading what has changed.")
@click.pass_context
def index(context: click.Context, as_json: bool, rebuild: bool) -> int:
    """Read new and changed documents into the index. It can be stopped at any time and goes on where it was.

    Exit status 1 when a document could not be read; the others are in the index all the same.
    """
    from assistant.knowledge.embedding import Embedder  # noqa: PLC0415 - large libraries
    from assistant.knowledge.index import FILE, Index  # noqa: PLC0415
    from assistant.knowledge.indexing import be_polite, build, only_builder  # noqa: PLC0415

    settings = _settings(context)
    if not settings.knowledge.documents:
        raise UsageError("there are no documents to index: knowledge.documents is empty; archives need no index")
    be_polite()
    model, path = select(settings).embedding.path, settings.paths.data / FILE
    embedder = Embedder(model) if model else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with only_builder(path), bars:
        if rebuild:
            _remove(path)
        tasks = {step: bars.add_task(title, total=None, visible=False) for step, title in _STEPS.items()}
        opened = Index(path, write=True)
        try:
            built = build(
                opened,
                settings.knowledge.documents,
                embedder,
                lambda far: bars.update(tasks[far.step], completed=far.done, total=far.whole, visible=far.whole > 0),
            )
            counts = opened.counts()
        finally:
            opened.close()
    if as_json:
        click.echo(json.dumps({**asdict(built), "files": counts.files, "passages": counts.passages}))
    else:
        click.echo(
            f"{built.read} read, {built.unchanged} unchanged, {built.forgotten} forgotten; "
            f"{counts.files} documents in {counts.passages} passages, {counts.vectors} of them with their meaning"
        )
        if embedder is None:
            click.echo("by words alone; assistant models pull minilm-l6 adds finding by meaning")
    for problem in built.problems:
        click.echo(f"assistant: {problem}", err=True)
    return 1 if built.problems else 0


def _remove(path: Path) -> None:
    try:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror}); check paths.data") from error


@knowledge.command()
@click.argument("question")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True, help="Passages at most.")
@json_option
@click.pass_context
def search(context: click.Context, question: str, limit: int, as_json: bool) -> int:
    """Look QUESTION up: passages with the chance that each answers it. Exit status 1 when none is found."""
    from assistant.knowledge.library import open_library  # noqa: PLC0415

    settings = _settings(context)
    library = open_library(settings, select(settings).embedding.path)
    found = library.search(question, limit)
    library.close()
    if as_json:
        rows = [{"score": round(p.score, 3), "text": p.text, **asdict(p.source)} for p in found]
        click.echo(json.dumps({"question": question, "passages": rows}, ensure_ascii=False, indent=1))
    else:
        for passage in found:
            source = passage.source
            title = f", {source.title}" if source.title else ""
            click.echo(f"{100 * passage.score:3.0f} %  {source.name}{title}  ({source.place})\n       {passage.text}")
    for problem in library.problems:
        click.echo(f"assistant: {problem}", err=True)
    if not found and not as_json:
        click.echo("nothing was found", err=True)
    return 0 if found else 1


@knowledge.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> int:
    """What can be looked up, and what cannot be read. Exit status 1 when something cannot."""
    from assistant.knowledge.index import FILE, Index  # noqa: PLC0415
    from assistant.knowledge.library import open_library  # noqa: PLC0415

    settings = _settings(context)
    library = open_library(settings)
    problems = list(library.problems)
    counts = None
    if settings.knowledge.documents:
        try:
            opened = Index(settings.paths.data / FILE)
            counts = opened.counts()
            opened.close()
            problems += counts.problems
        except AssistantError as error:
            problems.append(str(error))
    model = select(settings).embedding
    report = {
        "archives": [
            {
                "file": str(archive.path), "name": archive.name, "date": archive.date, "articles": archive.articles,
                "full_text": archive.searchable,
            }
            for archive in library.archives
        ],
        "documents": None if counts is None else {
            "folders": [str(folder) for folder in settings.knowledge.documents],
            "files": counts.files, "passages": counts.passages, "vectors": counts.vectors,
        },
        "embedding": model.id or None,
        "problems": problems,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
        return 1 if problems else 0
    for archive in library.archives:
        full = "" if archive.searchable else ", without an index: titles alone are found"
        click.echo(f"archive    {archive.name}, {archive.articles} articles, {archive.date or 'no date'}{full}")
        click.echo(f"           {archive.path}")
    if counts is not None:
        click.echo(f"documents  {counts.files} in {counts.passages} passages, {counts.vectors} with their meaning")
    click.echo(f"meanings   {model.title if model.path else 'by words alone; ' + (model.improve or 'no model')}")
    for problem in problems:
        click.echo(f"assistant: {problem}", err=True)
    return 1 if problems else 0
