import json
from pathlib import Path

import pytest

from assistant.trial import fingerprint
from scripts.make_tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in model: it says one fixed sentence."""
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that remembers which models loaded, shared so that each is tried once."""
    return tmp_path_factory.mktemp("known") / "known.json"


def trust(path: Path, known: Path) -> Path:
    """Note `path` as a model that loaded before, which spares the test the child process."""
    noted = json.loads(known.read_text()) if known.exists() else {}
    known.write_text(json.dumps({**noted, str(path.resolve()): fingerprint(path)}))
    return path
