"""The card's settings become the program's, whatever stands there and whenever the power fails."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import load_settings
from assistant.errors import AssistantError
from assistant.firstboot.apply import Applier, Places
from assistant.firstboot.secrets import censored
from assistant.firstboot.settings import as_settings, as_toml, understand
from assistant.firstboot.text import read
from assistant.update.machine import replace
from tests.update.simulated import File, PowerCut, Simulated

PLACES = Places(Path("/boot/assistant.toml"), Path("/data"), Path("/cache"), Path("/iwd"))
TOLD = Path("/told")
GOOD = """\
name = "Nabu"
wake_word = "Hey, Jarvis"
volume = 40
units = "imperial"
time_zone = "Europe/London"
place = "Leeds"
[wifi]
network = "Home Net"
password = "correct horse"
[hub]
url = "http://hub.local:8123"
token = "abc-long-token"
"""


@pytest.fixture
def device() -> Simulated:
    return blank()


def blank(seed: int = 1) -> Simulated:
    sim = Simulated.shipped(seed, {"1.0.0": (b"boot", b"system")}, "1.0.0", 512)
    sim.names, sim.safe_names = {}, {}
    return sim


def edit(sim: Simulated, text: str | bytes) -> None:
    """The card in a computer's reader."""
    data = text if isinstance(text, bytes) else text.encode()
    sim.names[PLACES.card] = sim.safe_names[PLACES.card] = File(data, data)


def start(sim: Simulated) -> list[str]:
    return Applier(sim, sim, sim, lambda text: replace(sim, TOLD, text.encode()), PLACES).apply()


def settings(sim: Simulated) -> dict[str, Any]:
    return tomllib.loads((sim.read(PLACES.settings) or b"").decode())


def card(sim: Simulated) -> str:
    return (sim.read(PLACES.card) or b"").decode()


def test_good_settings_are_taken_over_and_secrets_leave_the_card(device):
    edit(device, GOOD)
    assert start(device) == []
    assert settings(device) == {
        "name": "Nabu",
        "wake": {"phrases": ["hey jarvis"]},
        "audio": {"volume": 40},
        "place": {"units": "imperial", "time_zone": "Europe/London", "name": "Leeds"},
        "hub": {"url": "http://hub.local:8123", "token_file": "/data/secrets/hub-token"},
        "speaking": {"welcome": True},
        "paths": {"data": "/data", "cache": "/cache"},
    }
    assert device.read(PLACES.secret("hub.token")) == b"abc-long-token"
    assert device.read(PLACES.wifi / "Home Net.psk") == b"[Security]\nPassphrase=correct horse\n"
    assert "correct horse" not in card(device)
    assert "abc-long-token" not in card(device)
    assert read(card(device)).values["wifi"] == {"network": "Home Net", "password": "set"}
    assert len(card(device)) == len(GOOD)
    assert device.read(PLACES.problems) is None
    assert device.read(TOLD) is None


def start_as(sim: Simulated, version: str) -> object:
    """A start of another version, which reads the card anew; what its settings say of the welcome."""
    Applier(sim, sim, sim, lambda _: None, PLACES, version=version).apply()
    return settings(sim)["speaking"]["welcome"]


@pytest.mark.parametrize(
    ("kept", "welcomed"),
    [
        ('[wake]\nphrases = ["alexa"]\n', False),  # from a version that knew no welcome
        ("[speaking]\nspeed = 1.1\n", False),
        ("[speaking]\nwelcome = false\n", False),
        ("[speaking]\nwelcome = true\n", True),  # the database knows whether it was played
        ("not = [toml", True),
        (None, True),
    ],
)
def test_an_update_does_not_welcome_those_who_are_at_home(device, kept, welcomed):
    edit(device, GOOD)
    if kept is not None:
        replace(device, PLACES.settings, kept.encode())
    assert [start_as(device, version) for version in ("2.0", "2.1")] == [welcomed, welcomed]
    edit(device, "[speaking]\nwelcome = true\n")
    assert start_as(device, "2.1") is True


def test_nothing_happens_until_the_card_changes_and_set_keeps_the_secrets(device):
    edit(device, GOOD)
    start(device)
    before = device.steps
    assert start(device) == []
    assert device.steps == before
    edit(device, card(device).replace("40", "55"))
    assert start(device) == []
    assert settings(device)["audio"] == {"volume": 55}
    assert device.read(PLACES.secret("hub.token")) == b"abc-long-token"
    edit(device, card(device).replace('token = "set"', 'token = ""').replace("Home Net", "Other"))
    assert "none is kept for this network" in start(device)[0]
    assert device.read(PLACES.secret("hub.token")) is None
    assert device.read(PLACES.wifi / "Home Net.psk") is None


def test_mistakes_are_told_and_the_rest_counts(device):
    edit(
        device, GOOD.replace("volume = 40", "volume = 140").replace("time_zone", "time_zon").replace("Jarvis", "Jarvi")
    )
    problems = start(device)
    assert len(problems) == 3
    assert "'wake_word': nothing listens for 'hey jarvi'; did you mean 'hey jarvis'?" in problems
    assert "there is no 'time_zon'; did you mean 'time_zone'?" in problems
    assert any(problem == "'volume': must be at most 100 (there stands 140)" for problem in problems)
    assert settings(device)["name"] == "Nabu"
    written = (device.read(PLACES.problems) or b"").decode()
    assert all(f"- {problem}\r\n" in written for problem in problems)
    assert (
        (device.read(TOLD) or b"").decode().startswith("There are 3 mistakes in the settings on the card. The first:")
    )
    edit(device, 'name = "Nabu"\n')
    assert start(device) == []
    assert device.read(PLACES.problems) is None


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("volume", -1, "must be at least 0 (there stands -1)"),
        ("volume", "loud", 'must be a whole number (there stands "loud")'),
        ("volume", 12.5, "must be a whole number (there stands 12.5)"),
        ("name", 7, "must be a text in quotation marks (there stands 7)"),
        ("units", "miles", 'must be "metric" or "imperial" (there stands "miles")'),
        ("quiet_hours", "x", 'quiet hours are two times of the 24-hour clock, such as 22:00-7:00 (there stands "x")'),
        ("time_zone", "X", "no time zone is called 'X'; use a name such as Europe/London (there stands \"X\")"),
        ("hub.url", "hub.local", 'an address begins with http:// or https:// (there stands "hub.local")'),
        ("latitude", "north", 'must be a number (there stands "north")'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words(key, value, said):
    section, _, name = key.rpartition(".")
    (problem,) = understand({section: {name: value}} if section else {key: value}).problems
    assert problem == f"'{key}': {said}"


def test_a_card_without_the_file_gets_one(device):
    assert start(device) == []
    assert 'wake_word = "okay nabu"' in card(device)
    assert settings(device)["wake"] == {"phrases": ["okay nabu"]}


def test_a_factory_s_file_names_the_defaults_and_no_mistake():
    text = (Path(__file__).parents[2] / "assistant/firstboot/assistant.toml").read_text()
    wanted = understand(read(text).values)
    assert wanted.problems == []
    assert as_settings(wanted.settings) == as_settings({})


@pytest.mark.parametrize(
    "key", ["paths.data", "cloud.token_command", "hub.token_file", "service.door", "cloud.client_key"]
)
def test_a_card_names_no_file_and_no_program_of_the_device(key):
    section, _, name = key.partition(".")
    wanted = understand({section: {name: "/bin/sh"}})
    assert wanted.settings == {}
    assert wanted.problems == [f"'{key}' belongs to the device and cannot be set here"]


def test_a_model_that_is_not_there_is_passed_over():
    wanted = understand({"voice": "nobody", "volume": 5}, lambda settings: f"{settings.speaking.model}: not installed")
    assert (wanted.settings, wanted.problems) == ({"audio.volume": 5}, ["'voice': nobody: not installed"])


def test_a_full_data_partition_leaves_the_settings_from_before(device):
    edit(device, GOOD)
    start(device)
    edit(device, GOOD.replace("Nabu", "Robot"))
    device.full = True
    with pytest.raises(AssistantError, match="those from before count"):
        start(device)
    assert settings(device)["name"] == "Nabu"


@pytest.mark.parametrize("known", [True, False])
def test_a_card_that_cannot_be_read_changes_nothing(device, monkeypatch, known):
    edit(device, GOOD)
    if known:
        start(device)
    whole = device.read

    def read_error(path: Path) -> bytes | None:
        if path == PLACES.card:
            raise OSError(5, "Input/output error")
        found: bytes | None = whole(path)
        return found

    monkeypatch.setattr(device, "read", read_error)
    (problem,) = start(device)
    assert "cannot be used" in problem
    assert settings(device).get("name") == ("Nabu" if known else None)
    assert (device.read(PLACES.secret("hub.token")) is not None) == known


def test_the_power_fails_before_every_step():
    old = GOOD.replace("Nabu", "Before").replace("abc-long-token", "the-old-token")
    device = blank()
    edit(device, old)
    start(device)
    first = device.steps
    edit(device, GOOD)
    start(device)
    count = device.steps - first
    assert count > 15
    for at in range(count):
        for seed in range(5):
            device = blank(seed)
            edit(device, old)
            start(device)
            edit(device, GOOD)
            device.cut_at = device.steps + at
            with pytest.raises(PowerCut):
                start(device)
            device.cut_at = None
            assert settings(device)["name"] in {"Before", "Nabu"}  # never a part of either
            assert start(device) == []
            assert settings(device)["name"] == "Nabu"
            assert device.read(PLACES.secret("hub.token")) == b"abc-long-token"
            assert device.read(PLACES.wifi / "Home Net.psk") == b"[Security]\nPassphrase=correct horse\n"
            assert read(card(device)).values["hub"]["token"] == "set"
            assert "abc-long" not in card(device)


KEYS = st.text(max_size=8) | st.sampled_from(["volume", "wake_word", "audio", "place", "wifi"])
INNER = st.sampled_from(["volume", "network", "units", "x"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
FLAT = SCALARS | st.lists(SCALARS, max_size=3)
TABLES = st.dictionaries(INNER, FLAT | st.dictionaries(INNER, FLAT, max_size=3), max_size=3)


@given(st.dictionaries(KEYS, FLAT | TABLES, max_size=5))
def test_whatever_stands_there_the_settings_are_good(values):
    wanted = understand(values)
    assert as_settings(through_the_file(wanted.settings)) is not None


def through_the_file(settings: dict[str, Any]) -> dict[str, Any]:
    """Through the file and back, as dotted keys."""
    values = tomllib.loads(as_toml(settings))
    return {
        f"{key}.{inner}" if isinstance(value, dict) else key: found
        for key, value in values.items()
        for inner, found in (value.items() if isinstance(value, dict) else [("", value)])
    }


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=4, max_size=30))
def test_a_secret_is_gone_or_it_is_said_that_it_is_not(secret):
    data = f"[hub]\ntoken = '''{secret}'''\nurl = \"x\"\n".encode()
    found = read(data.decode()).values.get("hub", {}).get("token")
    if not isinstance(found, str):
        return
    new = censored(data, {"hub.token": found})
    assert new is None or (
        found not in new.decode() and read(new.decode()).values["hub"] == {"token": "set", "url": "x"}
    )


def test_the_file_that_is_written_is_one_that_the_program_reads(device, tmp_path):
    edit(device, GOOD.replace("Nabu", 'N\\"ab\\\\u'))
    start(device)
    (tmp_path / "assistant.toml").write_bytes(device.read(PLACES.settings) or b"")
    assert load_settings(tmp_path / "assistant.toml").name == 'N"ab\\u'
