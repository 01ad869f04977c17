"""What questions can be looked up in: can it be read, and is the documents' index there?"""

from collections.abc import Iterator

from assistant.config import Settings
from assistant.doctor.check import Check, from_error
from assistant.errors import AssistantError


def checks(settings: Settings) -> Iterator[Check]:
    """One check for each archive that cannot be read, one for all others, one for the documents; none where nothing is
    set."""
    if not (settings.knowledge.archives or settings.knowledge.documents):
        return
    try:
        from assistant.knowledge.index import FILE, Index  # noqa: PLC0415 - a missing package is one failed check
        from assistant.knowledge.library import open_library  # noqa: PLC0415
    except ImportError as error:
        yield Check("local knowledge", "fail", f"a package is missing ({error})", "run scripts/setup")
        return
    library = open_library(settings)
    for problem in library.problems:
        detail, _, remedy = problem.partition("; ")
        yield Check("archive", "fail", detail, remedy)
    if library.archives:
        found = ", ".join(f"{archive.name} ({archive.articles} articles)" for archive in library.archives)
        yield Check("archives", "ok", found)
    if not settings.knowledge.documents:
        return
    try:
        index = Index(settings.paths.data / FILE)
        counts = index.counts()
        index.close()
    except AssistantError as error:
        yield from_error("documents", error)
        return
    detail = f"{counts.files} in {counts.passages} passages, {counts.vectors} of them with their meaning"
    if counts.problems:
        more = f"; {len(counts.problems)} cannot be read, the first: {counts.problems[0].partition('; ')[0]}"
        yield Check("documents", "warn", detail + more, "see: assistant knowledge status")
    else:
        yield Check("documents", "ok", detail)
