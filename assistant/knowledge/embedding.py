"""Sentence embeddings: all-MiniLM-L6-v2, or another BERT of its shape, on onnxruntime."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.audio.onnx import session
from assistant.errors import ModelError
from assistant.knowledge.wordpiece import WordPiece
from assistant.trial import fingerprint

Vectors = npt.NDArray[np.float32]

MOST_TOKENS = 256
"""Of a text: what the model was trained with; passages are shorter."""

BATCH = 16
"""Texts a run: more gains nothing on one thread, and a run cannot be interrupted."""


class Embedder:
    """A loaded model. Blocking, one thread."""

    def __init__(self, path: Path) -> None:
        """`path`: the .onnx file, with vocab.txt beside it. Raises ModelError."""
        self._pieces = WordPiece(path.with_name("vocab.txt"))
        self._session = session(path, "embedding model")
        self._inputs = [each.name for each in self._session.get_inputs()]
        if (
            not {"input_ids", "attention_mask"}
            <= set(self._inputs)
            <= {"input_ids", "attention_mask", "token_type_ids"}
        ):
            raise ModelError(f"{path}: is no sentence-embedding model of BERT's kind; pull the model again")
        self.mark = fingerprint(path)
        """Tells this model's vectors from any other's."""
        self.size = int(self.embed(["a"]).shape[1])
        """Numbers a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 a text, float32 [texts, size]. Raises ModelError when the model fails."""
        rows = [self._pieces.encode(text, MOST_TOKENS) for text in texts]
        order = sorted(range(len(rows)), key=lambda n: len(rows[n]))  # equal lengths together: little is padding
        found: dict[int, Vectors] = {}
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            found |= dict(zip(part, self._run([rows[n] for n in part]), strict=True))
        return np.stack([found[n] for n in range(len(rows))])

    def _run(self, rows: Sequence[Sequence[int]]) -> Iterator[Vectors]:
        longest = max(map(len, rows))
        ids, mask = np.zeros((2, len(rows), longest), np.int64)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            hidden = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ModelError("the embedding model failed; fetch it again: assistant models pull minilm-l6") from error
        # the mean over a text's own tokens, scaled to length 1: what the model was trained for
        weighted = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        yield from (weighted / np.linalg.norm(weighted, axis=1, keepdims=True).clip(1e-12)).astype(np.float32)
