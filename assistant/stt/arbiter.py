"""Two recognisers heard the same sound: which one is believed?"""

from assistant.stt import Hypothesis, Transcription

UNKNOWN = "[unk]"

DOUBT = 0.15
"""How much surer the open recogniser may be of other words before a whole grammar sentence is doubted."""

CLEAR_LEAD = 0.2
"""How much surer the grammar recogniser must be to be believed with words that are none of its sentences.

Vosk biases with a bigram model of the sentences, so it also mixes them ("turn on the office color of the"), and then
its words are worth less than the open recogniser's. Measured on 79 clips (docs/speech.md): always the grammar 38.6 %
word errors, always the open one 22.0 %; whole sentences, or a lead of 0.2, 22.0 %; without asking for whole sentences
every lead was worse (25.8 to 37.9 %).
"""


def arbitrate(grammar: Hypothesis, open_: Hypothesis, *, whole: bool = False) -> Transcription:
    """Choose between the grammar-biased and the open hypothesis by confidence; `reason` says why.

    `whole`: the grammar's text is one of its sentences, word for word.
    """

    def choose(winner: Hypothesis, reason: str) -> Transcription:
        return Transcription(winner, (open_ if winner is grammar else grammar,), reason)

    known = [word for word in grammar.text.split() if word != UNKNOWN]
    if not known:
        if open_.text:
            return choose(open_, "the grammar heard no word of its own")
        return choose(open_, "neither recogniser heard a word")
    if not open_.text:
        return choose(grammar, "only the grammar heard words")
    if grammar.text == open_.text:
        return choose(grammar, "both recognisers agree")
    compared = f"grammar {grammar.confidence:.2f}, open {open_.confidence:.2f}"
    if whole and UNKNOWN not in grammar.text.split():
        if grammar.confidence >= open_.confidence - DOUBT:
            return choose(grammar, f"a whole sentence of the grammar ({compared})")
        return choose(open_, f"the grammar's sentence is in doubt ({compared})")
    if grammar.confidence > open_.confidence + CLEAR_LEAD:
        return choose(grammar, f"grammar clearly surer ({compared})")
    return choose(open_, f"no sentence of the grammar ({compared})")
