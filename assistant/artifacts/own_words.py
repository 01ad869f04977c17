"""The embedded hearing model with the owner's own words: names of rooms, devices and lists it was not built with.

`<data>/hearing/model/` is a copy of the embedded model with a larger graph, `SHA256SUMS` seals it, `base` says which
embedded model it was made from: after an update it is made again, and until then the embedded one runs.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from assistant.artifacts.embedded import SUMS, EmbeddedSet, read_sums
from assistant.artifacts.marks import Marks, sha256_of
from assistant.errors import ModelError

PART = "model"
BASE = "base"
REMEDY = "make it again: assistant models rebuild-graph"


def identity(base: EmbeddedSet) -> str:
    """Tells one embedded hearing model from another: a hash over its files' hashes."""
    lines = sorted(f"{digest}  {name}" for name, digest in base.sums.items() if name.startswith("hearing/"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def find(data: Path, base: EmbeddedSet, marks: Marks) -> Path | None:
    """The verified model with own words under the data directory, None when none was made.

    Raises ModelError when it is damaged or was made from another embedded model.
    """
    directory = data / "hearing"
    if not directory.is_dir():
        return None
    try:
        made_from = (directory / BASE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{directory / BASE}: cannot be read; {REMEDY}") from error
    if made_from != identity(base):
        raise ModelError(f"{directory}: was made from an older hearing model; {REMEDY}")
    try:
        return EmbeddedSet(directory, read_sums(directory), marks).verify(PART)
    except ModelError as error:
        raise ModelError(f"{str(error).partition('; ')[0]}; {REMEDY}") from error


def make(
    data: Path, base: EmbeddedSet, words: Iterable[str], rebuild: Callable[[Path, Iterable[str], Path], set[str]]
) -> set[str]:
    """Make the model with `words` and put it in place of an earlier one; returns the words that were new.

    `rebuild` is `stt.graph.rebuild`. Raises ModelError; an earlier model stays as it was then.
    """
    source = base.verify("hearing")
    try:
        data.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(dir=data, prefix=".hearing."))
    except OSError as error:
        raise ModelError(f"{data}: {error.strerror}; check the directory's permissions") from error
    try:
        staged.chmod(0o755)
        new = rebuild(source, words, staged / PART)
        files = sorted(path for path in (staged / PART).rglob("*") if path.is_file())
        sums = "".join(f"{sha256_of(path)}  {path.relative_to(staged).as_posix()}\n" for path in files)
        (staged / SUMS).write_text(sums, encoding="utf-8")
        (staged / BASE).write_text(identity(base) + "\n", encoding="utf-8")
        final = data / "hearing"
        if final.exists():
            final.rename(staged / "earlier")
        staged.rename(final)
        shutil.rmtree(final / "earlier", ignore_errors=True)
    except OSError as error:
        raise ModelError(f"{error.filename or data}: {error.strerror}; free some space and try again") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return new


def forget(data: Path) -> bool:
    """Go back to the embedded model; whether there was one with own words."""
    directory = data / "hearing"
    if not directory.is_dir():
        return False
    shutil.rmtree(directory)
    return True
