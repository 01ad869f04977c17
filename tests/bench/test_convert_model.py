import json
import math

import pytest

from assistant.errors import UsageError
from assistant.llm import Message
from scripts import convert_model
from scripts.convert_model import Judge, Limits, Row, recommend, refused
from scripts.make_tiny_gguf import write_tiny_gguf

TEXT = "The quick brown fox jumps over the lazy dog and runs on into the night. " * 40


def row(kind: str, ms: float, accuracy: float | None = None, change: float | None = None, mb: float = 10.0) -> Row:
    return Row(kind, f"{kind}.gguf", mb, ms, ms * 2, 100, accuracy, change, None, None)


@pytest.fixture
def judge(small, known):
    made = Judge(small, threads=1, context=1024, cache=known)
    yield made
    made.close()


def test_probabilities_are_those_of_the_words_that_follow(tmp_path, known):
    model = Judge(write_tiny_gguf(tmp_path / "tiny.gguf", ("Y", "e", "s")), threads=1, cache=known)
    question = [Message("user", "x")]
    try:
        said = model.tokens(model.render(question))
        right = model.log_probabilities([*said, *model.tokens("Yes")], len(said))
        wrong = model.log_probabilities([*said, *model.tokens("Noo")], len(said))
        assert len(right) == len(wrong) == 3
        assert sum(right) > sum(wrong) + 3
        assert all(p <= 0 for p in (*right, *wrong))
        assert model.closest(question, ["No", "Yes", "Ye olde"]) == "Yes"
    finally:
        model.close()


def test_probabilities_do_not_depend_on_what_was_read_before(judge):
    tokens = judge.tokens("one two three four five six seven")
    fresh = judge.log_probabilities(tokens, 4)
    judge.log_probabilities(judge.tokens("one two something else entirely"), 3)
    again = judge.log_probabilities(tokens, 4)
    assert len(fresh) == len(tokens) - 4
    # the same tokens, read in other portions: rounding alone may differ
    assert again == pytest.approx(fresh, abs=0.05)


def test_random_weights_find_every_word_about_equally_unlikely(judge):
    # a vocabulary of 4096: guessing blindly has a perplexity of 4096, and random preferences make it worse
    assert 1000 < judge.perplexity(TEXT) < 100_000


def test_a_short_text_is_refused(judge):
    with pytest.raises(UsageError, match="at least 256"):
        judge.perplexity("too short")


def test_limits_are_told_apart():
    assert refused(row("a", 5), Limits()) == ""
    assert "over 5" in refused(row("a", 5), Limits(mb=5))
    assert "ms, over 9" in refused(row("a", 5), Limits(token_ms=9))
    assert "fewer tasks" in refused(row("a", 5, 0.7, -0.1), Limits(accuracy_drop=0.05))
    assert refused(row("a", 5, 0.9, 0.1), Limits(accuracy_drop=0.0)) == ""
    worse = Row("a", "a", 1, 1, 1, 1, None, None, 12.0, 2.0)
    assert "perplexity" in refused(worse, Limits(perplexity_rise=1.0))
    assert refused(worse, Limits(perplexity_rise=2.0)) == ""


def test_the_recommendation_solves_most_then_is_fastest():
    def best(rows: list[Row], limits: Limits) -> str:
        chosen = recommend(rows, limits)
        return chosen.kind if chosen else "none"

    rows = [row("exact", 9, 0.9, 0.0), row("fast", 3, 0.8, -0.1), row("also exact", 6, 0.9, 0.0)]
    assert best(rows, Limits()) == "also exact"
    assert best(rows, Limits(token_ms=8)) == "fast"
    assert recommend(rows, Limits(token_ms=1)) is None
    assert best([row("a", 5), row("b", 4)], Limits()) == "b"
    assert recommend([], Limits()) is None


def test_a_whole_conversion(whole, tmp_path, capsys):
    (tmp_path / "tasks.jsonl").write_text(
        '{"text": "wake me", "class": "alarm"}\n{"text": "lamp", "class": "lights"}\n'
    )
    (tmp_path / "text.txt").write_text(TEXT)
    status = convert_model.main(
        [
            str(whole), "--types", "Q4_K_M,Q8_0", "--out", str(tmp_path / "out"), "--repeats", "1",
            "--tasks", str(tmp_path / "tasks.jsonl"), "--text", str(tmp_path / "text.txt"),
            "--most-mb", "2.2", "--json", str(tmp_path / "result.json"),
        ]
    )  # fmt: skip
    out = capsys.readouterr().out
    assert status == 0
    assert "recommended: Q4_K_M" in out
    assert "Q8_0: outside the limits" in out
    found = json.loads((tmp_path / "result.json").read_text())
    source, *made = found["rows"]
    assert [made_row["kind"] for made_row in made] == ["Q4_K_M", "Q8_0"]
    assert source["accuracy_change"] is None
    assert source["mb"] > made[1]["mb"] > made[0]["mb"]
    assert all(math.isclose(r["perplexity_change"], r["perplexity"] - source["perplexity"], abs_tol=0.01) for r in made)
    assert found["recommended"] == "Q4_K_M"
    assert found["partial"] is False


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["nosuch.gguf"], 1, "there is no such language model"),
        (["SOURCE", "--types", "Q99"], 2, "no such type"),
        (["SOURCE", "--repeats", "0"], 2, "at least 1"),
        (["SOURCE", "--tasks", "nosuch.jsonl"], 2, "nosuch.jsonl: cannot be read"),
        (["SOURCE", "--text", "nosuch.txt"], 2, "nosuch.txt: is no text"),
    ],
)
def test_what_cannot_be_done_is_one_line(whole, tmp_path, capsys, words, status, line):  # noqa: PLR0917 - fixtures
    words = [str(whole) if word == "SOURCE" else word for word in words]
    assert convert_model.main([*words, "--out", str(tmp_path)]) == status
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == 1


def test_a_quantised_source_needs_to_be_meant(small, tmp_path, capsys):
    assert convert_model.main([str(small), "--types", "Q8_0", "--out", str(tmp_path)]) == 1
    assert "cannot quantise" in capsys.readouterr().err
    assert convert_model.main([str(small), "--types", "Q8_0", "--out", str(tmp_path), "--repeats", "1", "--again"]) == 0


def test_ctrl_c_keeps_the_rows_so_far(whole, tmp_path, capsys, monkeypatch):
    real = convert_model.measure

    def measure(path, kind, *rest):
        if kind == "Q8_0":
            raise KeyboardInterrupt
        return real(path, kind, *rest)

    monkeypatch.setattr(convert_model, "measure", measure)
    status = convert_model.main(
        [
            str(whole), "--types", "Q4_0,Q8_0", "--out", str(tmp_path), "--repeats", "1",
            "--json", str(tmp_path / "r.json"),
        ]
    )  # fmt: skip
    assert status == 130
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["partial"] is True
    assert [r["kind"] for r in found["rows"]] == ["source", "Q4_0"]
