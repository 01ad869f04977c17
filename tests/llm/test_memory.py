from pathlib import Path

import pytest

from assistant.bench.shapes import SHAPES
from assistant.errors import ModelError
from assistant.llm import llamacpp, memory
from assistant.llm.gguf import Header, read_header
from assistant.llm.llamacpp import LlamaCppModel
from assistant.llm.memory import cache_bytes, ensure_fits, free_bytes, needed_bytes
from scripts.make_tiny_gguf import HEADS, KV_HEADS, LAYERS, WIDTH


def header(name: str) -> Header:
    shape = SHAPES[name]
    return Header(
        shape.architecture, name, "t", shape.context, 1, shape.layers, shape.width // shape.heads * shape.kv_heads
    )


@pytest.mark.parametrize(("name", "kib"), [("qwen2.5-0.5b", 12), ("qwen2.5-1.5b", 28), ("llama-3.2-1b", 32)])
def test_the_cache_of_a_token(name: str, kib: int) -> None:
    assert cache_bytes(header(name), 1) == kib * 1024


def test_the_sizes_come_from_the_file(tiny: Path) -> None:
    found = read_header(tiny)
    assert (found.layers, found.kv_width) == (LAYERS, WIDTH // HEADS * KV_HEADS)


def test_a_file_that_tells_no_sizes_counts_by_its_length() -> None:
    assert needed_bytes(Header("x", "x", "t", 0, 1), 1000, 2048) == 1000 + memory.BUFFERS


def test_one_byte_decides(tiny: Path) -> None:
    found = read_header(tiny)
    least = needed_bytes(found, tiny.stat().st_size, 2048) + memory.RESERVE
    ensure_fits(tiny, found, 2048, free=least)
    with pytest.raises(ModelError, match=r"needs about \d+ MB with 2048 tokens") as failure:
        ensure_fits(tiny, found, 2048, free=least - 1)
    assert "smaller model" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_it_names_what_fits(tiny: Path) -> None:
    asked: list[int] = []

    def instead(free: int) -> str:
        asked.append(free)
        return "assistant models pull smollm2-135m fits"

    with pytest.raises(ModelError, match="pull smollm2-135m fits"):
        ensure_fits(tiny, read_header(tiny), 2048, free=memory.RESERVE + 5, instead=instead)
    with pytest.raises(ModelError):
        ensure_fits(tiny, read_header(tiny), 2048, free=-5, instead=instead)
    assert asked == [5, 0]


def test_a_model_that_does_not_fit_is_not_even_tried(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*_: object, **__: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    monkeypatch.setattr(llamacpp, "ensure_loads", tried)
    with pytest.raises(ModelError, match="0 MB are free"):
        LlamaCppModel(tiny, threads=1)


@pytest.mark.parametrize(
    ("limit", "free"), [("1000000", 1_000_000 - 700_000 + 200_000), ("max", None), ("noise", None), ("", None)]
)
def test_a_services_limit_counts(tmp_path: Path, limit: str, free: int | None) -> None:
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 500000\ninactive_file 200000\n")
    found = free_bytes(tmp_path)
    assert found == free if free is not None else found > 10**7


def test_without_a_limit_it_is_the_machines() -> None:
    assert free_bytes(Path("/nonexistent")) > 10**7
    assert memory.resident_mb() > 10
