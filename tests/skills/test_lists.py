import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.skills.device import Device


def test_several_items_at_once(device: Device):
    text = device.text("ListAdd", item="milk, eggs and fish and chips")
    assert "ilk, eggs and fish and chips" in text
    assert [row["words"] for row in device.store.rows("SELECT words FROM items")] == ["milk", "eggs", "fish and chips"]
    assert "milk, eggs and fish and chips" in device.text("ListRead")


def test_the_same_item_is_not_added_twice(device: Device):
    device.say("ListAdd", item="tomatoes")
    assert device.text("ListAdd", item="Tomato") == "Tomato is already on your shopping list."
    device.say("ListAdd", item="the tomatos and onions")
    assert len(device.store.rows("SELECT * FROM items")) == 2


def test_remove_and_undo(device: Device):
    device.say("ListAdd", item="milk and eggs")
    assert "ilk" in device.text("ListRemove", item="Milk")
    assert device.text("ListRead").endswith("eggs.")
    device.say("Undo")
    assert "milk and eggs" in device.text("ListRead")
    assert device.text("ListRemove", item="caviar") == "I don't see caviar on your shopping list."
    device.say("ListClear")
    assert device.text("ListRead") == "Your shopping list is empty."
    device.say("Undo")
    device.say("Undo")
    assert device.text("ListRead") == "Your shopping list is empty.", "the adding is undone too"


def test_an_unknown_list_is_made_when_wanted(device: Device):
    reply = device.say("ListAdd", item="poodle", unresolved={"list": "my dog breeds list"})
    assert reply.text == "You have no dog breeds list. Shall I make one?"
    assert device.store.rows("SELECT * FROM lists") == []
    assert device.text("Yes") == "I've made a dog breeds list with poodle on it."
    assert device.skills.names().lists == ("shopping", "dog breeds")
    assert "poodle" in device.text("ListRead", list="Dog Breeds")
    device.say("ListAdd", item="nail", list="hardware")
    assert device.text("No") == "Okay, I won't."
    assert device.skills.names().lists == ("shopping", "dog breeds")


def test_an_answer_to_an_old_question_does_nothing(device: Device):
    device.say("ListAdd", item="nail", list="hardware")
    device.clock.advance(61)
    assert device.text("Yes") == "I didn't ask anything."
    device.say("ListAdd", item="nail", list="hardware")
    device.say("TimeNow")
    assert device.text("Yes") == "I didn't ask anything."
    assert device.store.rows("SELECT * FROM lists") == []


def test_make_name_and_delete(device: Device):
    assert device.say("ListCreate").asks == "list"
    device.say("ListCreate", list="to do list")
    assert "already" in device.text("ListCreate", list="To Do")
    device.say("ListAdd", item="sweep", list="to do")
    assert device.text("ListNames") == "You have one list: to do list."
    assert device.text("ListDelete", list="to do") == "Your to do list is gone."
    device.say("Undo")
    assert "sweep" in device.text("ListRead", list="to do")
    assert device.say("ListDelete", list="wishes").outcome == "refused"


def test_is_it_on_the_list(device: Device):
    device.say("ListAdd", item="eggs and milk")
    assert device.text("ListCheck", item="eggs") == "Yes, eggs are on your shopping list."
    assert device.text("ListCheck", item="caviar") == "No, caviar isn't on your shopping list."
    assert "eggs and milk" in device.text("ListCheck")


@pytest.mark.parametrize("item", ["", "   ", "\x00\x01", "and", ", ,"])
def test_nothing_to_add(device: Device, item: str):
    assert device.say("ListAdd", item=item).asks == "item"
    assert device.store.rows("SELECT * FROM items") == []


def test_too_long_too_many(device: Device):
    assert device.say("ListAdd", item="x" * 10_000).outcome == "refused"
    assert device.say("ListCreate", list="x" * 10_000).outcome == "refused"
    assert device.say("ListAdd", item="milk", list="x" * 10_000).outcome == "refused"
    for number in range(60):
        device.say("ListCreate", list=f"list number {number}")
    assert len(device.skills.names().lists) == 50


def test_a_long_list_is_not_read_to_the_end(device: Device):
    for start in range(0, 40, 10):
        device.say("ListAdd", item=" and ".join(f"{'abcdefghij'[n]}{start}zz{n}" for n in range(10)))
    assert "20 more" in device.text("ListRead")


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_words(item: str, name: str):
    device = Device()
    reply = device.say("ListAdd", item=item, list=name)
    assert reply.outcome in ("done", "refused")
    assert len(reply.text) < 600
    device.say("Yes")
    assert device.say("ListRead", list=name).outcome in ("done", "refused")
