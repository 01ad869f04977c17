"""Distil the measurements into tables: how each sound moves, how long it lasts, how high it is spoken.

Every sound class has a mean course of the vocoder's parameters in normalised time; the neighbour on either side adds
its own mean deviation (a table by pairs, shrunk towards nothing where a pair was seldom heard, so a pair that was
never heard is spoken as the plain mean: no gap, no click). Length and pitch are linear in the sound, its neighbours,
its stress and its place in the phrase. All of it is sums and least squares: seconds of one core, no training.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from phones import SEMI, SINGLES, kind
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
from vocoder import BANDS, ORDER, PER_FRAME

Array = NDArray[Any]
SYMBOLS: Final = 256
"""Piper's phoneme ids."""
NODES: Final = 8
"""Points of a sound's course, evenly spaced."""
WIDTH: Final = ORDER + BANDS + 1
"""Envelope, aperiodicity, share of voiced time."""
FLOOR: Final = -8.5
"""Log amplitude below which a bin of the envelope is silence (-74 dB of full scale); how deep doesn't matter."""
GRID: Final = 64
"""Places on the mel axis at which that floor is applied."""
SHRINK: Final = 1.0
"""Heard so often, a pair is believed by half."""
SHARPEST: Final = 1.25
"""Averages vary less than speech does; each coefficient is stretched to vary as much, but no more than this: the
highest ones are mostly noise, by two and more."""
RARE: Final = 8
"""A class heard less often is not kept."""
FAR: Final = 99.0
"""Distance to a pause that isn't there."""
NAMES: Final = {ids[0]: token for token, ids in DEFAULT_PHONEME_ID_MAP.items() if len(token) == 1}


def floored(envelope: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raise what lies below FLOOR, on a mel grid, and go back to coefficients."""
    angle = np.pi * np.arange(ORDER)[:, None] * (np.arange(GRID)[None, :] + 0.5) / GRID
    rows = np.cos(angle).astype(np.float32)
    back = rows.T * 2.0 / GRID
    back[:, 0] /= 2.0
    return np.asarray(np.maximum(envelope @ rows, FLOOR) @ back)


def place(pause: Array, comma: Array) -> Array:
    """Where in its phrase each sound stands, (n, 6); `pause` and `comma` (n,) say what ends phrases.

    Distances are in sounds; exponentials let an effect fade away from an edge.
    """
    index = np.arange(len(pause), dtype=float)
    gap = index[None, :] - index[:, None]
    after = np.where(pause[None, :] & (gap > 0), gap, FAR).min(1)
    before = np.where(pause[None, :] & (gap < 0), -gap, FAR).min(1)
    to_comma = np.where(comma[None, :] & (gap > 0), gap, FAR).min(1)
    return np.stack(
        [np.exp(-before / 3), np.exp(-before / 12), np.exp(-after / 2), np.exp(-after / 8), before / (before + after),
         np.exp(-to_comma / 4) * (to_comma == after)], axis=1,
    )  # fmt: skip


class Corpus:
    """All sounds of all utterances, one row each."""

    def __init__(self, folder: Path) -> None:
        shards = [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))]
        if not shards:
            raise SystemExit(f"{folder} holds no measurements; run teacher.py first")
        data = {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}
        counted = Counter(NAMES[int(number)] for number in data["tokens"])
        pairs = Counter(
            NAMES[int(a)] + NAMES[int(b)] for a, b in zip(data["tokens"][:-1], data["tokens"][1:], strict=True)
        )
        heard = {token for token, count in counted.items() if count >= RARE and token in {*SINGLES, ",", ".", "^"}}
        self.classes = sorted(heard | {pair for pair in SEMI if pairs[pair] >= RARE})
        self.values = np.concatenate(
            [floored(data["envelope"].astype(np.float32)), np.clip(data["aperiodicity"].astype(np.float32), -30, 0),
             (data["pitch"] > 0)[:, None].astype(np.float32)], axis=1,
        )  # fmt: skip
        self.pitch = data["pitch"].astype(np.float32)
        self._read(data)

    def _read(self, data: dict[str, Array]) -> None:
        number = {name: index for index, name in enumerate(self.classes)}
        known = frozenset(self.classes)
        rows: list[tuple[int, int, int, int, int, int]] = []
        places: list[Array] = []
        at = frame = 0
        for count in data["token_counts"]:
            names = [NAMES[int(token)] for token in data["tokens"][at : at + count]]
            lengths = data["frames"][at : at + count].astype(int) * PER_FRAME
            kept: list[tuple[int, int, int, int]] = []
            stress = 0
            for index, name in enumerate(names):
                before = names[index - 1] if index else ""
                if name in "ˈˌ" or (found := kind(before, name, known)) == "":
                    # Time of a token without a sound goes to the sound before it.
                    if kept and lengths[index]:
                        kept[-1] = (*kept[-1][:3], kept[-1][3] + int(lengths[index]))
                    frame += int(lengths[index])
                    continue
                inherits = before + name in SEMI or name == "ː"
                stress = int(before in ("ˈ", "ˌ")) or (stress if inherits else 0)
                kept.append((number[found], stress, frame, int(lengths[index])))
                frame += int(lengths[index])
            at += count
            pauses = np.array([self.classes[row[0]] in (".", ",", "^") for row in kept])
            commas = np.array([self.classes[row[0]] == "," for row in kept])
            places.append(place(pauses, commas))
            rising = int("?" in names)
            for index, row in enumerate(kept):
                left = kept[index - 1][0] if index else row[0]
                right = kept[index + 1][0] if index + 1 < len(kept) else row[0]
                rows.append((row[0], row[1], left, right, row[2], row[3] if not rising else -row[3]))
        table = np.array(rows)
        self.sound, self.stress, self.left, self.right, self.start = table[:, :5].T
        self.length, self.asked = np.abs(table[:, 5]), table[:, 5] < 0
        self.place = np.concatenate(places)


def courses(corpus: Corpus) -> dict[str, Array]:
    """Mean course of each class (by stress), and what its left and right neighbours add."""
    spoken = corpus.length > 0
    start, length = corpus.start[spoken].astype(float), corpus.length[spoken].astype(float)
    spots = start[:, None] + (np.arange(NODES) + 0.5) / NODES * length[:, None] - 0.5
    spots = np.clip(spots, start[:, None], (start + length)[:, None] - 1)
    low = np.floor(spots).astype(int)
    share = (spots - low)[..., None].astype(np.float32)
    high = np.minimum(low + 1, len(corpus.values) - 1)
    x = corpus.values[low] * (1 - share) + corpus.values[high] * share
    size = len(corpus.classes)
    sound, stress = corpus.sound[spoken], corpus.stress[spoken]
    pairs = {"left": corpus.left[spoken] * size + sound, "right": sound * size + corpus.right[spoken]}
    plain = grouped(x, sound, size, 0.0)
    if silent := [name for name, course in zip(corpus.classes, plain, strict=True) if not course.any()]:
        raise SystemExit(f"these sounds were never measured: {' '.join(silent)}; make more sentences")
    x -= plain[sound]
    mean = np.repeat(plain, 2, axis=0)
    added = grouped(x, sound * 2 + stress, size * 2, 10.0)
    mean += added
    x -= added[sound * 2 + stress]
    tables = {name: np.zeros((size * size, NODES, WIDTH), np.float32) for name in pairs}
    for _ in range(3):
        for name, key in pairs.items():
            x += tables[name][key]
            tables[name] = grouped(x, key, size * size, SHRINK)
            x -= tables[name][key]
    made = mean[sound * 2 + stress] + tables["left"][pairs["left"]] + tables["right"][pairs["right"]]
    voice = ~np.isin(sound, [index for index, name in enumerate(corpus.classes) if name in (",", ".", "^")])
    blur = (made + x)[voice].std(axis=(0, 1)) / made[voice].std(axis=(0, 1))
    print(f"left unexplained: {np.abs(x[..., 1:ORDER]).mean():.3f} nepers a coefficient")
    sharpen = np.ones(WIDTH)
    sharpen[1:ORDER] = np.clip(blur[1:ORDER], 1.0, SHARPEST)
    out: dict[str, Array] = {"mean": mean, "sharpen": sharpen, "centre": mean.mean(axis=(0, 1))}
    for name, table in tables.items():
        used = np.flatnonzero(np.abs(table).any(axis=(1, 2)))
        index = np.zeros(size * size, np.int64)
        index[used] = np.arange(len(used)) + 1
        out[f"{name}_index"] = index
        out[name] = np.concatenate([np.zeros((1, NODES, WIDTH), np.float32), table[used]])
    print(f"{size} classes, {len(out['left']) - 1} pairs heard of {size * size}")
    return out


def grouped(x: Array, key: Array, size: int, shrink: float) -> Array:
    """Mean of the rows of `x` by key, pulled towards zero as if `shrink` zeros had been heard too."""
    order = np.argsort(key, kind="stable")
    found, first, count = np.unique(key[order], return_index=True, return_counts=True)
    out = np.zeros((size, *x.shape[1:]), np.float32)
    out[found] = np.add.reduceat(x[order], first, axis=0) / (count + shrink)[:, None, None]
    return out


def regress(corpus: Corpus, target: Array, chosen: Array, weight: Array) -> dict[str, Array]:
    """Least squares of `target` on sound and stress, neighbours, and place; a ridge keeps the rare ones small."""
    size = len(corpus.classes)
    columns = np.stack([corpus.sound * 2 + corpus.stress, 2 * size + corpus.left, 3 * size + corpus.right], axis=1)[
        chosen
    ]
    stressed = corpus.stress[chosen, None]
    design = np.zeros((len(columns), 4 * size + 12), np.float32)
    for column in columns.T:
        design[np.arange(len(columns)), column] = 1.0
    design[:, 4 * size : 4 * size + 6] = corpus.place[chosen]
    design[:, 4 * size + 6 :] = corpus.place[chosen] * stressed
    heavy = design * weight[chosen, None]
    base = float(np.average(target[chosen], weights=weight[chosen]))
    gram = heavy.T @ design + 2.0 * np.eye(design.shape[1], dtype=np.float32)
    found = np.linalg.solve(gram.astype(float), heavy.T.astype(float) @ (target[chosen] - base))
    error = target[chosen] - base - design @ found
    print(f"spread {np.sqrt(np.average((target[chosen] - base) ** 2, weights=weight[chosen])):.3f}, "
          f"left {np.sqrt(np.average(error**2, weights=weight[chosen])):.3f}")  # fmt: skip
    own, left, right, place_row, stress_row = np.split(found, [2 * size, 3 * size, 4 * size, 4 * size + 6])
    return {"own": own + base, "left": left, "right": right, "place": place_row, "stressed_place": stress_row}


def prosody(corpus: Corpus) -> dict[str, Array]:
    """Coefficients of log length (acoustic frames) and of log pitch (Hz) at the middle of a sound."""
    out: dict[str, Array] = {}
    heard = corpus.length > 0
    ones = np.ones(len(heard))
    with np.errstate(divide="ignore"):
        length = regress(corpus, np.where(heard, np.log(np.maximum(corpus.length, 1)), 0.0), heard, ones)
    voiced = np.concatenate([[0.0], np.cumsum(corpus.pitch > 0)])
    height = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(corpus.pitch, 1.0)))])
    end = corpus.start + corpus.length
    count = voiced[end] - voiced[corpus.start]
    level = (height[end] - height[corpus.start]) / np.maximum(count, 1)
    # Questions get their melody in export.py: flite says them as statements.
    sure = (count >= 0.6 * corpus.length) & (count > 2) & ~corpus.asked
    pitch = regress(corpus, level, sure, count)
    for name, table in (("length", length), ("pitch", pitch)):
        out |= {f"{name}_{key}": value for key, value in table.items()}
    return out


def class_of(classes: list[str]) -> tuple[Array, Array]:
    """Class (or -1) of each id after each id, and whether it takes over that one's stress: (SYMBOLS**2,) both."""
    number, known = {name: index for index, name in enumerate(classes)}, frozenset(classes)
    found = np.full((SYMBOLS, SYMBOLS), -1, np.int64)
    inherits = np.zeros((SYMBOLS, SYMBOLS), np.int64)
    for before in range(SYMBOLS):
        for token, name in NAMES.items():
            first = NAMES.get(before, "")
            if name not in "ˈˌ" and (sound := kind(first, name, known)):
                found[before, token] = number[sound]
                inherits[before, token] = int(first + name in SEMI or name == "ː")
    return found.reshape(-1), inherits.reshape(-1)


def main() -> None:
    """Read measurements, write tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, help="the directory that teacher.py filled")
    arguments.add_argument("out", type=Path)
    chosen = arguments.parse_args()
    corpus = Corpus(chosen.data)
    tables = courses(corpus) | prosody(corpus)
    tables["class_of"], tables["inherits"] = class_of(corpus.classes)
    np.savez_compressed(chosen.out, classes=np.array(corpus.classes), **tables)


if __name__ == "__main__":
    main()
