"""Sentence embeddings on a model of the same kind with random weights: the mechanics, not the meaning."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from assistant.bench.embedding_standin import Shape, make_standin
from assistant.errors import ModelError
from assistant.knowledge.embedding import MOST_TOKENS, Embedder
from assistant.knowledge.index import Index
from assistant.knowledge.indexing import build
from assistant.knowledge.wordpiece import WordPiece

SMALL = Shape(vocabulary=200, hidden=32, layers=2, heads=4, inner=64, positions=MOST_TOKENS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_standin(tmp_path_factory.mktemp("minilm"), SMALL, quantised=False)


@pytest.fixture(scope="module")
def embedder(model: Path) -> Embedder:
    return Embedder(model)


def test_pieces(tmp_path: Path) -> None:
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "cafe", "!", "日"]))
    pieces = WordPiece(path)
    assert pieces.encode("Unaffable, CAFÉ!日", 20) == [2, 4, 5, 6, 1, 7, 8, 9, 3]
    assert pieces.encode("unaffable cafe", 4) == [2, 4, 5, 3]
    assert pieces.encode("x" * 101 + "\0", 9) == [2, 1, 3]
    assert pieces.encode("", 9) == [2, 3]


def test_vectors_do_not_depend_on_who_stands_beside_them(embedder: Embedder) -> None:
    texts = [f"{'word ' * n}end {n}" for n in range(1, 40, 3)]
    together = embedder.embed(texts)
    assert together.shape == (len(texts), SMALL.hidden)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-4)


def test_long_texts_are_cut(embedder: Embedder) -> None:
    assert embedder.embed(["a b c " * 5000]).shape == (1, SMALL.hidden)


def test_vectors_find_their_own_text_and_survive_a_kill(embedder: Embedder, tmp_path: Path, folder: Path) -> None:
    with closing(Index(tmp_path / "knowledge.db", write=True)) as index:
        assert build(index, [folder]).vectors == 0
        whole = index.counts().passages
        with index.writing() as db:  # as if a run had been killed behind the first passages
            db.execute("INSERT INTO meta VALUES ('model', ?)", (embedder.mark,))
            vector = embedder.embed(["x"])[0].astype(np.float16).tobytes()
            db.execute("UPDATE parts SET vector = ? WHERE id = 1", (vector,))
        assert build(index, [folder], embedder).vectors == whole - 1
        assert index.counts().vectors == whole
        name, heading, text = index.rows("SELECT name, heading, text FROM passages WHERE rowid = 3")[0]
        assert index._by_meaning(f"{name} {heading}. {text}", embedder)[0] == 3
        found = index.search("what pressure does the boiler need", embedder=embedder)
        assert max(found, key=lambda passage: passage.score).source.title == "Pressure"


def test_vectors_of_another_model_are_not_compared(embedder: Embedder, tmp_path: Path, folder: Path) -> None:
    other = Embedder(make_standin(tmp_path / "other", SMALL, quantised=False, seed=5))
    with closing(Index(tmp_path / "knowledge.db", write=True)) as index:
        build(index, [folder], embedder)
        assert index._by_meaning("boiler", other) == []
        assert build(index, [folder], other).vectors == index.counts().passages
        assert index._by_meaning("boiler", other)


def test_a_model_that_is_none_is_one_line(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"vocab\.txt"):
        Embedder(tmp_path / "model.onnx")
    (tmp_path / "vocab.txt").write_bytes(model.with_name("vocab.txt").read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged or no ONNX"):
        Embedder(tmp_path / "model.onnx")
    (tmp_path / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(ModelError, match="no WordPiece vocabulary"):
        Embedder(tmp_path / "model.onnx")
