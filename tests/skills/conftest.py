import pytest

from tests.skills.device import Device


@pytest.fixture
def device() -> Device:
    """A device in Berlin on Saturday, 21 November 2026, 5 pm, whose clock is kept by the network."""
    return Device()
