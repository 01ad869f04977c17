"""The header of a GGUF file, read before the engine sees it: what it is, and whether all of it is there.

Layout (little endian): magic "GGUF", version (2 or 3) u32, tensor count u64, key count u64; then the keys (name,
type u32, value), then the tensors (name, dimensions u32, sizes u64 each, type u32, offset u64), then, aligned, the
data. A string is its length as u64 and its UTF-8 bytes; an array its item type u32, its count u64 and the items.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54),
    35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Tensor type: (weights a block, bytes a block), of the ggml type table. Other types are left to the engine."""

_MOST = 1 << 20
"""More keys or tensors than this, or a longer name, is garbage (a 70B model has under 1000 of either)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says of itself."""

    architecture: str
    name: str
    template: str
    """The chat template, "" when there is none."""
    context: int
    """Tokens of context it was trained for; 0 when it does not say."""
    tensors: int
    layers: int = 0
    """0, as with `kv_width`, when it does not say."""
    kv_width: int = 0
    """Numbers a layer keeps of a token as its key, and as many as its value."""


class _Damaged(Exception):  # noqa: N818 - never leaves this file
    pass


class _Reader:
    """Reads values one after another; everything is checked against the file's end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def take(self, letters: str) -> Any:  # noqa: ANN401 - a number of the type asked for
        size = struct.calcsize("<" + letters)
        if self.at + size > len(self.data):
            raise _Damaged
        (value,) = struct.unpack_from("<" + letters, self.data, self.at)
        self.at += size
        return value

    def text(self) -> str:
        size = self.take("Q")
        if self.at + size > len(self.data):
            raise _Damaged
        self.at += size
        return self.data[self.at - size : self.at].decode("utf-8", "replace")

    def skip(self, kind: int, depth: int = 0) -> None:
        if kind in _SCALARS:
            self.at += struct.calcsize("<" + _SCALARS[kind])
        elif kind == _STRING:
            size = self.take("Q")
            self.at += size
        elif kind == _ARRAY and depth < 4:
            item, count = self.take("I"), self.take("Q")
            if item in _SCALARS:
                self.at += count * struct.calcsize("<" + _SCALARS[item])
            else:
                for _ in range(count):
                    self.skip(item, depth + 1)
        else:
            raise _Damaged
        if self.at > len(self.data):
            raise _Damaged

    def value(self, kind: int) -> str | int | float | None:
        """A string or number; None for an array, which is passed over."""
        if kind == _STRING:
            return self.text()
        if kind in _SCALARS:
            number: int | float = self.take(_SCALARS[kind])
            return number
        self.skip(kind)
        return None


def read_header(path: Path) -> Header:
    """The header of the model file. Raises ModelError, one line: missing, no GGUF, cut short, without what it needs."""
    try:
        if path.is_dir():
            raise ModelError(f"{path}: is a directory; a language model is one .gguf file")
        if not path.stat().st_size:
            raise ModelError(f"{path}: is empty; pull or import the language model again")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[:4] != b"GGUF":
                raise ModelError(f"{path}: is no GGUF language model")
            return _read(path, _Reader(data))
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: there is no such language model; 'assistant models list' shows what is here"
        ) from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its owner, mode and disk") from error
    except _Damaged as error:
        raise ModelError(f"{path}: is cut short or damaged; pull or import the language model again") from error


def _read(path: Path, reader: _Reader) -> Header:
    reader.at = 4
    version = reader.take("I")
    if version not in (2, 3):
        raise ModelError(f"{path}: is GGUF of version {version}, which this engine does not read; get a newer file")
    tensors, keys = reader.take("Q"), reader.take("Q")
    if max(tensors, keys) > _MOST:
        raise _Damaged
    values: dict[str, str | int | float | None] = {}
    for _ in range(keys):
        name = reader.text()
        values[name] = reader.value(reader.take("I"))
    needed = 0
    for _ in range(tensors):
        reader.skip(_STRING)
        weights = 1
        dimensions = reader.take("I")
        if not 1 <= dimensions <= 4:
            raise _Damaged
        for _ in range(dimensions):
            weights *= reader.take("Q")
        kind, offset = reader.take("I"), reader.take("Q")
        block, size = _BLOCKS.get(kind, (1, 0))
        needed = max(needed, offset + weights // block * size)
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise _Damaged
    start = -(-reader.at // alignment) * alignment
    if not tensors or start + needed > len(reader.data):
        raise _Damaged
    architecture = str(values.get("general.architecture") or "")
    if not architecture:
        raise _Damaged

    def number(key: str) -> int:
        found = values.get(f"{architecture}.{key}")
        return found if isinstance(found, int) and 0 < found < _MOST else 0

    heads = number("attention.head_count")
    head = number("attention.key_length") or (number("embedding_length") // heads if heads else 0)
    return Header(
        architecture=architecture,
        name=str(values.get("general.name") or path.stem),
        template=str(values.get("tokenizer.chat_template") or ""),
        context=number("context_length"),
        tensors=tensors,
        layers=number("block_count"),
        kv_width=(number("attention.head_count_kv") or heads) * head,
    )
