"""The intent model's vocabulary: byte-level BPE over the words of requests, and tokens for the parts of a tool call.

A call is told in few tokens: `TimerSet", "arguments": {` is one, `"duration": "` is one, so that a request costs a
handful of steps and the choice of the tool is one distribution over the tools. The cuts between them are where a schema
leaves a choice, so that a reader of forced text meets the same tokens.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from assistant.bench.vocabulary import byte_letters, spelled

BEGIN, CALL, END = "<|request|>", "<|call|>", "<|end|>"
OPEN = '{"name": "'
NONE_CALL = 'none", "arguments": {}}'
CLOSE, CLOSE_EMPTY = '"}}', "}}"

TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}"
    f"{{{{ '{BEGIN} ' + message['content'] }}}}{{% endif %}}{{% endfor %}}"
    f"{{% if add_generation_prompt %}}{{{{ '{CALL}' }}}}{{% endif %}}"
)
"""The chat template: the tools are learnt, so what a system message says of them is left out."""

_PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+")
"""As llama.cpp's pre-tokenizer "gpt-2" cuts a text."""


def learn(words: Iterable[str], size: int) -> list[tuple[str, str]]:
    """`size` merges, the most frequent pair first, over pieces with their counts."""
    counts = Counter(piece for text in words for piece in _PIECES.findall(text))
    texts = [list(spelled(piece)) for piece in counts]
    weights = list(counts.values())
    pairs: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], set[int]] = defaultdict(set)
    for index, text in enumerate(texts):
        for pair in pairwise(text):
            pairs[pair] += weights[index]
            where[pair].add(index)
    merges = []
    while len(merges) < size and pairs:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            break
        merges.append(best)
        for index in list(where[best]):
            old = texts[index]
            new = _merged(old, best)
            for pair in pairwise(old):
                pairs[pair] -= weights[index]
                where[pair].discard(index)
                if pairs[pair] <= 0:
                    del pairs[pair]
            for pair in pairwise(new):
                pairs[pair] += weights[index]
                where[pair].add(index)
            texts[index] = new
    return merges


def _merged(text: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(text):
        if at + 1 < len(text) and (text[at], text[at + 1]) == pair:
            out.append(text[at] + text[at + 1])
            at += 2
        else:
            out.append(text[at])
            at += 1
    return out


@dataclass(slots=True)
class Vocabulary:
    """Token numbers, as the GGUF will hold them."""

    merges: list[tuple[str, str]]
    tools: Sequence[str]
    """ "TimerSet", "HassTurnOn:light"; "none" is not among them."""
    slots: Sequence[str]
    tokens: list[str] = field(init=False)
    ids: dict[str, int] = field(init=False)
    own: int = field(init=False)
    """Number of the first token that is no text: control tokens, then parts of calls."""
    _ranks: dict[tuple[str, str], int] = field(init=False)
    _seen: dict[str, list[int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        plain = [byte_letters()[byte] for byte in range(256)]
        plain += [one + other for one, other in self.merges]
        self.own = len(plain)
        calls = [OPEN, NONE_CALL, *(call(tool) for tool in self.tools), CLOSE, CLOSE_EMPTY]
        keys = [f'"{slot}": "' for slot in self.slots] + [f'", "{slot}": "' for slot in self.slots]
        self.tokens = [*plain, BEGIN, CALL, END, *calls, *keys]
        self.ids = {token: number for number, token in enumerate(self.tokens)}
        if len(self.ids) != len(self.tokens):
            raise ValueError("a token is there twice")
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}

    def text(self, text: str) -> list[int]:
        """Token numbers of a text, as llama.cpp finds them."""
        return [number for piece in _PIECES.findall(text) for number in self._piece(piece)]

    def _piece(self, piece: str) -> list[int]:
        if piece not in self._seen:
            parts = list(spelled(piece))
            while len(parts) > 1:
                ranked = [(self._ranks.get(pair, len(self._ranks)), at) for at, pair in enumerate(pairwise(parts))]
                rank, at = min(ranked)
                if rank == len(self._ranks):
                    break
                parts[at : at + 2] = [parts[at] + parts[at + 1]]
            self._seen[piece] = [self.ids[part] for part in parts]
        return self._seen[piece]

    def request(self, words: Sequence[str]) -> list[int]:
        """The prompt: what the chat template makes of a request, and what every call begins with."""
        return [self.ids[BEGIN], *self.text("".join(f" {word}" for word in words)), self.ids[CALL], self.ids[OPEN]]

    def answer(self, tool: str, arguments: dict[str, str]) -> list[int]:
        """The call, with the token that ends it."""
        if tool == "none":
            return [self.ids[NONE_CALL], self.ids[END]]
        out, open_value = [self.ids[call(tool)]], False
        light = tool.endswith(":light")  # the call's own text ends inside {"domain":"light
        for slot in self.slots:
            if slot in arguments:
                comma = light or open_value
                out += [self.ids[f'", "{slot}": "' if comma else f'"{slot}": "'], *self.text(f" {arguments[slot]}")]
                open_value = True
        return [*out, self.ids[CLOSE if open_value or light else CLOSE_EMPTY], self.ids[END]]


def call(tool: str) -> str:
    """The text that names a tool, behind OPEN."""
    name, _, domain = tool.partition(":")
    return f'{name}", "arguments": {{' + (f'"domain": "{domain}' if domain else "")
