"""The card in process, on a simulation of the vendor's package: every documented trap, and what a person is told."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError, ModelError
from assistant.llm import Message
from assistant.llm.hailo import OPEN_TRIES, HailoModel
from assistant.llm.hailo_context import Cost, Held, fit
from assistant.llm.prompt import Prompt
from tests.simulators.hailo_platform import RECOVERY, Card, install

END = RECOVERY
SYSTEM = Message("system", "Be short.")


def user(text: str) -> Message:
    return Message("user", text)


def assistant(text: str) -> Message:
    return Message("assistant", text)


@pytest.fixture
def hef(tmp_path: Path) -> Path:
    path = tmp_path / "Qwen2.5-1.5B-Instruct.hef"
    path.write_bytes(b"\x01HEF" + b"weights" * 100)
    return path


@pytest.fixture
def model(card: Card, hef: Path) -> Iterator[HailoModel]:
    made = HailoModel(hef, sleep=no_wait)
    yield made
    made.close()


def no_wait(_seconds: float) -> None:
    pass


def say(model: HailoModel, *messages: Message, most: int = 96) -> str:
    return "".join(model.stream(list(messages), max_tokens=most))


# -- answers and the context on the card


def test_an_answer_without_its_end_token(model, card):
    card.replies = [["The", " sky", ".", END]]
    assert say(model, SYSTEM, user("why")) == "The sky."
    assert card.prompts == [[{"role": "system", "content": "Be short."}, {"role": "user", "content": "why"}]]
    assert model.generated == 3
    assert model.name == "Qwen2.5-1.5B-Instruct on the Hailo-10H"
    assert card.groups == ["SHARED"]


def test_a_follow_up_sends_only_itself(model, card):
    card.replies = [["Blue", ".", END], ["Red", ".", END]]
    say(model, SYSTEM, user("one"))
    assert say(model, SYSTEM, user("one"), assistant("Blue."), user("two")) == "Red."
    assert card.prompts[1] == [{"role": "user", "content": "two"}]


def test_facts_of_the_moment_do_not_break_the_conversation(model, card):
    prompt = Prompt(facts=lambda: "It is ten past nine.")
    card.replies = [["Blue", ".", END], ["Red", ".", END]]
    "".join(model.stream(prompt.messages([], "one")))
    "".join(model.stream(prompt.messages([user("one"), assistant("Blue.")], "two")))
    assert card.prompts[1] == [{"role": "user", "content": "two\n(It is ten past nine.)"}]


def test_a_turn_that_a_skill_served_is_told_with_the_next_question(model, card):
    card.replies = [["Blue", ".", END]]
    say(model, SYSTEM, user("one"))
    served = [user("set a timer"), assistant("Five minutes.")]
    say(model, SYSTEM, user("one"), assistant("Blue."), *served, user("two"))
    assert [message["content"] for message in card.prompts[1]] == ["set a timer", "Five minutes.", "two"]


def test_older_turns_may_stay_on_the_card_when_the_core_drops_them(model, card):
    card.replies = [["A", ".", END], ["B", ".", END], ["C", ".", END]]
    say(model, SYSTEM, user("one"))
    say(model, SYSTEM, user("one"), assistant("A."), user("two"))
    say(model, SYSTEM, user("two"), assistant("B."), user("three"))
    assert card.prompts[2] == [{"role": "user", "content": "three"}]


@pytest.mark.parametrize(
    "messages",
    [
        (SYSTEM, user("else")),
        (SYSTEM, user("one"), assistant("Blu"), user("else")),
        (Message("system", "Be long."), user("one"), assistant("Blue."), user("else")),
        (user("one"), assistant("Blue."), user("else")),
    ],
    ids=["no history", "cut short by an interruption", "other system", "no system"],
)
def test_another_conversation_begins_with_an_empty_context(model, card, messages):
    card.replies = [["Blue", ".", END]]
    say(model, SYSTEM, user("one"))
    assert say(model, *messages) == "Blue."  # a system message into a used context would be an error
    assert [message["content"] for message in card.prompts[1]] == [message.content for message in messages]


def test_the_prefix_is_read_once_and_taken_from_disk_afterwards(card, hef, tmp_path):
    first = HailoModel(hef, sleep=no_wait)
    assert first.prepare([SYSTEM, user("")], tmp_path) > 0
    assert card.wishes[0]["max_generated_tokens"] == 1
    say(first, SYSTEM, user("one"))
    say(first, SYSTEM, user("two"))  # begins anew: from the state in memory
    first.close()
    assert [[m["role"] for m in prompt] for prompt in card.prompts] == [["system"], ["user"], ["user"]]
    again = HailoModel(hef, sleep=no_wait)
    assert again.prepare([SYSTEM, user("")], tmp_path) > 0
    assert (card.contexts_saved, len(card.prompts)) == (1, 3)
    again.prepare([Message("system", "Be long."), user("")], tmp_path)
    assert card.contexts_saved == 2
    assert len(list(tmp_path.glob("hailo-prefix/*"))) == 1
    again.close()


@pytest.mark.parametrize("damage", [b"", b"noise"])
def test_a_damaged_prefix_is_made_again(card, hef, tmp_path, damage):
    model = HailoModel(hef, sleep=no_wait)
    model.prepare([SYSTEM, user("")], tmp_path)
    next(tmp_path.glob("hailo-prefix/*.bin")).write_bytes(damage)
    model.prepare([SYSTEM, user("")], tmp_path)
    assert card.contexts_saved == 2
    assert say(model, SYSTEM, user("one")) == "Hello."
    model.close()


def test_a_prefix_of_another_library_is_not_taken(card, hef, tmp_path, monkeypatch):
    for version, saved in (("5.1.1", 1), ("5.3.0", 2), ("5.3.0", 2)):
        install(monkeypatch, card, version)
        model = HailoModel(hef, sleep=no_wait)
        model.prepare([SYSTEM, user("")], tmp_path)
        model.close()
        assert card.contexts_saved == saved


def test_a_cache_that_cannot_be_written_is_no_failure(card, hef, tmp_path):
    (tmp_path / "file").write_text("")
    model = HailoModel(hef, sleep=no_wait)
    assert model.prepare([SYSTEM, user("")], tmp_path / "file") > 0
    assert say(model, SYSTEM, user("one")) == "Hello."
    model.close()


def test_nothing_to_prepare_without_a_system_message(model, card):
    assert model.prepare([user("x")]) == 0
    assert card.prompts == []


# -- ends


def test_the_recovery_sequence_behind_a_full_reply_is_not_spoken(model, card):
    card.replies = [["a ", "b ", "c ", END]]
    assert say(model, user("x"), most=2) == "a b "
    assert card.wishes[-1]["max_generated_tokens"] == 2


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ([END], ""),
        (["<|im", "_end|>", "junk", END], ""),
        (["yes", "</s>", END], "yes"),
        (["<think>", "hm", "</think>", "yes", END], "yes"),
        (["<|endoftext|>"], ""),
    ],
)
def test_markers_are_never_spoken(model, card, tokens, said):
    card.replies = [tokens]
    assert say(model, user("x")) == said


def test_stopping_leaves_the_generator_and_the_next_question_begins_anew(model, card):
    card.replies = [["a ", "b ", "c ", END], ["d", END]]
    pieces = model.stream([SYSTEM, user("one")])
    assert next(pieces) == "a "
    pieces.cancel()
    assert list(pieces) == []
    pieces.close()
    assert say(model, SYSTEM, user("one"), assistant("a"), user("two")) == "d"
    assert [message["role"] for message in card.prompts[1]] == ["system", "user", "assistant", "user"]


def test_a_new_question_ends_the_one_before_it(model, card):
    card.replies = [["a ", "b ", END], ["c", END]]
    first = model.stream([user("one")])
    next(first)
    assert say(model, user("two")) == "c"  # two open generators would be an error
    assert list(first) == []


def test_cancelled_before_it_began(model, card):
    pieces = model.stream([user("one")])
    pieces.cancel()
    assert list(pieces) == []
    pieces.close()
    assert card.prompts == []


def test_a_long_prompt_may_take_longer_than_the_librarys_own_ten_seconds(model, card):
    card.prefill_ms = 30_000
    assert say(model, user("x")) == "Hello."


# -- the context's end


def test_old_turns_make_room(card, hef):
    card.capacity = 260
    card.replies = [["Hello", ".", END]]
    model = HailoModel(hef, sleep=no_wait)
    history: list[Message] = []
    for number in range(12):
        question = user(f"question number {number}, which is not a short one")
        assert say(model, SYSTEM, *history, question, most=40) == "Hello."
        history += [question, assistant("Hello.")]
    sizes = [len(prompt) for prompt in card.prompts]
    assert sizes[1] == 1
    assert any(size > 1 for size in sizes[1:])  # it began anew with what fits
    model.close()


def test_a_question_longer_than_the_context(model, card):
    with pytest.raises(AssistantError, match="too long for my language model"):
        say(model, SYSTEM, user("x" * 9000))
    assert say(model, SYSTEM, user("short")) == "Hello."


def test_a_reply_is_cut_to_what_fits(card, hef):
    card.capacity = 100
    model = HailoModel(hef, sleep=no_wait)
    say(model, user("x" * 200), most=96)
    assert 16 <= card.wishes[-1]["max_generated_tokens"] < 96
    model.close()


# -- failures


def test_a_failure_in_mid_reply_is_one_line_and_the_next_question_works(model, card):
    card.break_at = 1
    with pytest.raises(
        AssistantError, match=r"the accelerator failed \(.*HAILO_INTERNAL_FAILURE\)\); see: assistant doctor"
    ):
        say(model, SYSTEM, user("one"))
    card.break_at = None
    assert say(model, SYSTEM, user("two")) == "Hello."


def test_a_reply_that_the_card_ends_itself(model, card):
    card.abort_at = 1
    with pytest.raises(AssistantError, match="stopped in the middle"):
        say(model, user("one"))


def test_a_card_that_is_still_starting_is_waited_for(card, hef):
    card.open_errors = ["libhailort failed with error: 61 (HAILO_DRIVER_OPERATION_FAILED)"] * (OPEN_TRIES - 1)
    waited: list[float] = []
    HailoModel(hef, sleep=waited.append).close()
    assert len(waited) == OPEN_TRIES - 1


@pytest.mark.parametrize(
    ("error", "line", "tries"),
    [
        ("failed with error: 76 (HAILO_INVALID_DRIVER_VERSION)", "of different versions", 1),
        ("failed with error: 18 (HAILO_INVALID_FIRMWARE): VERSION mismatch", "of different versions", 1),
        ("failed with error: 74 (HAILO_OUT_OF_PHYSICAL_DEVICES)", "another program holds", 1),
        ("failed with error: 61 (HAILO_DRIVER_OPERATION_FAILED)", "cannot be opened", OPEN_TRIES),
    ],
)
def test_a_card_that_cannot_be_opened(card, hef, error, line, tries):
    card.open_errors = [error] * 9
    with pytest.raises(ModelError, match=line) as failure:
        HailoModel(hef, sleep=no_wait)
    assert "\n" not in str(failure.value)
    assert len(card.open_errors) == 9 - tries


def test_a_card_that_is_in_use_and_free_again(card, hef):
    first = HailoModel(hef, sleep=no_wait)
    with pytest.raises(ModelError, match="hailo-ollama keeps the card"):
        HailoModel(hef, sleep=no_wait)
    first.close()
    HailoModel(hef, sleep=no_wait).close()
    assert (card.holder, card.llms) == (None, 0)


def test_a_model_for_another_version_gives_the_card_back(card, hef):
    card.load_error = "libhailort failed with error: 26 (HAILO_INVALID_HEF)"
    with pytest.raises(ModelError, match=r"Instruct\.hef: the accelerator cannot load it .*HAILO_INVALID_HEF"):
        HailoModel(hef, sleep=no_wait)
    assert card.holder is None


def test_no_such_file(card, tmp_path):
    with pytest.raises(ModelError, match=r"none\.hef: there is no such file"):
        HailoModel(tmp_path / "none.hef")


def test_no_library(hef, monkeypatch):
    monkeypatch.setitem(sys.modules, "hailo_platform", None)
    with pytest.raises(ModelError, match=r"python3-h10-hailort.*--system-site-packages"):
        HailoModel(hef)


def test_a_library_whose_own_part_is_missing(hef, tmp_path, monkeypatch):
    package = tmp_path / "hailo_platform"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise ImportError('libhailort.so.5.2.0: cannot open shared object file: No such file or directory')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hailo_platform", raising=False)
    with pytest.raises(ModelError, match=r"libhailort\.so\.5\.2\.0"):
        HailoModel(hef)


def test_a_closed_model_says_so(model):
    model.close()
    with pytest.raises(AssistantError, match="was closed"):
        say(model, user("x"))
    model.close()


def test_another_process_may_not_use_the_card(model, monkeypatch):
    monkeypatch.setattr("tests.simulators.hailo_platform.os.getpid", lambda: -1)
    with pytest.raises(AssistantError, match="another process"):
        say(model, user("x"))


# -- matching conversations

TEXT = st.text("ab .", max_size=4)
TURNS = st.lists(st.tuples(TEXT.map(user), TEXT.map(assistant)), max_size=4)


@settings(deadline=None)
@given(TURNS, TURNS, TEXT)
def test_what_is_new_and_what_is_held_end_in_what_is_wanted(held, wanted, question):
    on_card = Held(SYSTEM, list(held))
    asked = [SYSTEM, *(message for turn in wanted for message in turn), user(question)]
    new = on_card.new(asked)
    if new is None:
        return
    assert new[-1] == user(question)
    result = [m.content for m in [*on_card.messages, *new]]
    for one, other in zip(reversed(result), [m.content for m in reversed(asked[1:])], strict=False):
        assert [c for c in one if c.isalnum()] == [c for c in other if c.isalnum()]


@settings(deadline=None)
@given(TURNS, TEXT, st.integers(0, 200))
def test_what_fits_is_the_newest(turns, question, room):
    asked = [SYSTEM, *(message for turn in turns for message in turn), user(question)]
    kept = fit(asked, room, Cost())
    if kept is None:
        assert Cost()([SYSTEM, user(question)]) > room
    else:
        assert Cost()(kept) <= room
        assert kept[0] == SYSTEM
        assert kept[1:] == asked[len(asked) - len(kept) + 1 :]
