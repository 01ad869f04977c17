"""Two recognisers heard the same sound: which one is believed?"""

from assistant.stt import Hypothesis, Transcription

UNKNOWN = "[unk]"

CLEAR_LEAD = 0.15
"""How much surer the open recogniser must be to overrule a grammar sentence.

The grammar's figure is the better founded one when a command was spoken, and an inflated one when it was not (it has
few words to doubt between), so the open result has to win clearly. Provisional until docs/speech.md measures it.
"""


def arbitrate(grammar: Hypothesis, open_: Hypothesis) -> Transcription:
    """Choose between the grammar-biased and the open hypothesis by confidence; `reason` says why."""

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
    if UNKNOWN in grammar.text.split():
        if grammar.confidence > open_.confidence + CLEAR_LEAD:
            return choose(grammar, f"grammar clearly surer in spite of unknown sounds ({compared})")
        return choose(open_, f"the grammar met unknown sounds ({compared})")
    if open_.confidence > grammar.confidence + CLEAR_LEAD:
        return choose(open_, f"open clearly surer ({compared})")
    return choose(grammar, f"grammar preferred ({compared})")
