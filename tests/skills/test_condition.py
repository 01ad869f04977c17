"""What the device says about its own heat and power."""

import pytest

from assistant.skills.kit import Health
from tests.skills.device import Device


@pytest.mark.parametrize(
    ("health", "heat", "slow"),
    [
        (Health(), "This machine doesn't tell me how warm it is.", "Nothing holds me back"),
        (Health(51.4), "My processor is at 51 degrees, which is fine.", "Nothing holds me back"),
        (
            Health(76.6, hot=True),
            "Yes, my processor is at 77 degrees, so I keep my answers short",
            "I'm hot, so I think",
        ),
        (Health(40.0, weak_supply=True), "at 40 degrees, which is fine", "My power supply is too weak"),
        (Health(86.0, hot=True, slowed=True), "at 86 degrees", "slowed itself down"),
    ],
)
def test_heat_and_power_are_told_as_measured(health: Health, heat: str, slow: str) -> None:
    device = Device(health=lambda: health)
    assert heat in device.text("DeviceHeat")
    assert slow in device.text("DeviceSlow")
