"""Lists: the shopping list and any number of others."""

import re
from collections.abc import Callable

from rapidfuzz import fuzz

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import Kit
from assistant.skills.list_table import ListTable

MOST_ITEMS = 500
MOST_LISTS = 50

READ_ALOUD = 20
"""Items that are read out; more is a document, not an answer."""

ALIKE = 85
"""Similarity (0..100) from which a spoken item means one on the list: recognisers hear "tomatos" and "tomatoes"."""


class Lists:
    """Adds to, reads and clears lists."""

    intents = frozenset(
        {
            "ListAdd", "ListRemove", "ListComplete", "ListRead", "ListClear", "ListCreate", "ListDelete", "ListNames",
            "ListCheck",
        }
    )  # fmt: skip

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._table = ListTable(kit.store)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        if intent.name == "ListNames":
            return self._names()
        name = self._named(intent)
        if len(name) > slots.LONGEST_TEXT:
            return Reply(self._kit.say("general.too_long"), outcome="refused")
        if intent.name == "ListCreate":
            return self._create(name)
        acts: dict[str, Callable[[Intent, str], Reply]] = {
            "ListAdd": self._add,
            "ListRemove": self._remove,
            "ListComplete": self._remove,
            "ListRead": self._check,
            "ListCheck": self._check,
            "ListClear": self._clear,
            "ListDelete": self._delete,
        }
        return acts[intent.name](intent, name)

    def names(self) -> tuple[str, ...]:
        """Names of the lists, without the word "list"; the shopping list is always there."""
        default = self._kit.say.word("lists.default")
        return tuple(dict.fromkeys((default, *self._table.names())))

    # --- requests

    def _add(self, intent: Intent, name: str) -> Reply:
        say, label = self._kit.say, self._label(name)
        items = self._items(intent)
        if not items:
            return Reply(say("lists.ask_item", list=label), expects_answer=True, asks="item")
        if any(len(item) > slots.LONGEST_TEXT for item in items):
            return Reply(say("general.too_long"), outcome="refused")
        if not self._there(name):
            if len(self.names()) >= MOST_LISTS:
                return Reply(say("lists.too_many_lists", count=MOST_LISTS), outcome="refused")
            question = say("lists.ask_create", list=label)
            return self._kit.questions.ask(question, lambda: self._create_with(name, items), say("lists.not_made"))
        before = self._table.items(name)
        stems = {_stem(each) for each in before}
        new = [item for item in items if _stem(item) not in stems]
        if not new:
            verb = say.word("lists.are" if len(items) > 1 or _plural(items[0]) else "lists.is")
            return Reply(say("lists.already", items=f"{say.join(items)} {verb}", list=label))
        if len(before) + len(new) > MOST_ITEMS:
            return Reply(say("lists.too_many_items", list=label, count=len(before)), outcome="refused")
        self._table.add(name, new)
        self._undo_add(name, new)
        return Reply(say("lists.added", items=say.join(new), list=label))

    def _create_with(self, name: str, items: list[str]) -> Reply:
        say, label = self._kit.say, self._label(name)
        self._table.add(name, items)

        def undo() -> str:
            self._table.delete(name)
            return say("lists.undone_create", list=label)

        self._kit.undo.add(undo)
        return Reply(say("lists.created_with", list=label, items=say.join(items)))

    def _remove(self, intent: Intent, name: str) -> Reply:
        say, label = self._kit.say, self._label(name)
        items = self._items(intent)
        if not items:
            return Reply(say("lists.ask_item", list=label), expects_answer=True, asks="item")
        if not self._there(name):
            return Reply(say("lists.no_list", list=label), outcome="refused")
        before = self._table.items(name)
        found = [there for item in items if (there := self._on(item, before)) is not None]
        if not found:
            return Reply(say("lists.not_on", items=say.join([item[:60] for item in items[:3]]), list=label))
        self._table.replace(name, [item for item in before if item not in found])
        self._undo_items(name, before, say("lists.undone_remove", items=say.join(found), list=label))
        return Reply(say("lists.removed", items=say.join(found), list=label))

    def _read(self, intent: Intent, name: str) -> Reply:  # noqa: ARG002 - all requests alike
        say, label = self._kit.say, self._label(name)
        if not self._there(name):
            return Reply(say("lists.no_list", list=label), outcome="refused")
        items = self._table.items(name)
        if not items:
            return Reply(say("lists.empty", list=label))
        said = say.join(items)
        if len(items) > READ_ALOUD:
            said = say.word("lists.read_more").format(
                items=", ".join(items[:READ_ALOUD]), count=len(items) - READ_ALOUD
            )
        return Reply(say("lists.read", list=label, items=said))

    def _check(self, intent: Intent, name: str) -> Reply:
        items = self._items(intent)
        if not items or not self._there(name):
            return self._read(intent, name)
        say, there = self._kit.say, self._table.items(name)
        known = all(self._on(item, there) is not None for item in items)
        one = len(items) == 1 and not _plural(items[0])
        key, verb = ("on_it", ("is", "are")) if known else ("not_on_it", ("isnt", "arent"))
        verbs = {verb[0]: say.word(f"lists.{verb[0 if one else 1]}")}
        return Reply(say(f"lists.{key}", items=say.join(items)[:200], list=self._label(name), **verbs))

    def _clear(self, intent: Intent, name: str) -> Reply:  # noqa: ARG002 - all requests alike
        say, label = self._kit.say, self._label(name)
        if not self._there(name):
            return Reply(say("lists.no_list", list=label), outcome="refused")
        before = self._table.items(name)
        if not before:
            return Reply(say("lists.empty", list=label))
        self._table.replace(name, [])
        self._undo_items(name, before, say("lists.undone_clear", list=label))
        return Reply(say("lists.cleared", list=label))

    def _create(self, name: str) -> Reply:
        say, label = self._kit.say, self._label(name)
        if not name:
            return Reply(say("lists.ask_name"), expects_answer=True, asks="list")
        if self._there(name):
            return Reply(say("lists.exists", list=label))
        if len(self.names()) >= MOST_LISTS:
            return Reply(say("lists.too_many_lists", count=MOST_LISTS), outcome="refused")
        self._table.add(name, [])

        def undo() -> str:
            self._table.delete(name)
            return say("lists.undone_create", list=label)

        self._kit.undo.add(undo)
        return Reply(say("lists.created", list=label))

    def _delete(self, intent: Intent, name: str) -> Reply:
        say, label = self._kit.say, self._label(name)
        if not (slots.text(intent, "list") or intent.unresolved.get("list")) and len(self._table.names()) != 1:
            return Reply(say("lists.ask_list"), expects_answer=True, asks="list")
        if name.casefold() not in (each.casefold() for each in self._table.names()):
            return Reply(say("lists.no_list", list=label), outcome="refused")
        before = self._table.items(name)
        self._table.delete(name)

        def undo() -> str:
            self._table.add(name, before)
            return say("lists.undone_clear", list=label)

        self._kit.undo.add(undo)
        return Reply(say("lists.deleted", list=label))

    def _names(self) -> Reply:
        say = self._kit.say
        names = [self._label(name) for name in self._table.names()]
        if not names:
            return Reply(say("lists.no_lists"))
        return Reply(say("lists.name_one" if len(names) == 1 else "lists.names", lists=say.join(names)))

    # --- names and items

    def _named(self, intent: Intent) -> str:
        """The list that is meant: its stored name where there is one; the default where none was said."""
        said = slots.text(intent, "list") or intent.unresolved.get("list", "")
        suffix = self._kit.say.word("lists.suffix")
        name = re.sub(rf"^(?:(?:my|the|our|a)\s+)+|(?:^|\s+){suffix}$", "", said, flags=re.IGNORECASE).strip()
        if not name:
            return "" if intent.name == "ListCreate" else self._kit.say.word("lists.default")
        for there in self.names():
            if there.casefold() == name.casefold():
                return there
        return name

    def _there(self, name: str) -> bool:
        return name.casefold() in (each.casefold() for each in self.names())

    def _label(self, name: str) -> str:
        return self._kit.say.word("lists.named").format(name=name[:60])

    def _items(self, intent: Intent) -> list[str]:
        """The items of one request: "milk, eggs and bread" are three, "fish and chips" is one."""
        text = slots.text(intent, "item")
        if len(text) > slots.LONGEST_TEXT:
            return [text]
        table = self._kit.say.table("lists")
        kept: dict[str, str] = {}
        for number, phrase in enumerate(table["together"]):
            mark = f"\x00{number}\x00"
            text, count = re.subn(rf"\b{re.escape(phrase)}\b", mark, text, flags=re.IGNORECASE)
            if count:
                kept[mark] = phrase
        pieces = re.split("|".join(re.escape(each) for each in table["splitters"]), f"{text} ")
        items = []
        for piece in pieces:
            item = re.sub(r"^(?:(?:and|some)(?:\s+|$))+", "", piece.strip())
            for mark, phrase in kept.items():
                item = item.replace(mark, phrase)
            if item and item not in items:
                items.append(item)
        return items

    @staticmethod
    def _on(item: str, there: list[str]) -> str | None:
        """The entry of a list that `item` means."""
        wanted = _stem(item)
        for each in there:
            if _stem(each) == wanted:
                return each
        best = max(there, key=lambda each: fuzz.ratio(_stem(each), wanted), default=None)
        return best if best is not None and fuzz.ratio(_stem(best), wanted) >= ALIKE else None

    def _undo_add(self, name: str, items: list[str]) -> None:
        def undo() -> str:
            self._table.replace(name, [each for each in self._table.items(name) if each not in items])
            return self._kit.say("lists.undone_add", items=self._kit.say.join(items), list=self._label(name))

        self._kit.undo.add(undo)

    def _undo_items(self, name: str, before: list[str], words: str) -> None:
        def undo() -> str:
            self._table.replace(name, before)
            return words

        self._kit.undo.add(undo)


def _stem(item: str) -> str:
    """Case, articles and a plural "s" do not tell items apart."""
    word = re.sub(r"^(?:the|a|an|some|my)\s+", "", item.casefold())
    return re.sub(r"(?<=\w\w)(?:es|s)$", "", word)


def _plural(item: str) -> bool:
    return item.endswith("s") and not item.endswith("ss")
