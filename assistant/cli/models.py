"""`assistant models`: what runs each stage, and how models come, are checked and go."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from assistant.artifacts import own_words
from assistant.artifacts.catalogue import Entry, load_catalogue
from assistant.artifacts.embedded import MARKS, embedded_set
from assistant.artifacts.marks import Marks
from assistant.artifacts.port import Downloader
from assistant.artifacts.recommend import memory_mb, read_speeds, recommended
from assistant.artifacts.selection import Selection, select
from assistant.artifacts.store import Status, Step, Store
from assistant.cli import Group, home_option, json_option, settings_of
from assistant.composition.outdoors import borrow_door
from assistant.config import Settings
from assistant.egress.client import EgressClient
from assistant.errors import ModelError, UsageError

PHASES = {"fetch": "fetching", "copy": "copying", "check": "checking", "unpack": "unpacking"}


@click.group(cls=Group)
def models() -> None:
    """Speech, voice and language models: list, pull, verify, import, remove."""


def open_store(settings: Settings, downloader: Downloader | None = None) -> Store:
    """The store of these settings; only with a `downloader` can it fetch."""
    marks = Marks(settings.paths.cache / MARKS)
    return Store(settings.paths.models, load_catalogue(), downloader=downloader, marks=marks)


@models.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> int:
    """What runs each stage, what else is installed, and what can be had."""
    settings = settings_of(context)
    selection, statuses = select(settings), open_store(settings).status()
    memory = memory_mb()
    wanted = {entry.id for entry in recommended(load_catalogue(), memory, read_speeds(settings))}
    if as_json:
        click.echo(json.dumps(_list_json(selection, statuses, memory, wanted), ensure_ascii=False, indent=1))
        return 0
    console = Console()
    console.print(_stage_table(selection))
    for choice in selection:
        for line in filter(None, (choice.problem, choice.notice)):
            console.print(f"{choice.stage}: {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(_catalogue_table(statuses, wanted))
    better = [choice.improve for choice in selection if choice.improve]
    if better:
        console.print("What would be better:", *better, sep="\n  ", markup=False, highlight=False, soft_wrap=True)
    return 0


def _list_json(selection: Selection, statuses: Iterable[Status], memory: int, wanted: set[str]) -> dict[str, object]:
    return {
        "memory_mb": memory,
        "stages": [
            {
                "stage": choice.stage, "engine": choice.engine, "model": choice.id, "title": choice.title,
                "source": choice.source, "path": None if choice.path is None else str(choice.path),
                "ram_mb": choice.ram_mb, "licence": choice.licence, "problem": choice.problem,
                "notice": choice.notice, "improve": choice.improve,
            }
            for choice in selection
        ],
        "models": [
            {
                "id": status.entry.id, "kind": status.entry.kind.value, "title": status.entry.title,
                "state": _state(status), "problem": status.problem, "licence": status.entry.licence,
                "licence_note": status.entry.licence_note, "redistributable": status.entry.redistributable,
                "ram_mb": status.entry.ram_mb, "disk_mb": status.entry.disk_mb,
                "download_bytes": status.entry.download_bytes, "partial_bytes": status.partial_bytes,
                "recommended": status.entry.id in wanted,
            }
            for status in statuses
        ],
    }  # fmt: skip


def _state(status: Status) -> str:
    if status.problem:
        return "damaged"
    if status.installed:
        return "installed" if status.installed.current else "older"
    return "begun" if status.partial_bytes else "absent"


def _stage_table(selection: Selection) -> Table:
    table = Table(title="What runs", title_justify="left", box=SIMPLE)
    for name in ("stage", "engine", "model", "from", "RAM, MB", "licence"):
        table.add_column(name, overflow="fold")
    for choice in selection:
        if choice.source == "none" and not choice.improve:
            continue  # nothing runs there and nothing known would
        source = "broken" if choice.problem else choice.source
        table.add_row(choice.stage, choice.engine, choice.title, source, str(choice.ram_mb or ""), choice.licence)
    return table


def _catalogue_table(statuses: Iterable[Status], wanted: set[str]) -> Table:
    table = Table(title="Catalogue (* recommended for this machine)", title_justify="left", box=SIMPLE)
    table.add_column("id", no_wrap=True)
    for name in ("for", "state", "MB to fetch", "MB of RAM", "licence"):
        table.add_column(name, overflow="fold")
    for status in statuses:
        entry = status.entry
        mark = " *" if entry.id in wanted else ""
        size = f"{entry.download_bytes / 1e6:.0f}"
        table.add_row(entry.id + mark, entry.kind.value, _state(status), size, str(entry.ram_mb), entry.licence)
    return table


@models.command()
@click.argument("ids", nargs=-1)
@click.option("--recommended", "best", is_flag=True, help="One model a stage that suits this machine.")
@click.pass_context
def pull(context: click.Context, ids: tuple[str, ...], best: bool) -> int:
    """Fetch the models IDS from their publishers, check and install them. Interrupted, it continues next time."""
    settings = settings_of(context)
    if bool(ids) == best:
        raise UsageError("say which models: assistant models pull ID... or assistant models pull --recommended")
    with ExitStack() as stack:
        # only the door may reach a network, and only once there is something to fetch
        lazy = _LazyDoor(lambda: stack.enter_context(borrow_door(settings)))
        store = open_store(settings, lazy)
        chosen = [store.entry(model_id) for model_id in dict.fromkeys(ids)]
        if best:
            chosen = _worth_fetching(settings, store)
            if not chosen:
                click.echo("Every stage already has a model as good as the recommended one.")
        return 1 if [entry for entry in chosen if not _pull(store, entry)] else 0


def _pull(store: Store, entry: Entry) -> bool:
    """Fetch one model; a failure is told and the others go on."""
    _introduce(entry)
    try:
        with _bar() as report:
            installed = store.pull(entry.id, report)
    except ModelError as error:
        click.echo(f"assistant: {error}", err=True)
        return False
    click.echo(f"{entry.id}: installed in {installed.directory} ({installed.bytes / 1e6:.0f} MB)")
    return True


class _LazyDoor:
    """Implements `artifacts.port.Downloader`; the door is opened at the first address that is asked."""

    def __init__(self, open_door: Callable[[], EgressClient]) -> None:
        self._open, self._door = open_door, None  # type: Callable[[], EgressClient], EgressClient | None

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        """See `artifacts.port.Downloader.fetch`."""
        if self._door is None:
            self._door = self._open()
        self._door.fetch(url, part, total=total, limit=limit, progress=progress)


def _worth_fetching(settings: Settings, store: Store) -> list[Entry]:
    """The recommended models, without those whose stage has a sound one of the same rank or a higher."""
    wanted = recommended(load_catalogue(), memory_mb(), read_speeds(settings))
    if not wanted:
        raise ModelError("the catalogue has no model for a machine with so little memory; see assistant models list")
    there = [s.entry for s in store.status() if s.installed is not None and s.installed.current and not s.problem]
    return [e for e in wanted if not any(t.kind is e.kind and t.rank >= e.rank for t in there)]


def _introduce(entry: Entry) -> None:
    click.echo(f"{entry.id}: {entry.title}, {entry.download_bytes / 1e6:.0f} MB, licence: {entry.licence}")
    if entry.licence_note:
        click.echo(f"  {entry.licence_note}")


@models.command()
@click.argument("model_id", metavar="[ID]", required=False)
@json_option
@click.pass_context
def verify(context: click.Context, model_id: str | None, as_json: bool) -> int:
    """Read every file of the installed models (or of ID) again and compare it with its checksum."""
    settings = settings_of(context)
    store = open_store(settings)
    results: list[tuple[str, str]] = []
    if model_id is None:
        found = embedded_set()
        results += [(f"embedded {part}", _problem(found.verify, part)) for part in found.parts()]
        ids = [status.entry.id for status in store.status() if status.installed or status.problem]
    else:
        ids = [store.entry(model_id).id]
    results += [(name, _problem(store.verify, name)) for name in ids]
    if as_json:
        rows = [{"model": name, "ok": not problem, "problem": problem} for name, problem in results]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for name, problem in results:
            click.echo(f"{name}: {problem or 'ok'}")
    return 1 if any(problem for _, problem in results) else 0


def _problem(check: Callable[[str], object], name: str) -> str:
    try:
        check(name)
    except ModelError as error:
        return str(error)
    return ""


@models.command("import")
@click.argument("directory", type=click.Path(path_type=Path))
@click.pass_context
def import_(context: click.Context, directory: Path) -> int:
    """Install the models whose files, as published, lie in DIRECTORY (a stick, say). No network is needed."""
    store = open_store(settings_of(context))
    with _bar() as report:
        done = store.import_dir(directory, report)
    for model_id in done.ids:
        click.echo(f"{model_id}: installed")
    for problem in done.problems:
        click.echo(f"assistant: {problem}", err=True)
    return 1 if done.problems else 0


@models.command()
@click.argument("model_id", metavar="ID")
@click.pass_context
def remove(context: click.Context, model_id: str) -> int:
    """Remove an installed model, or what was fetched of it."""
    freed = open_store(settings_of(context)).remove(model_id)
    click.echo(f"{model_id}: removed, {freed / 1e6:.0f} MB are free again")
    return 0


@models.command("rebuild-graph")
@click.argument("words", nargs=-1)
@click.option("--forget", is_flag=True, help="Go back to the embedded model's own vocabulary.")
@home_option
@click.pass_context
def rebuild_graph(context: click.Context, words: tuple[str, ...], forget: bool, home: Path | None) -> int:
    """Teach the embedded hearing model the words of your rooms, devices and sentence files, and WORDS. Seconds."""
    settings = settings_of(context, home)
    if forget:
        there = own_words.forget(settings.paths.data)
        click.echo("The embedded hearing model runs again." if there else "No own words were there to forget.")
        return 0
    from assistant.composition.engines import load_understanding  # noqa: PLC0415 - this command alone needs the sentences
    from assistant.stt.graph import missing_words, rebuild  # noqa: PLC0415

    base = embedded_set(settings.paths.cache)
    understanding = load_understanding(settings)
    wanted = understanding.vocabulary() | {word for text in words for word in text.lower().split()}
    new = sorted(missing_words(base.verify("hearing"), wanted))
    sentences = [phrase.split() for phrase in understanding.own_phrases()]
    if not new and not sentences:
        click.echo("The embedded hearing model knows every word already.")
        return 0
    made = own_words.make(settings.paths.data, base, new, partial(rebuild, extra_sentences=sentences))
    if made:
        click.echo(f"Learnt {len(made)} words: {', '.join(sorted(made))}")
    if sentences:
        click.echo(f"Expects your own sentences now ({len(sentences)} examples of them).")
    return 0


@contextmanager
def _bar() -> Iterator["_Report"]:
    """A progress bar on a terminal; nothing in a log or a pipe, where the lines before and after say enough."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield _Report(progress)


class _Report:
    """Turns steps into bars, one for each file and phase."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __call__(self, step: Step) -> None:
        key = (step.file, step.phase)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{PHASES[step.phase]} {step.file}", total=step.total)
        self._progress.update(self._tasks[key], completed=step.done, total=step.total)
