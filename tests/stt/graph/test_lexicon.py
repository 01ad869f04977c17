"""The lexicon transducer accepts each word's phones, says that word, and nothing else."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.stt.graph.hmm import PHONE_IDS, PHONE_NAMES, TRANSITION_IDS, TRANSITION_LOGS, TRIPLES
from assistant.stt.graph.lexicon import UNKNOWN, Lexicon, build_lexicon
from assistant.stt.graph.phones import PHONES

_FORWARD = {
    TRANSITION_IDS[phone, 0, target]: (phone, target) for phone in range(2, len(PHONE_NAMES) + 1) for target in (1, 2)
}


def _says(lexicon: Lexicon, names: Sequence[str]) -> set[tuple[str, ...]]:
    """The words that the transducer can put out for phone variants `names`, one word long."""
    labels = {label: word for word, label in lexicon.ids.items()}
    out: dict[int, list[tuple[int, int, int]]] = {}
    fst = lexicon.fst
    for source, target, ilabel, olabel in zip(fst.sources, fst.targets, fst.ilabels, fst.olabels, strict=True):
        out.setdefault(source, []).append((target, ilabel, olabel))
    found: set[tuple[str, ...]] = set()
    waiting: list[tuple[int, int, tuple[int, ...]]] = [(1, 0, ())]
    while waiting:
        state, at, words = waiting.pop()
        if at == len(names) and state == 0:
            found.add(tuple(labels[word] for word in words))
            continue
        for target, ilabel, olabel in out.get(state, ()):
            said = (*words, olabel) if olabel else words
            if ilabel == 0 and state not in (0, 1):
                waiting.append((target, at, said))
            elif at < len(names) and _FORWARD.get(ilabel) == (PHONE_IDS[names[at]], 2):
                waiting.append((target, at + 1, said))
    return found


def _names(phones: Sequence[str]) -> list[str]:
    if len(phones) == 1:
        return [f"{phones[0]}_S"]
    return [f"{phones[0]}_B", *(f"{p}_I" for p in phones[1:-1]), f"{phones[-1]}_E"]


_pronunciations = st.lists(st.sampled_from(["AA", "B", "K", "T"]), min_size=1, max_size=4).map(tuple)
_vocabularies = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.lists(_pronunciations, min_size=1, max_size=3),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(_vocabularies)
def test_every_pronunciation_says_exactly_its_words(words):
    lexicon = build_lexicon(words, 4.0)
    for phones in {p for readings in words.values() for p in readings}:
        expected = {(word,) for word, readings in words.items() if phones in readings}
        assert _says(lexicon, _names(phones)) - {(UNKNOWN,)} == expected


def test_the_filler_takes_any_phones_of_two_or_more():
    lexicon = build_lexicon({"at": [("AE", "T")]}, 4.0)
    assert _says(lexicon, _names(("Z", "UW", "V"))) == {(UNKNOWN,)}


def test_words_share_their_beginnings_and_ends():
    ending = ("EY", "SH", "AH", "N")
    one = build_lexicon({"station": [("S", "T", *ending)]}, 4.0).fst.states
    two = build_lexicon({"station": [("S", "T", *ending)], "nation": [("N", *ending)]}, 4.0).fst.states
    assert two - one < 10  # only the first phone is new


@pytest.mark.parametrize("words", [{"x": []}, {"x": [()]}])
def test_a_word_without_sound_is_refused(words):
    with pytest.raises(ValueError, match="pronunciation"):
        build_lexicon(words, 4.0)


def test_transitions_are_numbered_without_gaps_and_sum_to_one():
    assert sorted(TRANSITION_IDS.values()) == list(range(1, len(TRANSITION_LOGS)))
    for phone, state, _ in TRIPLES:
        moves = [TRANSITION_LOGS[number] for (p, s, _), number in TRANSITION_IDS.items() if (p, s) == (phone, state)]
        assert np.exp(moves).sum() == pytest.approx(1.0)
    assert len(PHONE_NAMES) == 1 + 4 * len(PHONES)
