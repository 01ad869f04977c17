from hypothesis import given
from hypothesis import strategies as st

from assistant.llm import Message
from assistant.llm.prompt import Prompt


def chat(*texts: str) -> list[Message]:
    return [Message("assistant" if number % 2 else "user", text) for number, text in enumerate(texts)]


def test_system_first_then_history_then_the_question() -> None:
    messages = Prompt(name="Ada").messages(chat("hello", "hi"), " who wrote hamlet ")
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert "Ada" in messages[0].content
    assert messages[-1].content == "who wrote hamlet"


def test_what_changes_comes_last_and_the_prefix_stays() -> None:
    times = iter(("It is nine.", "It is ten."))
    prompt = Prompt(facts=lambda: next(times))
    first = prompt.messages([], "what now")
    second = prompt.messages([], "what now")
    assert first[0] == second[0]
    assert first[-1].content == "what now\n(It is nine.)"
    assert second[-1].content == "what now\n(It is ten.)"


def test_the_oldest_turns_are_dropped_whole() -> None:
    history = chat("a" * 900, "b" * 900, "c" * 900, "d" * 900, "e" * 100, "f" * 100)
    kept = Prompt().messages(history, "q")[1:-1]
    assert [message.content[0] for message in kept] == ["c", "d", "e", "f"]


def test_a_question_without_an_answer_is_no_turn() -> None:
    history = [Message("user", "x"), *chat("a", "b"), Message("user", "y")]
    assert [message.content for message in Prompt().messages(history, "q")[1:]] == ["a", "b", "q"]


@given(st.lists(st.text(max_size=2000), max_size=20), st.text(max_size=5000), st.integers(0, 6))
def test_it_is_bounded_and_alternates(texts: list[str], question: str, turns: int) -> None:
    prompt = Prompt(turns_kept=turns)
    messages = prompt.messages(chat(*texts), question)
    kept = messages[1:-1]
    assert sum(len(message.content) for message in kept) <= prompt.history_letters
    assert len(kept) <= 2 * turns
    assert [message.role for message in kept] == ["user", "assistant"] * (len(kept) // 2)
    assert len(messages[-1].content) <= prompt.question_letters
    whole = chat(*texts)
    assert not kept or kept == whole[: len(whole) // 2 * 2][-len(kept) :]


def test_words_that_are_still_being_spoken_have_nothing_behind_them() -> None:
    prompt = Prompt(facts=lambda: "It is one.")
    assert prompt.messages([], "why is", whole=False)[-1].content == "why is"
    assert prompt.messages([], "why is")[-1].content.startswith("why is\n")


def talk(turns: int, letters: int = 1) -> list[Message]:
    found: list[Message] = []
    for number in range(turns):
        found += [Message("user", f"{number}"), Message("assistant", "x" * letters)]
    return found


def test_a_full_memory_loses_its_older_half_at_once() -> None:
    prompt = Prompt(turns_kept=4)
    assert prompt.remembered(talk(4)) == talk(4)
    assert prompt.remembered(talk(5)) == talk(5)[-4:]
    assert prompt.remembered(talk(3, 1000)) == talk(3, 1000)[-4:]
    assert Prompt(turns_kept=1).remembered(talk(2)) == []


def test_a_conversation_is_mostly_only_added_to() -> None:
    prompt = Prompt(turns_kept=4)
    history: list[Message] = []
    begun_anew = 0
    before: list[Message] = []
    for number in range(40):
        messages = prompt.messages(history, f"q{number}")
        begun_anew += messages[: len(before)] != before
        before = messages
        history = prompt.remembered([*history, messages[-1], Message("assistant", "a")])
    assert begun_anew <= 40 / 3
