"""What all tests share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assistant.cli import main
from tests.simulators.hailo_platform import Card, install

# a crowded machine is slow, never wrong: no test may fail by the clock
settings.register_profile("assistant", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("assistant")

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The optional test corpora beside the checkout."""
    if not (CORPORA / "score.py").is_file():
        pytest.skip("skipped: no corpora")
    return CORPORA


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    """A simulated Hailo-10H with its library in place."""
    made = Card()
    install(monkeypatch, made)
    return made


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `assistant ARGS` in this process; (status, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["assistant", *map(str, arguments)])
        status = main()
        return (status, *capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and data of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        monkeypatch.delenv(name)
    for variable, part in (("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(variable, str(tmp_path / "xdg" / part))
