"""The owner's sentence files and the words of this home: are they sound, and can they be heard?"""

from collections.abc import Iterator

from assistant.artifacts.selection import select
from assistant.clock import SystemClock
from assistant.config import Settings
from assistant.doctor.check import Check, from_error
from assistant.errors import AssistantError
from assistant.nlu.home import load_home
from assistant.nlu.names import no_names
from assistant.nlu.own_files import load_skills
from assistant.nlu.understanding import Understanding
from assistant.stt.graph import missing_words

_LETTERS = {"am", "pm"}
"""Heard as two letters each."""

_SHOWN = 8
"""Words named in the report."""


def checks(settings: Settings) -> Iterator[Check]:
    """One check for each sentence file with a mistake, one for all others, one for the vocabulary."""
    own = load_skills(settings.paths.skills)
    for problem in own.problems:
        detail, _, remedy = problem.partition("; ")
        yield Check("own sentences", "fail", detail, remedy)
    if own.files:
        names = ", ".join(file.path.stem for file in own.files)
        yield Check("own sentences", "ok", f"{names} ({settings.paths.skills})")
    try:
        understanding = Understanding(
            load_home(settings.paths.home), names=no_names, clock=SystemClock(), language=settings.language, own=own
        )
        wanted = understanding.vocabulary(courtesy=False) - _LETTERS
        missing = sorted(missing_words(select(settings).stt.require(), wanted))
    except AssistantError as error:
        yield from_error("vocabulary", error)
        return
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        detail = f"{len(missing)} words of your rooms, devices and sentences cannot be heard: {shown}"
        yield Check("vocabulary", "warn", detail, "teach them: assistant models rebuild-graph")
    else:
        yield Check("vocabulary", "ok", "every word of your rooms, devices and sentences can be heard")
