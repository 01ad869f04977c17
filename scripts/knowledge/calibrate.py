"""Fit what is taken for an answer, on the questions of articles.toml in a crowd of generated articles.

    PYTHONPATH=. .venv/bin/python scripts/knowledge/calibrate.py [--crowd 2000]

A question counts as answered when its own article's passage is the best one found. "beyond" and "nowhere" questions
have no answer. Prints the weights for assistant/knowledge/ranking.py and, for five folds (whole articles left out of
the fit), what each threshold gets right and wrong.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from assistant.knowledge import ranking
from assistant.knowledge.archives import Archive
from assistant.knowledge.words import is_personal, is_question, key_words
from scripts.knowledge.archive import generated, load, write_archive, written

PENALTY = 0.02


def fit(rows: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Weights of the logistic function, by Newton's method with a small penalty."""
    weights = np.zeros(rows.shape[1])
    penalty = PENALTY * np.diag([0.0] + [1.0] * (rows.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (right - chance) - penalty @ weights
        weights += np.linalg.solve((rows * (chance * (1 - chance))[:, None]).T @ rows + penalty, slope)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crowd", type=int, default=2000)
    crowd = parser.parse_args().crowd
    data = load()
    asked = [(q, a["title"], n) for n, a in enumerate(data["article"]) for q in a["asks"]]
    asked += [(q, "", n) for n, a in enumerate(data["article"]) for q in a["beyond"]]
    asked += [(q, "", n) for n, q in enumerate(data["nowhere"]["questions"])]
    with tempfile.TemporaryDirectory() as folder:
        path = write_archive(Path(folder, "crowd.zim"), [*written(), *generated(crowd)])
        archive = Archive(path, cache=Path(folder, "cache.json"))
        rows, right, folds = [], [], []
        missed = 0
        for question, title, group in asked:
            if not is_question(question) or is_personal(question):
                missed += bool(title)
                continue
            found = archive.search(question)
            if not found:
                missed += bool(title)
                continue
            words = key_words(question)
            worth = ranking.weights(words, {w: archive._count(w) for w in words}, archive.articles)  # noqa: SLF001
            best = found[0]
            rows.append([1.0, ranking.coverage(worth, f"{best.source.title} {best.text}"),
                         ranking.subject(worth, best.source.title)])  # fmt: skip
            right.append(best.source.title == title)
            folds.append(group % 5)
            if title and best.source.title != title:
                print(f"other article: {question!r} -> {best.source.title}")
    x, y, fold = np.array(rows), np.array(right, float), np.array(folds)
    answerable = sum(bool(title) for _, title, _ in asked)
    print(f"{len(asked)} questions, {answerable} with an answer; {missed} of them found nothing")
    print("weights", tuple(round(float(w), 2) for w in fit(x, y)))
    chance = np.zeros(len(y))
    for part in range(5):
        weights = fit(x[fold != part], y[fold != part])
        chance[fold == part] = 1 / (1 + np.exp(-x[fold == part] @ weights))
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        read = chance >= threshold
        print(f"threshold {threshold}: {int((read & (y == 1)).sum())} of {answerable} answered rightly, "
              f"{int((read & (y == 0)).sum())} of {len(asked) - answerable} without one (or from another article) "
              "answered wrongly")  # fmt: skip
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = (chance >= low) & (chance < low + 0.2)
        if inside.any():
            print(f"chance {low:.1f} to {low + 0.2:.1f}: {int(inside.sum())} questions, {y[inside].mean():.0%} right")


if __name__ == "__main__":
    main()
