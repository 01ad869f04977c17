"""`assistant models` as its users call it: output, exit status, and Ctrl-C at any point."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.artifacts.catalogue import load_catalogue
from assistant.artifacts.embedded import models_root
from assistant.cli import cli
from assistant.clock import SystemClock
from assistant.composition.outdoors import door_socket
from assistant.config import load_settings
from assistant.egress.purse import Purse
from assistant.egress.settings import door_settings
from assistant.routing.door import DoorProcess
from assistant.routing.ledger import Ledger
from tests.artifacts.fault_server import FaultServer, serve
from tests.artifacts.samples import content, sha256, zipped

WEIGHTS = content(100_000)
ARCHIVE = zipped({"am/final.mdl": content(50_000, 2)})


def catalogue_toml(url: str) -> str:
    common = (
        'licence = "CC0-1.0"\nram_mb = 1\ndisk_mb = 1\nrank = 50\nrecommended_for = [1, 2, 4, 8, 16]\nevidence = "ours"'
    )
    return f"""version = 1
[[model]]
id = "thinker"
kind = "llm"
title = "Thinker"
{common}
licence_note = "Made here."
main = "a.gguf"
[[model.files]]
name = "a.gguf"
urls = ["{url}/a.gguf"]
bytes = {len(WEIGHTS)}
sha256 = "{sha256(WEIGHTS)}"
[[model.files]]
name = "b.json"
urls = ["{url}/b.json"]
bytes = 2
sha256 = "{sha256(b"{}")}"
[[model]]
id = "hearer"
kind = "stt"
title = "Hearer"
{common}
archive = {{ format = "zip", root = "model", max_bytes = 100000 }}
[[model.files]]
name = "model.zip"
urls = ["{url}/model.zip"]
bytes = {len(ARCHIVE)}
sha256 = "{sha256(ARCHIVE)}"
"""


@pytest.fixture
def server():
    with serve({"/a.gguf": WEIGHTS, "/b.json": b"{}", "/model.zip": ARCHIVE}) as running:
        yield running


@pytest.fixture
def place(server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of our own beside the real embedded models, and an empty data directory."""
    real = models_root()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "catalogue.toml").write_text(catalogue_toml(server.url))
    (tmp_path / "models" / "embedded").symlink_to(real / "embedded")
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_PATHS__CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


@pytest.fixture
def models(command, place):
    return lambda *words: command("models", *words)


def installed(place: Path) -> list[str]:
    base = place / "data" / "models"
    return sorted(p.name for p in base.iterdir() if not p.name.startswith(".")) if base.exists() else []


def test_list(models):
    status, out, _ = models("list")
    assert status == 0
    for text in (
        "What runs",
        "Vosk",
        "embedded voice",
        "thinker *",
        "absent",
        "CC0-1.0",
        "assistant models pull thinker",
    ):
        assert text in out


def test_list_as_json(models):
    status, out, _ = models("list", "--json")
    found = json.loads(out)
    assert status == 0
    assert {row["stage"]: row["source"] for row in found["stages"]} == {
        "wake": "package", "vad": "embedded", "stt": "embedded", "calls": "embedded", "tts": "embedded",
        "llm": "none", "embedding": "none",
    }  # fmt: skip
    assert [(row["id"], row["state"], row["recommended"]) for row in found["models"]] == [
        ("thinker", "absent", True),
        ("hearer", "absent", True),
    ]


def test_pull_says_what_comes_and_installs_it(models, place):
    status, out, err = models("pull", "thinker")
    assert (status, err) == (0, "")
    assert out.startswith("thinker: Thinker, 0 MB, licence: CC0-1.0\n  Made here.\n")
    assert installed(place) == ["thinker"]
    stage = next(row for row in json.loads(models("list", "--json")[1])["stages"] if row["stage"] == "llm")
    assert (stage["model"], stage["source"]) == ("thinker", "installed")


def test_pull_recommended_takes_one_a_stage(models, place):
    assert models("pull", "--recommended")[0] == 0
    assert installed(place) == ["hearer", "thinker"]
    status, out, _ = models("pull", "--recommended")
    assert (status, out) == (0, "Every stage already has a model as good as the recommended one.\n")


def test_one_failure_does_not_stop_the_others(models, place, server):
    del server.files["/a.gguf"]
    status, _, err = models("pull", "thinker", "hearer")
    assert status == 1
    assert err.startswith("assistant: thinker: a.gguf could not be fetched: ")
    assert "answers 404" in err
    assert err.count("\n") == 1
    assert installed(place) == ["hearer"]


@pytest.mark.parametrize(
    "words", [["pull"], ["pull", "thinker", "--recommended"], ["nosuch"], ["remove"], ["pull", "-x"]]
)
def test_wrong_use(models, words):
    status, _, err = models(*words)
    assert status == 2
    assert err.startswith("assistant: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["pull", "nosuch"], ["verify", "nosuch"], ["remove", "nosuch"]])
def test_unknown_ids(models, words):
    assert models(*words)[::2] == (
        1,
        "assistant: 'nosuch' is not in the catalogue; known models: thinker, hearer\n",
    )


def test_verify(models, place):
    models("pull", "thinker", "hearer")
    status, out, _ = models("verify")
    assert status == 0
    assert "embedded hearing: ok\n" in out
    assert "thinker: ok\nhearer: ok\n" in out
    (place / "data/models/hearer/am/final.mdl").write_bytes(content(50_000, 3))
    status, out, _ = models("verify")
    assert status == 1
    assert "final.mdl: does not match its checksum" in out
    assert models("verify", "thinker")[0] == 0
    rows = json.loads(models("verify", "hearer", "--json")[1])
    assert [row["ok"] for row in rows] == [False]


def test_import(models, place, server):
    stick = place / "stick"
    stick.mkdir()
    (stick / "model.zip").write_bytes(ARCHIVE)
    (stick / "a.gguf").write_bytes(WEIGHTS)
    status, out, err = models("import", str(stick))
    assert (status, out) == (1, "hearer: installed\n")
    assert "b.json is missing beside its other files" in err
    (stick / "b.json").write_bytes(b"{}")
    assert models("import", str(stick))[0] == 0
    assert installed(place) == ["hearer", "thinker"]
    assert server.requests == []
    assert models("import", str(place / "none"))[0] == 1


def test_remove(models, place):
    models("pull", "thinker")
    status, out, _ = models("remove", "thinker")
    assert (status, out) == (0, "thinker: removed, 0 MB are free again\n")
    assert installed(place) == []
    assert models("remove", "thinker")[0] == 1


@pytest.mark.parametrize("words", [["list", "--json"], ["pull", "thinker"]])
def test_no_command_loads_an_http_client(place, server, words):
    """Not even fetching: that is the door's, in its own process."""
    code = (
        f"import sys; from assistant.cli import main; sys.argv = ['assistant', 'models', *{words!r}]; main();"
        "sys.exit(any(name in sys.modules for name in ('httpx', 'requests', 'urllib3', 'aiohttp')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert bool(server.requests) == (words[0] == "pull")


def test_the_running_assistants_door_is_used(models, place):
    """Two doors on one ledger would each think the other's calls interrupted."""
    settings = load_settings()
    process = DoorProcess(door_settings(settings).to_json(), door_socket(settings))
    process.ensure()
    try:
        assert models("pull", "thinker")[0] == 0
        assert sorted(path.name for path in (place / "data" / "door").glob("*.sock")) == ["door.sock"]
    finally:
        process.close()


def test_every_download_is_in_the_ledger(models, place):
    models("pull", "thinker")
    entries = Ledger(place / "data" / "door", SystemClock()).entries()
    assert [(entry.kind, entry.facts["host"]) for entry in entries] == [("download", "127.0.0.1")] * 2


def test_nothing_is_asked_while_offline(models, place, server):
    (place / "data" / "door").mkdir(parents=True)
    Purse(place / "data" / "door", SystemClock(), day=0.0, month=0.0).offline = True
    status, _, err = models("pull", "thinker")
    assert status == 1
    assert "was told to stay offline" in err
    assert server.requests == []


def test_a_ledger_that_cannot_be_written_means_nothing_leaves(models, place, server):
    (place / "data" / "door").mkdir(parents=True)
    (place / "data" / "door" / "ledger.db").write_bytes(b"no database" * 100)
    status, _, err = models("pull", "thinker")
    assert status == 1
    assert "ledger.db: cannot be used" in err
    assert server.requests == []


def test_help_names_every_command():
    shown = CliRunner().invoke(cli, ["models", "--help"]).output
    assert all(name in shown for name in ("list", "pull", "verify", "import", "remove", "rebuild-graph"))


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def heed_ctrl_c() -> None:
    """A shell that runs the tests in the background lets them, and so their children, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin(words: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "assistant", "models", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - no thread of this test runs yet
    )  # fmt: skip


def while_connecting(server: FaultServer) -> None:
    server.fault, server.faults = "stall-head", 1


def in_the_first_body(server: FaultServer) -> None:
    server.fault, server.faults = "stall", 1


@pytest.mark.parametrize("prepare", [while_connecting, in_the_first_body])
def test_ctrl_c_leaves_nothing_half(place, server, models, prepare):
    prepare(server)
    running = begin(["pull", "thinker"])
    try:
        assert (server.served if prepare is in_the_first_body else server.asked).wait(60)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    assert err.strip() == "stopped"
    assert installed(place) == []
    assert list((place / "data/models/.staging").iterdir()) == []
    came = sum(part.stat().st_size for part in (place / "data/models/.downloads").iterdir())
    assert models("pull", "thinker")[0] == 0
    assert installed(place) == ["thinker"]
    assert server.requests[1] == ("/a.gguf", f"bytes={came}-" if came else "")


def test_a_kill_leaves_nothing_half(place, server, models):
    server.fault, server.faults = "stall", 1
    running = begin(["pull", "hearer"])
    assert server.served.wait(60)
    running.kill()
    running.communicate(timeout=60)
    assert installed(place) == []
    assert models("pull", "hearer")[0] == 0
    assert installed(place) == ["hearer"]


def test_the_real_catalogue_lists(command, monkeypatch, tmp_path):
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_PATHS__CACHE", str(tmp_path / "cache"))
    status, out, _ = command("models", "list", "--json")
    assert status == 0
    assert {row["id"] for row in json.loads(out)["models"]} == {entry.id for entry in load_catalogue().model}
