"""Sentence embeddings: one question, and passages by the batch, as the index of the documents is built."""

import time
from itertools import cycle, islice
from pathlib import Path

from assistant.artifacts.selection import select
from assistant.bench.figures import Effort, Stage
from assistant.config import Settings

QUESTIONS = (
    "what pressure does the boiler need", "when does the rubbish go out", "how do i descale the coffee machine",
    "who do i call when the lift is stuck", "how long is the warranty of the dishwasher",
)  # fmt: skip

PASSAGE = (
    "Close the tap under the boiler before you open the valve. The needle should stand in the green part, between "
    "one and two bar, when the water is cold. Turn the filling tap slowly to the left until it does, and close it "
    "again. When the pressure falls within a week, a joint leaks; look for drops under the radiators and at the pump, "
    "and call the number on the label."
)
"""Of the length that documents are cut to. Both written for this measurement."""

MANY = 16
"""Passages at once: what indexing gives the model."""

LIKE = "minilm-l6"
"""The catalogue's model, of which a stand-in can be made."""


def measure_embeddings(stage: Stage, settings: Settings, effort: Effort, model: Path | None = None) -> None:
    """ms a question and ms a passage in a batch of MANY; `model`: an .onnx file, else the installed one."""
    choice = select(settings).embedding
    path = model or choice.path
    if path is None:
        stage.skipped = (
            "no embedding model is installed, so there is nothing to measure; 'assistant models pull minilm-l6' gets "
            "one, and --like minilm-l6 makes a stand-in that is as fast"
        )
        return
    from assistant.knowledge.embedding import Embedder  # noqa: PLC0415 - only where there is one

    began = time.perf_counter()
    embedder = Embedder(path)
    stage.engine, stage.model = "onnxruntime", choice.title if model is None else path.name
    stage.facts |= {"load_s": round(time.perf_counter() - began, 2), "threads": 1, "numbers": embedder.size}
    stage.facts |= {"passage_letters": len(PASSAGE), "passages_at_once": MANY}
    questions = cycle(QUESTIONS)
    one = stage.begin("embed_question_ms", "ms a question", effort.repeats)
    cpu = stage.begin("embed_question_cpu_ms", "ms of processor time a question", effort.repeats)
    for counts in effort.rounds(stage, one.name):
        began, busy = time.perf_counter(), time.process_time()
        embedder.embed([next(questions)])
        if counts:
            cpu.add((time.process_time() - busy) * 1000)
            one.add((time.perf_counter() - began) * 1000)
    batch = list(islice(cycle([PASSAGE]), MANY))
    many = stage.begin("embed_passage_ms", f"ms a passage, {MANY} at once", effort.repeats)
    cpu = stage.begin("embed_passage_cpu_ms", "ms of processor time a passage", effort.repeats)
    for counts in effort.rounds(stage, many.name):
        began, busy = time.perf_counter(), time.process_time()
        embedder.embed(batch)
        if counts:
            cpu.add((time.process_time() - busy) * 1000 / MANY)
            many.add((time.perf_counter() - began) * 1000 / MANY)
