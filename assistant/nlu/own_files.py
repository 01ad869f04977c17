"""The owner's own sentence files: reading, with every mistake told by file and line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hassil import Intents, parse_sentence
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)

from assistant.nlu.catalogue import OWN_PREFIX as PREFIX
from assistant.nlu.catalogue import SPAN_LISTS
from assistant.nlu.graph import template_graph
from assistant.nlu.marked_yaml import MarkedPath, MarkedYaml, MistakeError
from assistant.nlu.words import clean

LARGEST_FILE = 200_000
"""Bytes; a skill with a thousand sentences is a third of this."""

MOST_FILES = 100
_MOST_PIECES = 4_000
"""Words of one template with all its rules written out; more makes matching slow."""
_OWNED_LISTS = ("name", "area", "floor", "timer_name", "list_name", "voice_name")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
_NAMING = "letters, digits and underscores, a letter first"
_SLOT = re.compile(r"\{([^{}]*)\}")
_SERVICE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class OwnIntent:
    """What one kind of the owner's sentences asks for, and what is done about it."""

    name: str
    """"own.<file>.<name>"."""
    reply: str = ""
    """The words to say; {slot} stands for a value, a part in [brackets] is left out when a slot in it is empty."""
    service: str = ""
    """The hub's service to call, "script.turn_on"; "" for none."""
    entity: str = ""
    """The hub entity that it is called for; {slot} stands for a value, its spaces as underscores."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One sentence file, checked."""

    path: Path
    intents: Mapping[str, OwnIntent]
    """By full name."""
    source: Mapping[str, Any]
    """Its intents in hassil's dictionary form, under their full names."""


@dataclass(frozen=True, slots=True)
class OwnSkills:
    """All the owner's sentence files."""

    files: tuple[OwnFile, ...] = ()
    problems: tuple[str, ...] = ()
    """One line for each file that was left out: what is wrong, where, and what to do."""

    @property
    def intents(self) -> dict[str, OwnIntent]:
        """Every intent by its full name."""
        return {name: intent for file in self.files for name, intent in file.intents.items()}

    @property
    def source(self) -> dict[str, Any]:
        """All intents in hassil's dictionary form."""
        return {name: body for file in self.files for name, body in file.source.items()}


NO_SKILLS = OwnSkills()


def load_skills(folder: Path | None) -> OwnSkills:
    """The sentence files (*.yaml) of `folder`; none when it does not exist. Never raises for what a file holds."""
    if folder is None or not folder.is_dir():
        return NO_SKILLS
    files, problems = [], []
    found = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if len(found) > MOST_FILES:
        problems.append(f"{folder}: holds more than {MOST_FILES} files; the others are not read")
    for path in found[:MOST_FILES]:
        try:
            files.append(read_file(path))
        except MistakeError as mistake:
            problems.append(f"{path}: line {mistake.line}: {mistake}; the file is left out until this is mended")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            problems.append(f"{path}: cannot be read ({why}); the file is left out until this is mended")
    return OwnSkills(tuple(files), tuple(problems))


def read_file(path: Path) -> OwnFile:
    """One file. Raises MistakeError, OSError or UnicodeDecodeError."""
    if path.stat().st_size > LARGEST_FILE:
        raise MistakeError(1, f"the file is larger than {LARGEST_FILE // 1000} kB")
    return parse_file(path, path.read_text(encoding="utf-8"))


def parse_file(path: Path, text: str) -> OwnFile:
    """The skill in `text`, called after the file's name. Raises MistakeError."""
    stem = path.stem.lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", stem):
        raise MistakeError(1, f"a skill's file is named in letters, digits and underscores, not '{path.name}'")
    content = MarkedYaml(text)
    content.known((), ("intents", "lists", "expansion_rules"))
    lists = _lists(content, stem)
    rules = {name: content.text(("expansion_rules", name)) for name in content.keys(("expansion_rules",))}
    names = content.keys(("intents",))
    if not names:
        raise MistakeError(1, "there are no intents; a file needs 'intents:' with at least one name under it")
    templates = _Templates(content, stem, frozenset(content.keys(("lists",))), rules)
    intents: dict[str, OwnIntent] = {}
    source: dict[str, Any] = {}
    for name in names:
        at: MarkedPath = ("intents", name)
        if not _NAME.fullmatch(name):
            raise MistakeError(content.line(at), f"'{name}' is no name: {_NAMING}")
        content.known(at, ("sentences", "reply", "hub"))
        sentences = [templates.renamed(text, (*at, "sentences", n)) for n, text in content.texts((*at, "sentences"))]
        if not sentences:
            raise MistakeError(content.line(at), f"'{name}' has no sentences; add 'sentences:' with a list under it")
        data = {"sentences": sentences, "lists": lists, "expansion_rules": templates.rules}
        full = f"{PREFIX}{stem}.{name}"
        slots = templates.check(sentences, data, at)
        intents[full] = _intent(content, at, full, slots)
        source[full] = {"data": [data]}
    return OwnFile(path, intents, source)


def _intent(content: MarkedYaml, at: MarkedPath, full: str, slots: Mapping[str, bool]) -> OwnIntent:
    reply = content.text((*at, "reply"), "")
    for slot in _SLOT.findall(reply):
        if slot not in slots:
            raise MistakeError(content.line((*at, "reply")), f"the reply names {{{slot}}}, which no sentence fills")
    if reply.count("[") != reply.count("]") or reply.count("{") != reply.count("}"):
        raise MistakeError(content.line((*at, "reply")), "a bracket of the reply is not closed")
    service = entity = ""
    if content.has((*at, "hub")):
        content.known((*at, "hub"), ("service", "entity"))
        service, entity = content.text((*at, "hub", "service")), content.text((*at, "hub", "entity"))
        if not _SERVICE.fullmatch(service):
            raise MistakeError(content.line((*at, "hub", "service")), f"'{service}' is no service (script.turn_on)")
        for slot in _SLOT.findall(entity):
            if not slots.get(slot):
                text = f"the entity names {{{slot}}}, which is no slot with a list of its own in these sentences"
                raise MistakeError(content.line((*at, "hub", "entity")), text)
        if not _SERVICE.fullmatch(_SLOT.sub("x", entity)):
            raise MistakeError(content.line((*at, "hub", "entity")), f"'{entity}' is no entity such as script.brew")
    return OwnIntent(full, reply, service, entity)


def _lists(content: MarkedYaml, stem: str) -> dict[str, Any]:
    """The file's lists in hassil's form, under names of their own."""
    found: dict[str, Any] = {}
    for name in content.keys(("lists",)):
        at: MarkedPath = ("lists", name)
        if not _NAME.fullmatch(name):
            raise MistakeError(content.line(at), f"'{name}' is no name: {_NAMING}")
        if name in SPAN_LISTS or name in _OWNED_LISTS:
            raise MistakeError(content.line(at), f"{{{name}}} is known already; call this list something else")
        values: list[dict[str, str]] = []
        for number in content.items(at):
            entry = (*at, number)
            if content.has((*entry, "in")):
                content.known(entry, ("in", "out"))
                spoken = content.text((*entry, "in"))
                value = content.text((*entry, "out"), spoken)
            else:
                spoken = value = content.text(entry)
            if not clean(spoken) or any(sign in spoken for sign in "{}<>[]()|"):
                raise MistakeError(content.line(entry), "a value is plain words: 'flat white'")
            values.append({"in": clean(spoken), "out": value})
        if not values:
            raise MistakeError(content.line(at), f"the list '{name}' is empty")
        found[f"{PREFIX}{stem}.{name}"] = {"values": values}
    return found


class _Templates:
    """Checks and renames what the sentences and rules of one file refer to."""

    def __init__(self, content: MarkedYaml, stem: str, lists: frozenset[str], rules: Mapping[str, str]) -> None:
        self._content, self._stem, self._lists = content, stem, lists
        self._names = frozenset(rules)
        self.rules: dict[str, str] = {}
        for name, text in rules.items():
            if not _NAME.fullmatch(name):
                raise MistakeError(content.line(("expansion_rules", name)), f"'{name}' is no name for a rule")
            self.rules[name] = self.renamed(text, ("expansion_rules", name))
        self._parsed = {name: parse_sentence(text) for name, text in self.rules.items()}
        for name in self._parsed:
            self._size(self._parsed[name].expression, (name,))

    def renamed(self, text: str, at: MarkedPath) -> str:
        """`text` with the file's lists under their full names. Raises MistakeError for what is no template."""
        line = self._content.line(at)

        def rename(match: re.Match[str]) -> str:
            name, _, slot = match.group(1).strip().partition(":")
            if slot and not _NAME.fullmatch(slot):
                raise MistakeError(line, f"'{{{match.group(1)}}}': a slot is named in letters, digits and underscores")
            if name in self._lists:
                return f"{{{PREFIX}{self._stem}.{name}:{slot or name}}}"
            if name in SPAN_LISTS or name in _OWNED_LISTS:
                return match.group(0)
            known = ", ".join(sorted({*self._lists, *SPAN_LISTS, *_OWNED_LISTS}))
            raise MistakeError(line, f"no list is called '{name}'; known are {known}")

        try:
            sentence = parse_sentence(text)
        except Exception as error:
            raise MistakeError(line, f"is no template: {' '.join(str(error).split())}") from error
        for part in _parts(sentence.expression):
            if isinstance(part, RuleReference) and part.rule_name not in self._names:
                raise MistakeError(line, f"no rule is called <{part.rule_name}>; add it under expansion_rules")
        return _SLOT.sub(rename, text)

    def _size(self, expression: Expression, inside: tuple[str, ...] = ()) -> int:
        """Pieces of a template with its rules written out. Raises MistakeError where that is endless or too many."""
        if isinstance(expression, RuleReference):
            name = expression.rule_name
            at: MarkedPath = ("expansion_rules", inside[0] if inside else name)
            if name in inside:
                raise MistakeError(self._content.line(at), f"the rule <{name}> contains itself")
            return self._size(self._parsed[name].expression, (*inside, name))
        total = 1
        if isinstance(expression, TextChunk | ListReference):
            return total
        if isinstance(expression, Group):
            for item in expression.items:
                total += self._size(item, inside)
            if isinstance(expression, Permutation):
                for n in range(2, len(expression.items) + 1):
                    total *= n
        if total > _MOST_PIECES:
            where: MarkedPath = ("expansion_rules", inside[0]) if inside else ("intents",)
            raise MistakeError(self._content.line(where), "stands for too many sentences; use fewer options in it")
        return total

    def _empty(self, expression: Expression) -> bool:
        """True when a template can be said without a word."""
        if isinstance(expression, TextChunk):
            return not expression.text.strip()
        if isinstance(expression, RuleReference):
            return self._empty(self._parsed[expression.rule_name].expression)
        if isinstance(expression, Group):
            each = map(self._empty, expression.items)
            return any(each) if isinstance(expression, Alternative) else all(each)
        return False

    def check(self, sentences: list[str], data: dict[str, Any], at: MarkedPath) -> dict[str, bool]:
        """Every template turned into words once; its slots, and whether each is filled from a list of this file."""
        slots: dict[str, bool] = {}
        for number, text in enumerate(sentences):
            line = self._content.line((*at, "sentences", number))
            try:
                self._size(parse_sentence(text).expression)
            except MistakeError as mistake:
                raise MistakeError(line, str(mistake)) from mistake
            used = {**data, "sentences": [text]}
            compiled = Intents.from_dict({"language": "en", "intents": {"it": {"data": [used]}}})
            block = compiled.intents["it"].data[0]
            if not template_graph(block.sentences[0], block, compiled).finals or self._empty(
                block.sentences[0].expression
            ):
                raise MistakeError(line, "this sentence can be said without a word; make something in it necessary")
            for reference in _lists_of(block.sentences[0].expression, self._parsed):
                own = reference.list_name.startswith(PREFIX)
                slots[reference.slot_name] = own and slots.get(reference.slot_name, True)
        return slots


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    for item in getattr(expression, "items", ()):
        yield from _parts(item)


def _lists_of(expression: Expression, rules: Mapping[str, Sentence]) -> Iterator[ListReference]:
    for part in _parts(expression):
        if isinstance(part, ListReference):
            yield part
        elif isinstance(part, RuleReference):
            yield from _lists_of(rules[part.rule_name].expression, rules)
