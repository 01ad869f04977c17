"""Measure look-ups: an archive of generated articles and a folder of generated documents, on this machine.

    PYTHONPATH=. .venv/bin/python scripts/knowledge/measure.py [--articles 20000] [--documents 2000] [--model FILE.onnx]

Prints percentiles by the clock and in processor time, and what building took. Files are made once in --keep.
"""

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from assistant.knowledge.archives import Archive
from assistant.knowledge.embedding import Embedder
from assistant.knowledge.index import Index
from assistant.knowledge.indexing import build
from scripts.knowledge.archive import generated, load, write_archive, written


def questions() -> list[str]:
    """All questions of articles.toml: with an answer, beyond it and about nothing that is there."""
    data = load()
    asked = [q for a in data["article"] for q in (*a["asks"], *a["beyond"])]
    return asked + list(data["nowhere"]["questions"])


def timed(name: str, ask: Callable[[str], object]) -> None:
    """Ask everything once and print what it took."""
    wall, busy = [], []
    for question in questions():
        began, cpu = time.perf_counter(), time.process_time()
        ask(question)
        wall.append((time.perf_counter() - began) * 1000)
        busy.append((time.process_time() - cpu) * 1000)

    def shares(values: list[float]) -> str:
        cuts = statistics.quantiles(values, n=20)
        return f"p50 {statistics.median(values):.1f}, p95 {cuts[18]:.1f} ms"

    print(f"{name}: {len(wall)} questions; by the clock {shares(wall)}; processor {shares(busy)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--keep", type=Path, default=Path("/tmp/knowledge-measured"))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    print("load average", os.getloadavg())
    zim = options.keep / f"{options.articles}.zim"
    if not zim.exists():
        write_archive(zim, [*written(), *generated(options.articles)])
    archive = Archive(zim, cache=options.keep / "tried.json")
    print(f"archive: {archive.articles} articles, {zim.stat().st_size / 1e6:.1f} MB")
    timed("archive, first time", archive.search)
    timed("archive, again", archive.search)
    folder = options.keep / f"documents-{options.documents}"
    if not folder.exists():
        folder.mkdir()
        texts = [(a["title"], a["text"]) for a in load()["article"]]
        for number, (title, text) in enumerate(texts):
            (folder / f"{number}-{title}.md").write_text(f"# {title}\n\n{text}\n")
        for number, (_, title, source) in enumerate(generated(options.documents - len(texts), seed=1)):
            paragraphs = source.split("<p>")[1:]
            text = "\n\n".join(part.split("<")[0] for part in paragraphs)
            (folder / f"g{number}.txt").write_text(f"{title}\n\n{text}\n")
    path = options.keep / "knowledge.db"
    path.unlink(missing_ok=True)
    with closing(Index(path, write=True)) as index:
        began, cpu = time.perf_counter(), time.process_time()
        built = build(index, [folder])
        print(f"index: {json.dumps({'read': built.read, 'passages': index.counts().passages})}, "
              f"{time.perf_counter() - began:.1f} s by the clock, {time.process_time() - cpu:.1f} s of processor, "
              f"{path.stat().st_size / 1e6:.1f} MB")  # fmt: skip
        began = time.perf_counter()
        build(index, [folder])
        print(f"index, nothing changed: {time.perf_counter() - began:.2f} s")
        timed("documents, words", index.search)
        if options.model:
            embedder = Embedder(options.model)
            began, cpu = time.perf_counter(), time.process_time()
            vectors = build(index, [folder], embedder).vectors
            print(f"vectors: {vectors} in {time.perf_counter() - began:.1f} s by the clock, "
                  f"{time.process_time() - cpu:.1f} s of processor")  # fmt: skip
            timed("documents, words and meanings", lambda q: index.search(q, embedder=embedder))
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
