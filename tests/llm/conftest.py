import json
from pathlib import Path

import pytest

from assistant.bench.standin import make_standin
from assistant.trial import fingerprint
from scripts.make_tiny_gguf import write_tiny_gguf
from tests.bench.conftest import TINY


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in model: it says one fixed sentence."""
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that remembers which models loaded, shared so that each is tried once."""
    return tmp_path_factory.mktemp("known") / "known.json"


@pytest.fixture(scope="session")
def babbling(tmp_path_factory: pytest.TempPathFactory, known: Path) -> Path:
    """A model of random weights: it says anything, so whatever holds its words in form is what is tested."""
    return trust(make_standin(TINY, "Q8_0", tmp_path_factory.mktemp("gguf") / "babbling.gguf"), known)


def trust(path: Path, known: Path) -> Path:
    """Note `path` as a model that loaded before, which spares the test the child process."""
    noted = json.loads(known.read_text()) if known.exists() else {}
    known.write_text(json.dumps({**noted, str(path.resolve()): fingerprint(path)}))
    return path
