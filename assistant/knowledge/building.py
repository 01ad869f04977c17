"""The process that builds the index beside a running assistant: politely, and without its memory."""

import json
import sys
from pathlib import Path

from assistant.errors import AssistantError
from assistant.knowledge.embedding import Embedder
from assistant.knowledge.index import FILE, Index
from assistant.knowledge.indexing import be_polite, build, only_builder


def main(order: str) -> int:
    """Build as `order` says: JSON with "data", "documents" and "model" (an .onnx file or null). What is wrong goes to
    standard error, a line each; the exit status is 1 when nothing could be built."""
    be_polite()
    wanted = json.loads(order)
    path = Path(wanted["data"]) / FILE
    embedder = None
    try:
        if wanted["model"]:
            try:
                embedder = Embedder(Path(wanted["model"]))
            except AssistantError as error:
                print(error, file=sys.stderr)
        with only_builder(path):
            index = Index(path, write=True)
            built = build(index, [Path(folder) for folder in wanted["documents"]], embedder)
            index.close()
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    for problem in built.problems:
        print(problem, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
