"""From trained weights to the embedded model: python -m scripts.intent_model.finish DIR [--out FOLDER] [--measure].

Writes the GGUF, asks it the held-out sentences through the program's own tool tier, fits the calibration, prints the
figures of the model's card. Run scripts/seal_embedded afterwards. --measure writes nothing: it asks the model that
stands in FOLDER the held-out sentences of DIR.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.dialogue.tooling import CALIBRATION, CONTEXT, MODEL, Calibration, toolbox
from assistant.llm.llamacpp import LlamaCppModel
from assistant.llm.tools import NONE, Call, ToolCaller
from assistant.skills.declarations import declarations
from scripts.intent_model.export import export
from scripts.intent_model.vocabulary import Vocabulary

Array = npt.NDArray[np.float64]


def fit(probabilities: Array, right: Array) -> tuple[float, float]:
    """Slope and offset of the logistic curve from a probability's logit to the share that is right."""
    kept = np.clip(probabilities, 1e-6, 1 - 1e-6)
    table = np.stack([np.log(kept / (1 - kept)), np.ones(len(kept))], 1)
    start = np.array([1.0, 0.0])
    found = start

    def loss(at: Array) -> float:
        logits = table @ at
        # a little pull towards "as the model says it", so that a perfect sheet does not end in infinity
        return float(np.sum(np.logaddexp(0, logits) - right * logits) + 5e-3 * np.sum((at - start) ** 2))

    for _ in range(50):
        guess = 1 / (1 + np.exp(-np.clip(table @ found, -50, 50)))
        weight = guess * (1 - guess)
        gradient = table.T @ (right - guess) - 1e-2 * (found - start)
        step = np.linalg.solve((table * weight[:, None]).T @ table + 1e-2 * np.eye(2), gradient)
        while loss(found + step) > loss(found) and np.abs(step).max() > 1e-6:
            step = step / 2  # Newton's step overshoots where most probabilities are near 1
        found = found + step
    return float(found[0]), float(found[1])


def same(call: Call, tool: str, arguments: dict[str, str]) -> bool:
    """Whether a call is the one wanted, value by value."""
    name, _, domain = tool.partition(":")
    wanted = arguments | ({"domain": domain} if domain else {})
    return call.name == name and dict(call.arguments) == wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what scripts/train_intent_model.py wrote")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "models/embedded/intent-model")
    parser.add_argument("--measure", action="store_true", help="only the figures of the model in --out")
    options = parser.parse_args()
    path = options.out / MODEL
    if not options.measure:
        write(options.folder, path)
    measure(path, options.folder / "held-out.json", None if options.measure else options.out / CALIBRATION)


def write(folder: Path, path: Path) -> None:
    """The GGUF of the weights that scripts/train_intent_model.py left in `folder`."""
    merges, tools, slots = json.loads((folder / "vocabulary.json").read_text())
    vocabulary = Vocabulary([(one, other) for one, other in merges], tools, slots)
    shape = json.loads((folder / "shape.json").read_text())
    path.parent.mkdir(parents=True, exist_ok=True)
    with np.load(folder / "weights.npz") as weights:
        export(path, dict(weights), vocabulary, **shape)


def measure(path: Path, sheet: Path, calibration: Path | None) -> None:
    """Ask the model every sentence of the sheet, print the figures, and write what its certainty is worth."""
    caller = ToolCaller(LlamaCppModel(path, threads=1, context=CONTEXT), toolbox(declarations(), learnt=True))

    probabilities, right, mistakes = [], [], Counter[str]()
    asked = named = whole = outside = false = 0
    for words, tool, arguments in json.loads(sheet.read_text()):
        call = caller.call(" ".join(words)) or Call(NONE, {}, 0.0)
        wanted = tool.partition(":")[0]
        if call.name != wanted:
            mistakes[f"{wanted} taken for {call.name}"] += 1
        if tool == NONE:
            outside += 1
            false += call.name != NONE
        else:
            asked += 1
            named += call.name == wanted
            whole += same(call, tool, arguments)
        if call.name != NONE:
            probabilities.append(call.probability)
            right.append(call.name == wanted)
    certain, truth = np.array(probabilities), np.array(right, np.float64)
    slope, offset = fit(certain, truth)
    if calibration is not None:
        calibration.write_text(json.dumps({"slope": round(slope, 4), "offset": round(offset, 4)}) + "\n")
    confidence = np.array([Calibration(slope, offset)(value) for value in certain])

    print(f"{path}: {path.stat().st_size:,} bytes")
    print(f"{asked} requests: right tool {named / asked:.3f}, whole call {whole / asked:.3f}")
    print(f"{outside} that no tool serves: called one {false / outside:.3f}")
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.0)):
        part = (confidence >= low) & (confidence < high)
        if part.any():
            print(f"  confidence {low:.2f}-{high:.2f}: {part.sum()} calls, right {truth[part].mean():.3f}")
    for line, count in mistakes.most_common(15):
        print(f"  {count} x {line}")


if __name__ == "__main__":
    main()
