from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assistant.bench.shapes import SHAPES, Shape
from assistant.bench.standin import make_standin

# a busy machine is no reason to fail
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_LLAMA = SHAPES["llama-3.2-1b"]

TINY = replace(
    _LLAMA,
    name="tiny",
    layers=2,
    width=256,
    feed=512,
    heads=4,
    kv_heads=2,
    vocabulary=4096,
    context=2048,
    special={4000 + place: token for place, token in enumerate(_LLAMA.special.values())},
    bos=4000,
    eos=4004,
    catalogue_id="",
)
"""A llama of two layers: made and run in milliseconds, by the same code as the large ones."""


@pytest.fixture(scope="session")
def shape() -> Shape:
    return TINY


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny stand-in in 16 bits."""
    return make_standin(TINY, "F16", tmp_path_factory.mktemp("standin") / "tiny-F16.gguf")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny stand-in, quantised by llama.cpp."""
    return make_standin(TINY, "Q4_K_M", tmp_path_factory.mktemp("standin") / "tiny-Q4_K_M.gguf")


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that remembers which models loaded, shared so that each is tried once."""
    return tmp_path_factory.mktemp("known") / "known.json"
