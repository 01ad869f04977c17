"""When a model has lost its way: it goes in circles, or says nothing but white space."""

LONGEST_CIRCLE = 32
"""Tokens: about two sentences. Longer circles do not fit into a spoken answer three times."""

CIRCLES = 3
"""Said twice may be style ("no, no"); the third time is a loop."""

LEAST = 9
"""Tokens that a circle takes up at least: "ha ha ha ha" is four."""

BLANKS = 12
"""Tokens of white space in a row. Two line ends and an indentation are four."""


class Guard:
    """Watches the tokens of one answer."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._blanks = 0

    def lost(self, token: int, text: str) -> bool:
        """Add `token`, whose text is `text`; True when the answer should end before it."""
        self._tokens.append(token)
        self._blanks = self._blanks + 1 if text.isspace() else 0
        return self._blanks > BLANKS or self._circling()

    def _circling(self) -> bool:
        said = self._tokens
        for length in range(1, LONGEST_CIRCLE + 1):
            times = max(CIRCLES, -(-LEAST // length))
            if len(said) < length * times:
                continue
            end = said[-length:]
            if all(said[-length * (turn + 1) : -length * turn] == end for turn in range(1, times)):
                return True
        return False
