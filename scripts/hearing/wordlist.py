"""Common English words from Debian's SCOWL lists, most common class first.

python -m scripts.hearing.wordlist OUT.txt
"""

import sys
from pathlib import Path

from assistant.stt.graph.dictionary import dictionary_pronunciations

SCOWL = Path("/usr/share/dict/scowl")
CLASSES = ("10", "20")


def common_words() -> list[list[str]]:
    """Per class the words that the pronouncing dictionary knows, alphabetical."""
    classes = []
    for size in CLASSES:
        words: set[str] = set()
        for kind in ("english-words", "american-words", "english-contractions"):
            path = SCOWL / f"{kind}.{size}"
            if path.exists():
                words |= set(path.read_text("iso-8859-1").split())
        classes.append(
            sorted(
                w
                for w in words
                if w.replace("'", "").isalpha() and w.isascii() and w.islower() and dictionary_pronunciations(w)
            )
        )
    return classes


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(word for words in common_words() for word in words) + "\n", "utf-8")
