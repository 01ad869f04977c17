"""`assistant firstboot` on directories in place of partitions."""

import stat
import tomllib

import pytest

from assistant.live.notices import Notices


@pytest.fixture
def call(command, tmp_path):
    """Run `assistant firstboot ARGS` on this test's directories; (status, standard output, standard error)."""
    for name in ("boot", "data", "cache", "wifi", "run"):
        (tmp_path / name).mkdir()

    def run(job: str, *arguments: object) -> tuple[int, str, str]:
        places = [f"--{name}={tmp_path / name}" for name in ("data", "cache", "wifi")]
        if job == "apply":
            places += [f"--card={tmp_path / 'boot' / 'assistant.toml'}", f"--state={tmp_path / 'run'}"]
        found: tuple[int, str, str] = command("firstboot", job, *arguments, *places)
        return found

    return run


def test_the_card_is_applied_and_mistakes_are_left_for_the_voice(call, tmp_path):
    card = tmp_path / "boot" / "assistant.toml"
    card.write_text('name = "Nabu"\nvoice = "nobody"\n[wifi]\nnetwork = "Home"\npassword = "correct horse"\n'
                    '[cloud]\nurl = "http://far.example"\nmodel = "m"\n')  # fmt: skip
    status, out, _ = call("apply")
    assert status == 0
    assert [line.partition(":")[0] for line in out.splitlines()] == ["'voice'", "'cloud.url'"]
    settings = tomllib.loads((tmp_path / "data" / "assistant.toml").read_text())
    assert settings["name"] == "Nabu"
    assert settings["cloud"] == {"model": "m"}
    secret = tmp_path / "wifi" / "Home.psk"
    assert secret.read_text() == "[Security]\nPassphrase=correct horse\n"
    for path in (secret, tmp_path / "data" / "assistant.toml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "correct horse" not in card.read_text()
    assert (tmp_path / "boot" / "assistant-problems.txt").exists()
    ((name, text),) = Notices(tmp_path / "data").pending()
    assert name == "settings"
    assert text.startswith("There are 2 mistakes")
    assert call("apply") == (0, "", "")


@pytest.mark.parametrize(
    ("damage", "word"), [("lost", "forget everything"), ("emptied", "is gone"), ("repaired", "may be missing")]
)
def test_what_the_start_found_of_the_data_is_left_for_the_voice(call, tmp_path, damage, word):
    (tmp_path / "run" / f"assistant-data-{damage}").touch()
    assert call("apply")[0] == 0
    ((name, text),) = Notices(tmp_path / "data").pending()
    assert name == "data"
    assert word in text
    # the next start finds it and says nothing more, also after a reset
    assert (tmp_path / "data" / ".set-up").exists()
    call("reset", "--yes")
    assert (tmp_path / "data" / ".set-up").exists()


def test_lost_data_that_could_not_be_told_are_told_at_the_next_start(call, tmp_path):
    (tmp_path / "run" / "assistant-data-emptied").touch()
    (tmp_path / "data" / "notices").write_text("in the way")
    _, _, err = call("apply")
    assert "notices" in err
    assert not (tmp_path / "data" / ".set-up").exists()


def test_a_reset_forgets_and_says_so(call, tmp_path):
    (tmp_path / "data" / "assistant.db").write_text("x")
    (tmp_path / "wifi" / "Home.psk").write_text("x")
    status, _, _ = call("reset", "--yes")
    assert status == 0
    assert not (tmp_path / "data" / "assistant.db").exists()
    assert not (tmp_path / "wifi" / "Home.psk").exists()
    ((name, _),) = Notices(tmp_path / "data").pending()
    assert name == "reset"


def test_without_a_button_nothing_is_reset(call, tmp_path):
    (tmp_path / "data" / "assistant.db").write_text("x")
    status, out, _ = call("reset", "--if-button-held")
    assert (status, out) == (0, "")
    assert (tmp_path / "data" / "assistant.db").exists()


@pytest.mark.parametrize("job", ["apply", "reset"])
def test_a_machine_without_a_card_is_left_alone(command, tmp_path, job):
    places = [f"--{name}={tmp_path / 'none' / name}" for name in ("data", "cache", "wifi")]
    card = [f"--card={tmp_path / 'none' / 'boot' / 'assistant.toml'}"] if job == "apply" else ["--yes"]
    status, out, err = command("firstboot", job, *card, *places)
    assert (status, out) == (1, "")
    assert "for a flashed card" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "none").exists()
