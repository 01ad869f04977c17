"""How alike words sound: a weighted edit distance between phone sequences."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

Phones = tuple[str, ...]

_VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"})
_ALIKE = """
B P 0.3, D T 0.3, G K 0.3, V F 0.3, Z S 0.25, DH TH 0.3, JH CH 0.35, ZH SH 0.3, M N NG 0.4, L N 0.6, N D 0.65,
M B 0.65, L R W 0.55, W V 0.5, Y IY 0.4, TH F S 0.45, DH D V Z 0.5, SH CH S 0.5, ZH Z JH 0.5, P T K 0.6,
B D G 0.6, HH F 0.7, IH IY EH 0.35, AH AE EH IH 0.4, AH AA AO UH 0.35, AA AO OW 0.35, UH UW OW 0.4,
ER AH R 0.4, EY EH AY 0.45, AW AA OW 0.45, OY AO 0.5
"""
"""Phones and the cost of taking one for another, from articulation: voicing, then manner, then place; vowels."""

_OTHER_VOWEL, _OTHER = 0.6, 1.0
_DROP: Mapping[str, float] = {
    "AH": 0.45,
    "IH": 0.5,
    "HH": 0.4,
    "T": 0.5,
    "D": 0.5,
    "R": 0.55,
    "ER": 0.6,
    "L": 0.6,
    "Z": 0.55,
    "S": 0.6,
}
_DROP_OTHER = 0.75


def _costs() -> dict[tuple[str, str], float]:
    table: dict[tuple[str, str], float] = {}
    for group in _ALIKE.split(","):
        *phones, last = group.split()
        cost = float(last)
        for one in phones:
            for other in phones:
                if one != other:
                    table[one, other] = min(cost, table.get((one, other), _OTHER))
    return table


_COST = _costs()


def swap_cost(one: str, other: str) -> float:
    """Cost of hearing `one` where `other` was said: 0 for the same, at most 1."""
    if one == other:
        return 0.0
    found = _COST.get((one, other))
    if found is not None:
        return found
    return _OTHER_VOWEL if one in _VOWELS and other in _VOWELS else _OTHER


def drop_cost(phone: str) -> float:
    """Cost of a phone that was missed or heard for nothing."""
    return _DROP.get(phone, _DROP_OTHER)


def distance(heard: Phones, said: Phones) -> float:
    """Least cost of turning `heard` into `said`."""
    row = [0.0]
    for phone in said:
        row.append(row[-1] + drop_cost(phone))
    for one in heard:
        previous, row = row, [row[0] + drop_cost(one)]
        for at, other in enumerate(said, 1):
            row.append(
                min(previous[at - 1] + swap_cost(one, other), previous[at] + drop_cost(one), row[-1] + drop_cost(other))
            )
    return row[-1]


_TRIED = 150
"""Words whose weighted distance is computed for one heard word, nearest by plain edit distance first."""

FUNCTION_WORDS = frozenset("the a an my to in of at is are for me it by this".split())  # noqa: SIM905
"""Words that a recogniser misses and that change no request: never "on", "off", "up" or a number."""


class SoundIndex:
    """The words of a vocabulary by how they sound."""

    def __init__(self, words: Iterable[str], pronounce: Callable[[str], Sequence[Phones]]) -> None:
        """Words that `pronounce` cannot say are left out."""
        self._pronounce = pronounce
        self._letters: dict[str, str] = {}
        self._words: list[str] = []
        self._phones: list[Phones] = []
        self._spelled: list[str] = []
        for word in sorted(words):
            for phones in self.sounds(word)[:3]:
                self._words.append(word)
                self._phones.append(phones)
                self._spelled.append(self._spell(phones))
        self.near = lru_cache(maxsize=4096)(self._near)
        """Vocabulary words within `share` of a sound, with their cost; see `_near`."""

    @cached_property
    def short(self) -> dict[str, float]:
        """FUNCTION_WORDS with the cost of a recogniser's having missed them."""
        return {
            word: 0.15 + 0.8 * sum(map(drop_cost, phones))
            for word, phones in zip(self._words, self._phones, strict=True)
            if word in FUNCTION_WORDS
        }

    def sounds(self, word: str) -> tuple[Phones, ...]:
        """The ways to say a word; () when it cannot be said."""
        try:
            return tuple(tuple(phones) for phones in self._pronounce(word))
        except (ValueError, KeyError, RuntimeError):
            return ()
        except Exception:  # noqa: BLE001  a pronouncer of another room may raise its own kinds; the word is then unsayable
            return ()

    def _spell(self, phones: Phones) -> str:
        return "".join(self._letters.setdefault(phone, chr(0x4E00 + len(self._letters))) for phone in phones)

    def _near(self, heard: Phones, share: float) -> dict[str, float]:
        """Words whose distance from `heard` is at most `share` of the longer sound, with that distance."""
        most = max(2, round(len(heard) * 0.75))
        rows = process.extract(
            self._spell(heard), self._spelled, scorer=Levenshtein.distance, score_cutoff=most, limit=_TRIED
        )
        found: dict[str, float] = {}
        for _, _, index in rows:
            cost = distance(heard, self._phones[index])
            if cost <= share * max(len(heard), len(self._phones[index])):
                word = self._words[index]
                found[word] = min(cost, found.get(word, cost))
        return found
