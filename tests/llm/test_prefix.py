"""The static part: read once, held beside the conversation, and on disk for the next start."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.llm import Message
from assistant.llm.llamacpp import LlamaCppModel
from assistant.llm.prefix import KEPT, PrefixFiles

SYSTEM = Message("system", "Be brief and kind, and say so when you do not know. " * 3)
TOOLS = Message("system", "Answer with a tool call and nothing else at all. " * 3)
EMPTY = Message("user", "")


class Counting(LlamaCppModel):
    """Notes how many tokens each reading of the engine took."""

    def _decode(self, tokens: list[int]) -> bool:
        self.read = [*getattr(self, "read", []), len(tokens)]
        return super()._decode(tokens)

    def took(self) -> int:
        """Tokens of the first reading since the last call: what the prompt cost."""
        first = self.read[0] if self.read else 0
        self.read = []
        return first


@pytest.fixture
def model(babbling: Path, known: Path) -> Iterator[Counting]:
    loaded = Counting(babbling, threads=1, context=1024, cache=known)
    loaded.read = []
    yield loaded
    loaded.close()


def answer(model: LlamaCppModel, *messages: Message, most: int = 8) -> str:
    return "".join(model.stream(messages, max_tokens=most))


def test_a_turn_pays_for_its_own_words_alone(model: Counting) -> None:
    prefix = model.prepare([SYSTEM, EMPTY])
    assert model.took() == prefix
    question = [SYSTEM, Message("user", "why is the sky blue")]
    answer(model, *question)
    assert model.took() == len(model.tokens(model.render(question))) - prefix


def test_the_conversation_is_not_read_again_either(model: Counting) -> None:
    model.prepare([SYSTEM, EMPTY])
    talk = [SYSTEM, Message("user", "why is the sky blue")]
    for question in ("and at night", "and on mars", "thank you"):
        model.took()
        said = answer(model, *talk)
        held = len(model._held)
        talk += [Message("assistant", said), Message("user", question)]
        model.took()
        wanted = model.tokens(model.render(talk))
        same = next(
            (at for at, (a, b) in enumerate(zip(model._held, wanted, strict=False)) if a != b), min(held, len(wanted))
        )
        answer(model, *talk, most=1)
        assert model.took() == len(wanted) - same
        assert same >= len(model.tokens(model.render(talk[:-2]))) - 8  # all up to the reply, but the template's tail


def test_two_prefixes_do_not_push_each_other_out(model: Counting) -> None:
    prefixes = [model.prepare([system, EMPTY]) for system in (SYSTEM, TOOLS)]
    model.took()
    for turn in range(3):
        for system, prefix in zip((SYSTEM, TOOLS), prefixes, strict=True):
            question = [system, Message("user", f"number {turn}")]
            model.took()
            answer(model, *question, most=1)
            assert model.took() == len(model.tokens(model.render(question))) - prefix


def test_a_restart_reads_nothing_of_it(babbling: Path, known: Path, tmp_path: Path) -> None:
    said = []
    for start in range(2):
        model = Counting(babbling, threads=1, context=1024, cache=known)
        model.read = []
        prefix = model.prepare([SYSTEM, EMPTY], tmp_path / "prefixes")
        assert model.took() == (0 if start else prefix)
        said.append(answer(model, SYSTEM, Message("user", "who are you"), most=24))
        model.close()
    assert said[0] == said[1]


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_anew_never_trusted(
    babbling: Path, known: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("prefixes")
    model = Counting(babbling, threads=1, context=1024, cache=known)
    model.read = []
    prefix = model.prepare([SYSTEM, EMPTY], folder)
    model.took()
    victim = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(victim.read_bytes())
    match data.draw(st.sampled_from(["flip", "cut", "empty", "longer", "gone"])):
        case "flip":
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del content[data.draw(st.integers(0, len(content) - 2)) :]
        case "empty":
            content.clear()
        case "longer":
            content += b"x"
        case "gone":
            victim.unlink()
    if victim.exists():
        victim.write_bytes(content)
    assert model.prepare([SYSTEM, EMPTY], folder) == prefix
    assert model.took() == prefix
    assert model.prepare([SYSTEM, EMPTY], folder) == prefix  # and it is there again
    assert model.took() == 0
    model.close()


def test_other_words_another_context_or_another_model_are_another_file(
    babbling: Path, tiny: Path, known: Path, tmp_path: Path
) -> None:
    def prepared(path: Path, system: Message, context: int) -> int:
        model = Counting(path, threads=1, context=context, cache=known)
        model.read = []
        model.prepare([system, EMPTY], tmp_path)
        took = model.took()
        model.close()
        return took

    cases = [(babbling, SYSTEM, 1024), (babbling, TOOLS, 1024), (babbling, SYSTEM, 512), (tiny, SYSTEM, 1024)]
    assert all(prepared(*case) > 0 for case in cases)
    assert not any(prepared(*case) for case in cases)


def test_the_engines_version_is_part_of_the_name(model: Counting, tmp_path: Path, monkeypatch) -> None:
    import llama_cpp

    prefix = model.prepare([SYSTEM, EMPTY], tmp_path)
    model.took()
    monkeypatch.setattr(llama_cpp, "__version__", "99.0")
    model.prepare([SYSTEM, EMPTY], tmp_path)
    assert model.took() == prefix


def test_a_file_that_holds_other_tokens_is_not_taken(tmp_path: Path) -> None:
    files = PrefixFiles(tmp_path, "m")
    files.save([1, 2], lambda file: file.write_bytes(b"state"))
    assert not files.load([1, 2], lambda file: [1, 3])
    assert not files.file([1, 2]).exists()


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    import os

    files = PrefixFiles(tmp_path, "m")
    for number in range(KEPT + 3):
        files.save([number], lambda file: file.write_bytes(b"state"))
        os.utime(files.file([number]), (number, number))
    files.save([99], lambda file: file.write_bytes(b"state"))
    assert len(list(tmp_path.glob("*.state"))) == len(list(tmp_path.glob("*.sha256"))) == KEPT
    assert files.load([99], lambda file: [99])
    assert not files.load([0], lambda file: [0])


def test_without_a_disk_it_works_all_the_same(model: Counting, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    prefix = model.prepare([SYSTEM, EMPTY], tmp_path / "file" / "below")
    assert prefix > 0
    answer(model, SYSTEM, Message("user", "who are you"))
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_prefix_longer_than_the_context_is_left_to_the_question(babbling: Path, known: Path) -> None:
    model = Counting(babbling, threads=1, context=256, cache=known)
    model.read = []
    assert model.prepare([Message("system", "x y " * 400), EMPTY]) == 0
    assert model.took() == 0
    model.close()


# -- reading ahead ---------------------------------------------------------------------------------------------------


def test_words_read_ahead_are_not_read_again(model: Counting) -> None:
    model.prepare([SYSTEM, EMPTY])
    for words in ("why", "why is the", "why is the sky"):
        assert list(model.ahead([SYSTEM, Message("user", words)])) == []
    model.took()
    question = [SYSTEM, Message("user", "why is the sky blue at noon")]
    wanted = len(model.tokens(model.render(question)))
    known = len(model.certain([SYSTEM, Message("user", "why is the sky")]))
    answer(model, *question)
    assert model.took() == wanted - known


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.text("abcdefg é'", min_size=1, max_size=6), max_size=6), cut=st.integers(0, 6))
def test_what_is_certain_begins_every_continuation(babbling_model: LlamaCppModel, words: list[str], cut: int) -> None:
    certain = babbling_model.certain([SYSTEM, Message("user", " ".join(words[:cut]))])
    whole = babbling_model.tokens(babbling_model.render([SYSTEM, Message("user", " ".join(words))]))
    prefix = babbling_model.certain([SYSTEM, EMPTY])
    assert certain[: len(prefix)] == prefix
    assert whole[: len(prefix)] == prefix
    # a word may be cut otherwise when it goes on; the engine then reads from there
    same = sum(1 for _ in iter_same(certain, whole))
    assert same >= len(prefix)


def iter_same(one: list[int], other: list[int]) -> Iterator[int]:
    for first, second in zip(one, other, strict=False):
        if first != second:
            return
        yield first


@pytest.fixture(scope="module")
def babbling_model(babbling: Path, known: Path) -> Iterator[LlamaCppModel]:
    loaded = LlamaCppModel(babbling, threads=1, context=1024, cache=known)
    yield loaded
    loaded.close()


def test_reading_ahead_can_be_stopped_and_costs_the_question_nothing(model: Counting) -> None:
    model.prepare([SYSTEM, EMPTY])
    reading = model.ahead([SYSTEM, Message("user", "words " * 300)])
    original = model._reuse

    def cancelled(tokens: list[int]) -> list[int]:
        fresh = original(tokens)
        reading.cancel()  # as the question's arrival would, just before the engine begins to read
        return fresh

    model._reuse = cancelled  # type: ignore[method-assign]
    assert list(reading) == []
    model._reuse = original  # type: ignore[method-assign]
    question = [SYSTEM, Message("user", "who are you")]
    prefix = len(model.certain([SYSTEM, EMPTY]))
    model.took()
    assert answer(model, *question)
    assert model.took() == len(model.tokens(model.render(question))) - prefix


def test_reading_ahead_does_not_change_the_answer(model: Counting) -> None:
    question = [SYSTEM, Message("user", "why is the sky blue")]
    model.prepare([SYSTEM, EMPTY])
    list(model.ahead([SYSTEM, Message("user", "why is")]))
    list(model.ahead([SYSTEM, Message("user", "when it")]))  # heard otherwise, then corrected
    list(model.ahead([SYSTEM, Message("user", "why is the sky")]))
    corrected = answer(model, *question, most=16)
    straight = answer(model, *question, most=16)
    assert corrected == straight


def test_what_is_held_already_is_left_alone(model: Counting) -> None:
    model.prepare([SYSTEM, EMPTY])
    answer(model, SYSTEM, Message("user", "why is the sky blue"))
    held = list(model._held)
    list(model.ahead([SYSTEM, Message("user", "why is")]))
    assert model._held == held


# -- too long ----------------------------------------------------------------------------------------------------------


def test_the_oldest_turns_go_whole_and_the_prefix_stays(babbling: Path, known: Path) -> None:
    model = Counting(babbling, threads=1, context=512, cache=known)
    model.read = []
    prefix = model.prepare([SYSTEM, EMPTY])
    talk = [SYSTEM]
    for number in range(12):
        talk += [Message("user", f"question {number} " * 6), Message("assistant", f"answer {number} " * 6)]
    talk.append(Message("user", "and now"))
    assert len(model.tokens(model.render(talk))) > 512
    answer(model, *talk)
    text = b"".join(model._piece(token) for token in model._held).decode("utf-8", "replace")
    assert SYSTEM.content.strip() in text
    assert "and now" in text
    assert "question 0" not in text
    assert "answer 11" in text
    numbers = [number for number in range(12) if f"question {number} question" in text]
    assert numbers == list(range(numbers[0], 12))  # none is missing in between
    assert model.took() > 0
    assert model._held[:prefix] == model.certain([SYSTEM, EMPTY])
    model.close()
