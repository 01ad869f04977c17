"""Placeholders and their way back."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.routing.identifiers import find
from assistant.routing.payload import Payload, Restorer
from assistant.routing.redact import redact


def test_a_writing_task_leaves_with_placeholders() -> None:
    text = "write a birthday poem for Mara and Mara's brother Jonas"
    redacted = redact(text, find(text, ("Mara", "Jonas")))
    assert redacted is not None
    assert redacted.text == "write a birthday poem for [name A] and [name A]'s brother [name B]"
    assert dict(redacted.restore) == {"[name A]": "Mara", "[name B]": "Jonas"}


def test_a_question_about_the_value_stays() -> None:
    for text in ("what does Mara like", "where is Jonas now", "is mara a french name"):
        assert redact(text, find(text, ("Mara", "Jonas"))) is None


def test_kinds_that_never_leave_keep_the_whole_sentence() -> None:
    for text in (
        "write a poem about 4111111111111111",
        "write a song about 221 baker street",
        "draft a letter with pin: 4711",
    ):
        assert redact(text, find(text)) is None


def test_nothing_found_nothing_changed() -> None:
    redacted = redact("who wrote hamlet", ())
    assert redacted is not None
    assert (redacted.text, redacted.restore) == ("who wrote hamlet", ())


@given(st.lists(st.integers(1, 9), max_size=30))
def test_values_come_back_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    answer = "Dear [name A], [email B] is yours. [not one] [name A]!"
    restorer = Restorer(Payload(b"", "", (("[name A]", "Mara"), ("[email B]", "m@x.org"))))
    said, at = [], 0
    for n in cuts:
        said.append(restorer.feed(answer[at : at + n]))
        at += n
    said += [restorer.feed(answer[at:]), restorer.rest()]
    assert "".join(said) == "Dear Mara, m@x.org is yours. [not one] Mara!"
