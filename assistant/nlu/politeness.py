"""Words around a request that ask nothing: greetings, pleas, hesitation."""

_LEADS = (
    "hey", "hi", "hello", "okay", "ok", "so", "well", "um", "uh", "uhm", "er", "erm", "hmm", "ah", "oh",
    "please", "pls", "now", "alright", "all right", "right", "yo", "just", "also", "then", "and",
    "good morning", "good evening", "could you", "can you", "would you", "will you", "can we", "could we",
    "can i", "could i", "may i", "should you", "could you please", "would you mind", "would you be able to",
    "are you able to", "would you be willing to", "i would like you to", "i'd like you to", "i want you to",
    "i need you to", "i would like to", "i'd like to", "i want to", "i'd love to", "i wanna",
    "i would love to", "id like to", "i'd like", "i would like", "let's", "i think you should",
    "you should", "go ahead and", "do me a favor and", "do me a favour and", "kindly", "quickly",
    "be so kind as to", "be a dear and", "i was wondering if you could", "do you think you could",
    "is it possible to", "it would be great if you could", "assistant", "computer", "google", "siri",
    "alexa", "olly", "jarvis", "nabu", "mycroft", "hey google", "okay google", "hey siri", "okay nabu",
    "hey jarvis", "hey mycroft", "you know", "i mean", "like", "maybe", "actually", "quick", "listen",
    "sorry", "excuse me",
)  # fmt: skip
_TRAILS = (
    "please", "pls", "thanks", "thank you", "thank you very much", "for me", "now", "right now",
    "right away", "if you can", "if you could", "if you would", "if you don't mind", "would you",
    "could you", "can you", "will you", "okay", "ok", "um", "uh", "immediately", "at once", "asap",
    "as soon as possible", "if possible", "i guess", "you know", "mate", "dear", "buddy", "real quick",
    "quickly", "straight away", "then", "as well", "too", "google", "siri", "alexa", "olly",
)  # fmt: skip
_INNER = frozenset({"um", "uh", "uhm", "er", "erm", "hmm"})

_LEAD_WORDS = sorted((tuple(lead.split()) for lead in _LEADS), key=len, reverse=True)
_TRAIL_WORDS = sorted((tuple(trail.split()) for trail in _TRAILS), key=len, reverse=True)
COURTESY_WORDS = frozenset(word for words in (*_LEAD_WORDS, *_TRAIL_WORDS) for word in words)


def without_courtesy(words: list[str], *, leads: bool = True) -> list[str]:
    """`words` without greetings, pleas and hesitation at either end (with `leads` False at the far end alone); never
    empty if `words` isn't."""
    left = [word for word in words if word not in _INNER] or words
    changed = True
    while changed and len(left) > 1:
        changed = False
        for lead in _LEAD_WORDS if leads else ():
            if len(left) > len(lead) and tuple(left[: len(lead)]) == lead:
                left, changed = left[len(lead) :], True
                break
        for trail in _TRAIL_WORDS:
            if len(left) > len(trail) and tuple(left[-len(trail) :]) == trail:
                left, changed = left[: -len(trail)], True
                break
    return left
