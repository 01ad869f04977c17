import pytest

from tests.skills.device import Device


def test_volume(device: Device):
    volume = device.skills.preferences
    assert device.text("VolumeStatus") == "The volume is at 70 percent."
    reply = device.say("VolumeSet", level=40)
    assert (volume.volume, reply.earcon) == (40, "volume")
    device.say("VolumeUp")
    assert volume.volume == 50
    device.say("VolumeDown", step=30)
    assert volume.volume == 20
    device.say("Undo")
    assert volume.volume == 50
    device.restart()
    assert device.skills.preferences.volume == 50


def test_the_ends(device: Device):
    device.say("VolumeSet", level=100)
    assert device.text("VolumeUp") == "That's as loud as I can be."
    device.say("VolumeDown", step=99)
    assert device.skills.preferences.volume == 5
    assert "mute" in device.text("VolumeDown")
    for level in (-1, 101, 1e300):
        assert device.say("VolumeSet", level=level).outcome == "refused"
    assert device.say("VolumeSet", level="loud").asks == "level"
    assert device.skills.preferences.volume == 5


def test_mute_keeps_the_loudness(device: Device):
    device.say("Mute")
    assert device.skills.preferences.muted
    assert "muted" in device.text("VolumeStatus")
    assert "70" in device.text("Unmute")
    device.say("VolumeSet", level=0)
    assert (device.skills.preferences.muted, device.skills.preferences.volume) == (True, 70)
    device.say("VolumeUp")
    assert (device.skills.preferences.muted, device.skills.preferences.volume) == (False, 80)


def test_listeners_hear_of_changes(device: Device):
    heard: list[str] = []
    device.skills.preferences.listeners.append(heard.append)
    device.say("VolumeSet", level=30)
    assert heard == ["volume", "muted"]


def test_chance_is_fair_enough(device: Device):
    coins = [device.text("CoinFlip").lower() for _ in range(200)]
    assert 60 < sum("heads" in coin for coin in coins) < 140
    dice = {device.text("DiceRoll").strip(".").split()[-1] for _ in range(200)}
    assert dice == set("123456")
    assert device.text("DiceRoll", count=2, sides=8).count("together") == 1
    numbers = [int(device.text("RandomNumber", low=3, high=5).strip(".?").split()[-1]) for _ in range(100)]
    assert set(numbers) == {3, 4, 5}


@pytest.mark.parametrize("slots", [{"count": 10**9}, {"sides": 1}, {"count": 0}, {"sides": -6}])
def test_no_such_dice(device: Device, slots: dict[str, int]):
    assert device.text("DiceRoll", **slots) == "I have up to 20 dice with 2 to 1000 sides."


def test_a_random_number_between_any_two(device: Device):
    assert device.text("RandomNumber", low=9, high=9).strip(".?").endswith("9")
    assert device.say("RandomNumber", high=1e300).outcome == "refused"
