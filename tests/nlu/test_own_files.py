"""The owner's own sentence files: understood with their slots, told of by line where they are wrong."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.clock import ManualClock
from assistant.nlu.home import load_home
from assistant.nlu.intent import Class
from assistant.nlu.marked_yaml import MistakeError
from assistant.nlu.names import no_names
from assistant.nlu.own_files import load_skills, parse_file
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding
from assistant.stt.graph import pronounce

SKILLS = Path(__file__).parent / "skills"
GOOD = """\
intents:
  feed:
    sentences:
      - "feed [the] {animal} [in {duration}]"
    reply: "The {animal}[ in {duration}]."
lists:
  animal: [cat, "dog", {in: "gold fish", out: fish}]
"""


def build(folder: Path) -> Understanding:
    return Understanding(
        load_home(None), names=no_names, clock=ManualClock(datetime(2026, 3, 4, tzinfo=UTC)), own=load_skills(folder)
    )


@pytest.fixture(scope="module")
def coffee():
    return build(SKILLS)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("espresso", {"coffeeDrink": "espresso"}),
        (
            "can i have a large iced mocha with a double shot and a lot of almond milk and some brown sugar please",
            {
                "size": "large",
                "coffeeDrink": "iced mocha",
                "numberOfShots": "double shot",
                "milkAmount": "a lot of almond milk",
                "sugarAmount": "some brown sugar",
            },
        ),
        (
            "i'd like a twelve ounce dark roast house coffee with sweetener",
            {"size": "twelve ounce", "roast": "dark roast", "coffeeDrink": "house coffee", "sugarAmount": "sweetener"},
        ),
    ],
)
def test_an_order_is_understood_with_all_its_slots(coffee, text, slots):
    [intent] = coffee.understand(text)
    assert (intent.name, intent.kind, intent.tier) == ("own.coffee.orderDrink", Class.OWN, "grammar")
    assert intent.slots == slots


def test_what_was_there_before_still_is(coffee):
    assert coffee.understand("turn on the kitchen light")[0].name == "HassTurnOn"


def test_its_words_and_sentences_are_those_of_the_recogniser(coffee):
    assert {"cappuccino", "sweetener", "ounce"} <= coffee.vocabulary()
    own = coffee.own_phrases()
    assert any("espresso" in phrase for phrase in own)
    assert sum("latte" in phrase for phrase in coffee.phrases()) > 20
    assert all(coffee.in_grammar(phrase).name == "own.coffee.orderDrink" for phrase in own[::40])


def test_a_misheard_order_is_found_with_its_slots(coffee):
    match = SoundsLike(coffee, pronounce).nearest("make me a large ice mocker with all men milk")
    assert match is not None
    [intent] = coffee.understand(match.sentence)
    assert intent.slots == {"size": "large", "coffeeDrink": "iced mocha", "milkAmount": "almond milk"}


def test_values_and_spans(tmp_path):
    (tmp_path / "pets.yaml").write_text(GOOD)
    [intent] = build(tmp_path).understand("feed the gold fish in ten minutes")
    assert intent.slots["animal"] == "fish"
    assert intent.slots["duration"] == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("{animal} [in", "{beast} [in", 4, "no list is called 'beast'"),
        ("[in {duration}]", "[in {duration}", 4, "is no template"),
        ("feed [the]", "<give> [the]", 4, "no rule is called <give>"),
        ("    reply", "    replies", 5, "unknown key 'replies'"),
        ("The {animal}", "The {beast}", 5, "the reply names {beast}"),
        ("lists:", "list:", 6, "unknown key 'list'"),
        ('"dog"', '"{dog}"', 7, "plain words"),
        ('[cat, "dog"', '[cat, "dog"]]', 7, "is no YAML"),
        ("feed [the] {animal}", "[feed]", 4, "without a word"),
        ("  feed:", "  2feed:", 2, "is no name"),
        ("animal: [", "duration: [", 7, "known already"),
    ],
)
def test_a_mistake_is_told_by_line(old, new, line, words):
    assert old in GOOD
    with pytest.raises(MistakeError, match=r".") as caught:
        parse_file(Path("pets.yaml"), GOOD.replace(old, new, 1))
    assert words in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with 'intents:'"),
        ("intents:", "no intents"),
        ("intents: {a: {reply: x}}", "no sentences"),
        ("intents: {a: {sentences: [x], hub: {service: on, entity: light.x}}}", "no service"),
        ("intents: {a: {sentences: [x], hub: {service: light.on}}}", "'entity' must be a text"),
        (
            "intents: {a: {sentences: ['x {number}'], hub: {service: light.on, entity: 'light.{number}'}}}",
            "list of its own",
        ),
        ("intents: {a: {sentences: [<r>]}}\nexpansion_rules: {r: <r>}", "contains itself"),
        ("intents: {a: {sentences: [<r>]}}\nexpansion_rules: {r: '(a|<s>)', s: 'b <r>'}", "contains itself"),
        ("intents: {a: {sentences: ['(a;b;c;d;e;f;g;h;i)']}}", "too many sentences"),
        ("intents: {a: {sentences: [x]}, a: {sentences: [y]}}", "there twice"),
        ("a: &a [*a]", "nested too deeply"),
    ],
)
def test_more_mistakes(text, words):
    with pytest.raises(MistakeError, match=r".") as caught:
        parse_file(Path("pets.yaml"), text)
    assert words in str(caught.value)


def test_a_file_with_a_mistake_does_not_stop_the_others(tmp_path):
    shutil.copy(SKILLS / "coffee.yaml", tmp_path)
    (tmp_path / "pets.yaml").write_text(GOOD.replace("{animal} [in", "{beast} [in"))
    (tmp_path / "broken.yaml").write_bytes(b"\xff\xfe\xff")
    found = load_skills(tmp_path)
    assert [file.path.name for file in found.files] == ["coffee.yaml"]
    assert len(found.problems) == 2
    assert f"{tmp_path}/pets.yaml: line 4: no list is called 'beast'" in "\n".join(found.problems)
    assert all(len(problem.splitlines()) == 1 for problem in found.problems)


def test_no_folder_is_no_skill(tmp_path):
    assert load_skills(tmp_path / "missing") == load_skills(None)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(alphabet="{}[]()<>|;:,- \n\"'abz&*!%@#\t", max_size=8))
def test_no_damage_is_more_than_a_mistake(tmp_path_factory, at, cut, put):
    """Any edit of a good file gives a skill, or one line of complaint with a line of the file."""
    path = tmp_path_factory.mktemp("skills") / "pets.yaml"
    path.write_text(GOOD[:at] + put + GOOD[at + cut :], encoding="utf-8")
    found = load_skills(path.parent)
    assert len(found.files) + len(found.problems) == 1
    assert all(f"{path}: line " in problem and len(problem.splitlines()) == 1 for problem in found.problems)
