"""Choose the price of `[unk]` on held-out synthetic voices.

    python -m scripts.hearing.calibrate MODEL_DIR --held test/held

For each price the graph is rebuilt in a scratch copy. Half of the clips' sentences make a runtime grammar: clips of
these should be heard exactly ("right"), clips of the other half should not end as one of them ("false").
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from assistant.stt.graph import build_graph, read_lexicon
from assistant.stt.graph.grammar import Counts
from assistant.stt.libvosk import NativeModel
from scripts.hearing.clips import clip_sets
from scripts.hearing.evaluate import decode, grammar


def main() -> int:
    """Print one line a price."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model_dir", type=Path)
    options.add_argument("--held", type=Path, required=True)
    options.add_argument("--prices", default="1,2,3,4,5")
    args = options.parse_args()
    clips = [clip for clips in clip_sets(args.held, None).values() for clip in clips]
    random.Random(1).shuffle(clips)
    known, foreign = clips[: len(clips) // 2], clips[len(clips) // 2 :]
    sentences = {clip.text for clip in known}
    foreign = [clip for clip in foreign if clip.text not in sentences]
    words, counts = read_lexicon(args.model_dir), Counts.load(args.model_dir / "graph" / "counts.txt.xz")
    for price in map(float, args.prices.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder) / "model"
            shutil.copytree(args.model_dir, scratch)
            build_graph(scratch, words, counts, unknown_cost=price)
            model = NativeModel(str(scratch))
            phrases = grammar(model, known)
            right = sum(decode(model, clip, phrases)[0] == clip.text for clip in known)
            heard = [decode(model, clip, phrases)[0] for clip in foreign]
            false = sum(text in sentences for text in heard)
            unsure = sum("[unk]" in text for text in heard)
        row = {
            "price": price,
            "known": len(known),
            "right": right,
            "foreign": len(foreign),
            "false": false,
            "with [unk]": unsure,
        }
        print(json.dumps(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
