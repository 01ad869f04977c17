"""From pages and documents to plain sentences, and from questions to the words that matter."""

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.knowledge import ranking, words
from assistant.knowledge.html_text import paragraphs
from assistant.knowledge.passages import LONGEST, passages, plain, sentences
from assistant.knowledge.reading import markdown

PAGE = """<!DOCTYPE html><html><head><title>T</title><style>.a{}</style><script>let x = "<p>no</p>";</script></head>
<body><nav><p>Skip me</p></nav><div class="hatnote">For others see elsewhere.</div>
<table class="infobox"><tr><td>Mass</td><td><p>9 kg</p></td></tr></table>
<p>The <b>badger</b> (<i></i>; ) is a mammal<sup class="reference">[1]</sup> of the marten family[2] .<br>It digs.</p>
<div class="thumb"><p>A badger</p></div><ul><li>It eats worms &amp; roots.</li></ul>
<h2>See also</h2><p>Other animals</p></body></html>"""


def test_a_page_gives_its_sentences_alone() -> None:
    assert paragraphs(PAGE) == ["The badger is a mammal of the marten family.", "It digs.", "It eats worms & roots."]


def test_an_element_that_never_ends_hides_what_stands_in_it_and_breaks_nothing() -> None:
    assert paragraphs("<p>One.</p><table><tr><td>two") == ["One."]
    assert paragraphs("<p>One.<p>Two.</div></div></table>Three.") == ["One.", "Two.", "Three."]


@given(st.text(alphabet="<>/!-[]&;#x=\"' abph2table\n\0é", max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_markup_gives_clean_paragraphs(source: str) -> None:
    for paragraph in paragraphs(source):
        assert paragraph == " ".join(paragraph.split()) != ""


def test_sentences_end_where_a_reader_would_say() -> None:
    text = "Dr. Smith lives at no. 5. He said: “Come in!” J. R. Jones came, e.g. on Monday. It is 3.5 m high."
    assert sentences(text) == [
        "Dr. Smith lives at no. 5.", "He said: “Come in!”", "J. R. Jones came, e.g. on Monday.", "It is 3.5 m high.",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=900), max_size=4))
@settings(max_examples=100, deadline=None)
def test_passages_are_short_and_lose_nothing(texts: list[str]) -> None:
    cut = list(passages(texts))
    assert all(0 < len(passage) <= LONGEST for passage in cut)
    assert "".join("".join(cut).split()) == "".join("".join(map(plain, texts)).split())


def test_markdown_loses_its_marks() -> None:
    text = (
        "Boiler\n======\n\nSet it to **1.5 bar** with the [tap](t.md), _slowly_; see `tap_2`.\n\n```\nx = 1\n```\n\n"
        "## Parts ##\n| part | price |\n|---|---|\n| tap | 9 euros |\n\n1. First\n* [ ] Second\n---\n> Quoted\n"
    )
    found = [(p.heading, p.text) for p in markdown(text)]
    assert found == [
        ("Boiler", "Set it to 1.5 bar with the tap, slowly; see tap_2."),
        ("Parts", "part, price."), ("Parts", "tap, 9 euros."), ("Parts", "First"), ("Parts", "Second"),
        ("Parts", "Quoted"),
    ]  # fmt: skip


@given(st.text(alphabet="#*_`~[]()<>|-=. \nab1\t!\\", max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_markdown_gives_clean_paragraphs(source: str) -> None:
    for paragraph in markdown(source):
        assert paragraph.text == " ".join(paragraph.text.split()) != ""


def test_the_words_that_matter() -> None:
    assert words.key_words("can you please tell me who wrote hamlet") == ["wrote", "hamlet"]
    assert words.key_words("what was apollo eleven") == ["apollo", "11"]
    assert words.key_words("what is it") == []
    assert words.subject_phrases("who was the first king of the north")[0] == "king of the north"


def test_what_is_asked_of_books() -> None:
    for question in ("who wrote hamlet", "tell me about the moon", "do you know how bees dance", "explain gluten"):
        assert words.is_question(question)
    for text in ("what is the weather today", "tell me a joke", "play some music", "thank you", "what time is it now"):
        assert not words.is_question(text)
    assert words.is_personal("where are my keys")
    assert not words.is_personal("can you tell me who wrote hamlet")


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_words_can_be_asked(text: str) -> None:
    words.is_question(text)
    words.subject_phrases(text)
    worth = ranking.weights(words.key_words(text), {}, 10)
    assert 0 <= ranking.chance(worth, "Moon", text) <= 1


def test_one_word_in_several_forms() -> None:
    groups = (
        ("orbit", "orbits", "orbiting"), ("story", "stories"), ("distance", "distances"), ("walk", "walked", "walking"),
    )  # fmt: skip
    for forms in groups:
        assert len({words.stem(form) for form in forms}) == 1
    assert words.stem("bed") == "bed"


def test_ranks_are_fused() -> None:
    assert ranking.fused("abc", "cd") == ["c", "a", "b", "d"]
    assert ranking.fused([], []) == []


def test_what_stands_in_more_of_the_question_is_likelier() -> None:
    worth = ranking.weights(["wrote", "hamlet"], {"wrote": 500, "hamlet": 2}, 1000)
    whole = ranking.chance(worth, "Hamlet", "William Shakespeare wrote Hamlet.")
    part = ranking.chance(worth, "Ham", "A ham is smoked, she wrote.")
    assert whole > ranking.GOOD > part


def test_an_answer_rests_on_a_passage_only_with_words_of_its_own() -> None:
    passage = "The Moon orbits at an average distance of 384,400 kilometres."
    asked = "how far away is the moon"
    assert ranking.rests_on("It is 384,400 kilometres away.", asked, passage)
    assert not ranking.rests_on("It is five miles away.", asked, passage)
    assert not ranking.rests_on("The moon is far away.", asked, passage)
    assert not ranking.rests_on("", asked, passage)
