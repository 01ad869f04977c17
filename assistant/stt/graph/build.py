"""The graph folder of a Vosk model, built and rebuilt on the device: no compiler, no OpenFst, no retraining.

graph/HCLr.fst, Gr.fst, words.txt, disambig_tid.int     what the recogniser reads
graph/lexicon.txt, counts.txt.xz                         what `rebuild` starts from
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from assistant.errors import ModelError
from assistant.files import write_whole
from assistant.stt.graph.fst import const_bytes, lookahead_bytes
from assistant.stt.graph.grammar import Counts, build_grammar
from assistant.stt.graph.hmm import PHONE_IDS, TRANSITION_LOGS
from assistant.stt.graph.lexicon import UNKNOWN, build_lexicon
from assistant.stt.graph.phones import PHONE_INDEX, Pronunciation
from assistant.stt.graph.pronounce import pronounce

UNKNOWN_COST: Final = 2.5
"""Nats a phone inside `[unk]`; from scripts/hearing/calibrate.py on held-out voices, see models/embedded/hearing.md."""
NEW_WORD_FREQUENCY: Final = 2e-4
"""General frequency of a word that is added later: about a word's that everybody uses weekly."""
_PLACES: Final = {"B": "begin", "I": "internal", "E": "end", "S": "singleton"}


def build_graph(
    model_dir: Path,
    words: Mapping[str, Sequence[Pronunciation]],
    sentences: Iterable[Sequence[str]] | Counts,
    *,
    frequency: Mapping[str, float] | None = None,
    unknown_cost: float = UNKNOWN_COST,
) -> None:
    """Write `model_dir`/graph for a vocabulary and the sentences that people say.

    `words` maps each word to its pronunciations; `sentences` are split into words (those outside `words` only
    lose the n-grams they are in), or ready-made `Counts`. `frequency` gives words a weight in general English,
    for text that no sentence covers. Files are replaced one by one, each whole.
    """
    if isinstance(sentences, Counts):
        counts = sentences
    else:
        counts = Counts()
        for sentence in sentences:
            counts.add(sentence)
    if frequency:
        counts.frequency.update(frequency)
    lexicon = build_lexicon(words, unknown_cost)
    graph = model_dir / "graph"
    (graph / "phones").mkdir(parents=True, exist_ok=True)
    spoken = {word: label for word, label in lexicon.ids.items() if word != UNKNOWN}
    write_whole(graph / "HCLr.fst", lookahead_bytes(lexicon.fst, len(lexicon.ids) + 1), durable=True)
    write_whole(graph / "Gr.fst", const_bytes(build_grammar(counts, spoken)), durable=True)
    rows = [f"{word} {label}" for word, label in lexicon.ids.items()]
    _write_text(graph / "words.txt", ["<eps> 0", *rows])
    _write_text(graph / "disambig_tid.int", [str(len(TRANSITION_LOGS))])
    _write_text(graph / "phones.txt", ["<eps> 0", *(f"{name} {number}" for name, number in PHONE_IDS.items())])
    _write_text(graph / "phones" / "word_boundary.int", ["1 nonword"] + [
        f"{number} {_PLACES[name[-1]]}" for name, number in PHONE_IDS.items() if number > 1
    ])  # fmt: skip
    _write_text(
        graph / "lexicon.txt", [f"{word} {' '.join(phones)}" for word, readings in words.items() for phones in readings]
    )
    counts.save(graph / "counts.txt.xz")


def read_lexicon(model_dir: Path) -> dict[str, list[Pronunciation]]:
    """The vocabulary of a model that `build_graph` wrote. Raises ModelError naming file and line."""
    path = model_dir / "graph" / "lexicon.txt"
    words: dict[str, list[Pronunciation]] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read; the model was not made by this program or is damaged") from error
    for number, line in enumerate(lines, 1):
        word, *phones = line.split(" ")
        if not word or not phones or not all(phone in PHONE_INDEX for phone in phones):
            raise ModelError(f"{path}, line {number}: not 'word PHONE PHONE ...'; restore the hearing model")
        words.setdefault(word, []).append(tuple(phones))
    return words


def known_words(model_dir: Path) -> set[str]:
    """Every word that the model can put out, without `<eps>` and `[unk]`; for any Vosk model with graph/words.txt."""
    path = model_dir / "graph" / "words.txt"
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read; restore the hearing model") from error
    return {line.split(" ")[0] for line in lines if line} - {"<eps>", UNKNOWN}


def missing_words(model_dir: Path, words: Iterable[str]) -> set[str]:
    """Those of `words` (lower case) that the model cannot put out."""
    return set(words) - known_words(model_dir)


def rebuild(
    model_dir: Path,
    extra_words: Iterable[str],
    out_dir: Path,
    *,
    extra_sentences: Iterable[Sequence[str]] = (),
) -> set[str]:
    """Copy `model_dir` to `out_dir` with `extra_words` added to its vocabulary; returns the words that were new.

    Pronunciations come from `pronounce`. `extra_sentences` (split into words, their words are added too) also
    raise the probability of what they say. `out_dir` may be `model_dir` itself. Raises ModelError where a word
    cannot be pronounced or the model has no lexicon; nothing is changed then.
    """
    words: dict[str, Sequence[Pronunciation]] = dict(read_lexicon(model_dir))
    counts = Counts.load(model_dir / "graph" / "counts.txt.xz")
    phrases = [tuple(sentence) for sentence in extra_sentences]
    wanted = {word.lower() for word in extra_words} | {word.lower() for phrase in phrases for word in phrase}
    new = sorted(wanted - set(words))
    for word in new:
        words[word] = pronounce(word)
        counts.frequency.setdefault(word, NEW_WORD_FREQUENCY)
    for phrase in phrases:
        counts.add([word.lower() for word in phrase], times=3)
    if out_dir.resolve() != model_dir.resolve():
        shutil.copytree(model_dir, out_dir, dirs_exist_ok=True)
    build_graph(out_dir, words, counts)
    return set(new)


def _write_text(path: Path, lines: Iterable[str]) -> None:
    write_whole(path, ("\n".join(lines) + "\n").encode(), durable=True)
