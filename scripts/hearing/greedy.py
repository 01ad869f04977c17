"""Phone error rate of the bare network, no graph, no language: python -m scripts.hearing.greedy CHECKPOINT [--held ...]

The best output of every frame, repetitions and blanks removed, against the dictionary's phones of the text (the
nearest reading of each word). This is what sounds-like matching has to live with.
"""

import argparse
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import soundfile
import torch

from assistant.stt.graph.phones import BLANK, PHONES
from assistant.stt.graph.pronounce import pronounce
from scripts.hearing.clips import Clip, clip_sets, errors
from scripts.hearing.features import log_mel
from scripts.hearing.net import Net, Shape


def load(checkpoint: Path) -> Net:
    """The averaged network, ready to run."""
    saved = torch.load(checkpoint, weights_only=True)
    net = Net(Shape(**saved["shape"]))
    net.load_state_dict(saved["weights"])
    return net.eval()


def phones(net: Net, clip: Clip, handicap: float) -> list[str]:
    """The phones heard; `handicap` (nats) is taken from the blank."""
    samples, _ = soundfile.read(clip.path, dtype="int16")
    mel = np.pad(log_mel(samples.astype(np.float32)), ((net.shape.context, net.shape.context), (0, 0)), "edge")
    with torch.no_grad():
        scores = net(torch.from_numpy(mel)[None])[0][:, 0].numpy()
    scores[:, BLANK] -= handicap
    best = scores.argmax(1)
    return [PHONES[index - 1] for index, _ in itertools.groupby(best) if index != BLANK]


def reference(text: str, heard: list[str]) -> list[str]:
    """The phones of `text`, for each word in turn the reading that fits `heard` best."""
    readings = [[list(reading) for reading in pronounce(word)] for word in text.split()]
    chosen = [choices[0] for choices in readings]
    for i, choices in enumerate(readings):
        if len(choices) > 1:
            trials = [[*chosen[:i], choice, *chosen[i + 1 :]] for choice in choices]
            chosen = min(trials, key=lambda trial: errors(list(itertools.chain.from_iterable(trial)), heard))
    return list(itertools.chain.from_iterable(chosen))


def main() -> int:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("checkpoint", type=Path)
    options.add_argument("--held", type=Path)
    options.add_argument("--corpora", type=Path)
    options.add_argument("--blank-prior", type=float, default=0.0)
    args = options.parse_args()
    torch.set_num_threads(1)
    net = load(args.checkpoint)
    for name, clips in clip_sets(args.held, args.corpora).items():
        wrong = total = 0
        for clip in clips:
            heard = phones(net, clip, args.blank_prior)
            said = reference(clip.text or "", heard)
            wrong += errors(said, heard)
            total += len(said)
        print(
            json.dumps({"set": name, "mode": "phones", "clips": len(clips), "per": round(100 * wrong / total, 1)}),
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
