"""The recogniser's graph: vocabulary, pronunciations and default language model of a Vosk model, made on the device."""

from assistant.stt.graph.build import build_graph, known_words, missing_words, read_lexicon, rebuild
from assistant.stt.graph.phones import PHONES, Pronunciation
from assistant.stt.graph.pronounce import pronounce

__all__ = [
    "PHONES",
    "Pronunciation",
    "build_graph",
    "known_words",
    "missing_words",
    "pronounce",
    "read_lexicon",
    "rebuild",
]
