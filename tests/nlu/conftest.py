"""One loaded Understanding for the room's tests: loading takes half a second, understanding a few milliseconds."""

from datetime import UTC, datetime

import pytest

from assistant.clock import ManualClock
from assistant.nlu.home import load_home
from assistant.nlu.names import Names
from assistant.nlu.understanding import Understanding

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture(scope="session")
def understanding():
    names = Names(timers=("pasta", "eggs"), lists=("shopping", "to do"))
    return Understanding(load_home(None), names=lambda: names, clock=ManualClock(NOW))
