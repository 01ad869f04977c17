import os
import shutil
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.bench import standin
from assistant.bench.quantise import kinds, known_kind, quantise
from assistant.bench.shapes import SHAPES
from assistant.bench.standin import make_standin, parameters, shape_of
from assistant.bench.vocabulary import byte_letters, learn, spelled, vocabulary
from assistant.errors import AssistantError, UsageError
from assistant.llm.gguf import read_header


@pytest.mark.parametrize(
    ("name", "count"),
    # what the makers' files hold; llama-3.2-1b's 32 factors for stretched positions are no weights there
    [("qwen2.5-0.5b", 494_032_768), ("qwen2.5-1.5b", 1_543_714_304), ("llama-3.2-1b", 1_235_814_400 + 32)],
)
def test_a_shape_has_exactly_the_published_number_of_weights(name, count):
    assert parameters(SHAPES[name]) == count


def test_a_standin_is_loadable_and_named_as_one(small):
    header = read_header(small)
    assert header.architecture == "llama"
    assert header.name == "stand-in of tiny (random weights)"
    assert "start_header_id" in header.template


def test_the_quantiser_is_the_engines(small, whole):
    assert small.stat().st_size < 0.5 * whole.stat().st_size
    assert list(small.parent.iterdir()) == [small]  # nothing half made is left


@pytest.mark.parametrize("like", ["qwen", "", "piper-medium"])
def test_an_unknown_shape_is_one_line(like):
    with pytest.raises(UsageError) as error:
        shape_of(like)
    assert "\n" not in str(error.value)
    assert ("PyTorch" if like.startswith("piper") else "qwen2.5-0.5b") in str(error.value)


def test_a_full_disk_is_noticed_before_anything_is_written(shape, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(AssistantError, match="has 0 MB free, and a stand-in of tiny needs"):
        make_standin(shape, "Q4_K_M", tmp_path / "new" / "x.gguf")
    assert list(tmp_path.rglob("*.gguf*")) == []


def test_a_file_that_is_there_is_never_replaced(shape, tmp_path):
    path = tmp_path / "x.gguf"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        make_standin(shape, "Q4_K_M", path)
    assert path.read_text() == "mine"


def test_without_the_writing_library_there_is_one_line(shape, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(AssistantError, match="needs the package 'gguf'"):
        make_standin(shape, "Q4_K_M", tmp_path / "x.gguf")


def test_what_breaks_half_way_leaves_nothing(shape, tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(standin, "quantise", full)
    with pytest.raises(AssistantError, match="No space left on device"):
        make_standin(shape, "Q4_K_M", tmp_path / "x.gguf")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_used_is_named(shape, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssistantError, match="cannot be used"):
        make_standin(shape, "F16", tmp_path / "file" / "x.gguf")


def test_types_are_the_engines(tmp_path, small):
    assert {"Q4_K_M", "Q4_0", "Q8_0", "F16", "F32"} <= set(kinds())
    assert known_kind("q4_k_m") == "Q4_K_M"
    with pytest.raises(UsageError, match="no such type"):
        known_kind("Q99")
    with pytest.raises(AssistantError, match="cannot quantise"):
        quantise(small, tmp_path / "again.gguf", "Q8_0")  # quantised already
    assert list(tmp_path.iterdir()) == []


def test_llama_3_stretches_slow_positions_only():
    factors = standin._stretch(SHAPES["llama-3.2-1b"])
    assert factors.shape == (32,)
    assert (factors[0], factors[-1]) == (1.0, 32.0)
    assert all(low <= high for low, high in pairwise(factors))


@given(st.lists(st.text(max_size=40), max_size=8), st.integers(0, 30))
def test_every_merge_is_made_of_tokens_that_exist(texts, count):
    merges = learn(texts, count)
    assert len(merges) <= count
    known = set(byte_letters().values())
    for first, second in merges:
        assert {first, second} <= known
        known.add(first + second)


@given(st.integers(400, 3000))
def test_a_vocabulary_has_exactly_the_size_and_no_token_twice(size):
    merges = learn(["turn on the light and the other light"], 20)
    special = {size - 1: "<|end|>", size - 5: "<|begin|>"}
    tokens = vocabulary(size, merges, special)
    assert len(tokens) == size
    assert Counter(tokens).most_common(1)[0][1] == 1
    assert all(tokens[number] == token for number, token in special.items())
    assert set(byte_letters().values()) <= set(tokens)


def test_a_vocabulary_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="no room"):
        vocabulary(200, [], {})
    with pytest.raises(ValueError, match="no room"):
        vocabulary(300, [], {400: "<|end|>"})


def test_frequent_pairs_come_first_and_spaces_belong_to_words():
    merges = learn(["the the the then", "the cat"], 3)
    assert "".join(merges[-1]) in {spelled(" the"), spelled("the")}


def test_a_shape_that_has_biases_writes_them(shape, tmp_path):
    made = make_standin(
        replace(shape, architecture="qwen2", biases=True, rope_factors=None), "F16", tmp_path / "q.gguf"
    )
    assert read_header(made).tensors == 2 + 2 * 12
