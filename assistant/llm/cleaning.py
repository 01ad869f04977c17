"""What of a model's text is meant for people: no thoughts, no markers of its own format."""

MARKERS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "</s>")
"""Ends of a turn in the usual chat formats. Models write them as plain text now and then; the reply ends there."""

_OPEN, _CLOSE = "<think>", "</think>"
_ALL = (*MARKERS, _OPEN, _CLOSE)


class Cleaner:
    """Takes pieces of text as they are generated and passes on what can be spoken.

    Text between <think> and </think> is dropped (an unclosed thought to its end; a lone </think> drops what came
    before it in the same piece of waiting text). Pieces that might be the beginning of a marker wait for the next.
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._thinking = False
        self._begun = False
        self.ended = False
        """An end marker was met: nothing further counts."""

    def push(self, text: str) -> str:
        """Add text; what is certain to belong to the reply now, possibly ""."""
        if self.ended:
            return ""
        self._waiting += text
        return self._pass(final=False)

    def flush(self) -> str:
        """No more text: the rest of the reply."""
        return "" if self.ended else self._pass(final=True)

    def _pass(self, *, final: bool) -> str:
        passed: list[str] = []
        while self._waiting and not self.ended:
            place, marker = self._next()
            if marker is None:
                keep = 0 if final else _possible_beginning(self._waiting)
                cut = len(self._waiting) - keep
                if not self._thinking:
                    passed.append(self._waiting[:cut])
                self._waiting = self._waiting[cut:]
                break
            if not self._thinking:
                passed.append(self._waiting[:place])
            self._waiting = self._waiting[place + len(marker) :]
            self._thinking = marker == _OPEN
            self.ended = marker in MARKERS
        said = "".join(passed)
        if not self._begun:
            said = said.lstrip()  # models begin with a space or, after a thought, with empty lines
            self._begun = bool(said)
        return said

    def _next(self) -> tuple[int, str | None]:
        found = [(self._waiting.find(marker), marker) for marker in _ALL]
        places = [(place, marker) for place, marker in found if place >= 0]
        return min(places) if places else (-1, None)


def _possible_beginning(text: str) -> int:
    """How many letters at the end may be the beginning of a marker."""
    longest = max(len(marker) for marker in _ALL) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(marker.startswith(text[-size:]) for marker in _ALL):
            return size
    return 0
