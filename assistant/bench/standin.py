"""Stand-in models: exactly the shape of a known model, random weights. They are as fast, and talk nonsense."""

import math
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.bench.quantise import quantise, writer_library
from assistant.bench.shapes import SHAPES, Shape
from assistant.bench.vocabulary import learn, vocabulary
from assistant.errors import AssistantError, UsageError

MERGES = 1200
"""Learnt from the sentences in this package: enough that its English takes about four letters a token."""

MARGIN_BYTES = 256 << 20
"""Disk that is left free."""

POOL = 1 << 24
"""Random numbers drawn once and laid out again and again: values do not matter for speed, drawing them all takes
minutes."""


def shape_of(like: str) -> Shape:
    """The shape called `like`. Raises UsageError naming those there are."""
    if like in SHAPES:
        return SHAPES[like]
    if like.startswith("piper"):
        raise UsageError(
            "a Piper stand-in is written by Piper's own exporter, which needs PyTorch; "
            "scripts/voice/standin.py makes one in an environment of its own"
        )
    raise UsageError(f"--like '{like}': unknown; there are {', '.join(SHAPES)}")


def weights(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every tensor, in file order."""
    width, narrow = shape.width, shape.width // shape.heads * shape.kv_heads
    yield "token_embd.weight", (shape.vocabulary, width)
    yield "output_norm.weight", (width,)
    if shape.rope_factors:
        yield "rope_freqs.weight", (width // shape.heads // 2,)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield f"{block}attn_norm.weight", (width,)
        yield f"{block}ffn_norm.weight", (width,)
        for name, size in (("q", width), ("k", narrow), ("v", narrow)):
            yield f"{block}attn_{name}.weight", (size, width)
            if shape.biases:
                yield f"{block}attn_{name}.bias", (size,)
        yield f"{block}attn_output.weight", (width, width)
        yield f"{block}ffn_gate.weight", (shape.feed, width)
        yield f"{block}ffn_up.weight", (shape.feed, width)
        yield f"{block}ffn_down.weight", (width, shape.feed)


def parameters(shape: Shape) -> int:
    """How many numbers the model has."""
    return sum(math.prod(size) for _, size in weights(shape))


def make_standin(
    shape: Shape, kind: str, out: Path, *, tell: Callable[[str], None] = lambda _: None, threads: int = 1
) -> Path:
    """Write `out`: a GGUF of `shape` with random weights, quantised to `kind` by llama.cpp ("F16": not quantised).

    Raises UsageError for a file that exists already, AssistantError when the disk is full or a part is missing.
    """
    gguf = writer_library()
    if out.exists():
        raise UsageError(f"{out}: exists already; name another --out or remove it")
    size = parameters(shape) * 2
    needed = size + (0 if kind == "F16" else size // 2) + MARGIN_BYTES
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(out.parent).free
    except OSError as error:
        raise AssistantError(f"{out.parent}: cannot be used ({error.strerror}); choose another --out") from error
    if free < needed:
        raise AssistantError(
            f"{out.parent}: has {free // 10**6} MB free, and a stand-in of {shape.name} needs {needed // 10**6} MB "
            "while it is made; free some or choose another --out"
        )
    whole = out.with_name(f".{out.name}.f16.partial")
    try:
        tell(f"writing {shape.name} with random weights ({size / 1e6:.0f} MB)")
        _write(gguf, shape, whole)
        if kind == "F16":
            whole.replace(out)
        else:
            tell(f"quantising to {kind}")
            quantise(whole, out, kind, threads=threads)
    except OSError as error:
        raise AssistantError(f"{out}: cannot be written ({error.strerror}); free some disk") from error
    finally:
        whole.unlink(missing_ok=True)
    return out


def _write(gguf: Any, shape: Shape, path: Path) -> None:  # noqa: ANN401 - the library has no types
    writer = gguf.GGUFWriter(path, shape.architecture)
    writer.add_name(f"stand-in of {shape.name} (random weights)")
    writer.add_description("Made to measure speed: right in every size, its words mean nothing.")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    merges = _merges()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(shape.pre)
    writer.add_token_list(vocabulary(shape.vocabulary, merges, shape.special))
    kinds = [gguf.TokenType.NORMAL] * shape.vocabulary
    for number in shape.special:
        kinds[number] = gguf.TokenType.CONTROL
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(shape.bos)
    writer.add_eos_token_id(shape.eos)
    writer.add_add_bos_token(shape.add_bos)
    writer.add_chat_template(shape.template)
    rng = np.random.default_rng(0)
    pool = rng.standard_normal(POOL if parameters(shape) > POOL else 1 << 18, dtype=np.float32).astype(np.float16)
    wanted = list(weights(shape))
    for name, size in wanted:
        kind = np.dtype(np.float16 if len(size) == 2 else np.float32)
        writer.add_tensor_info(name, size, kind, math.prod(size) * kind.itemsize)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name, size in wanted:
        writer.write_tensor_data(_values(name, size, shape, rng, pool))
    writer.close()


def _values(
    name: str, size: tuple[int, ...], shape: Shape, rng: np.random.Generator, pool: npt.NDArray[np.float16]
) -> npt.NDArray[Any]:
    if name.startswith("rope_freqs"):
        return _stretch(shape)
    if name.endswith(".bias"):
        return np.zeros(size, np.float32)
    if len(size) == 1:
        return np.ones(size, np.float32)
    begin = int(rng.integers(0, len(pool)))
    count = math.prod(size)
    drawn = np.resize(np.roll(pool, begin), count)
    return (drawn * np.float16(1 / math.sqrt(size[1]))).reshape(size)


def _stretch(shape: Shape) -> npt.NDArray[np.float32]:
    """Llama 3's factors a rotation frequency is divided by: none for fast ones, all for slow ones, between a blend."""
    assert shape.rope_factors is not None
    factor, low, high, original = shape.rope_factors
    half = shape.width // shape.heads // 2
    wavelengths = 2 * np.pi * shape.rope_base ** (np.arange(half) / half)
    turns = original / wavelengths
    blend = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / ((1 - blend) / factor + blend)).astype(np.float32)


@cache
def _merges() -> list[tuple[str, str]]:
    return learn(_texts(), MERGES)


def _texts() -> list[str]:
    """English of this package, to learn a tokenizer from."""
    found = [resources.files("assistant.texts").joinpath("en.toml").read_text(encoding="utf-8")]
    found.append(resources.files("assistant.llm").joinpath("prompt.py").read_text(encoding="utf-8"))
    sentences = resources.files("assistant.nlu").joinpath("sentences", "en")
    found += [entry.read_text(encoding="utf-8") for entry in sorted(sentences.iterdir(), key=lambda e: e.name)]
    return found
