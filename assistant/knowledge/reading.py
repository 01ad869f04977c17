"""The owner's documents as paragraphs under headings: plain text, Markdown, PDF."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError
from assistant.knowledge.html_text import paragraphs as html_paragraphs
from assistant.knowledge.pdf_reader import PdfReader

TEXT, MARKDOWN, PDF = frozenset({".txt", ".text"}), frozenset({".md", ".markdown"}), frozenset({".pdf"})
KINDS = TEXT | MARKDOWN | PDF
"""Endings of the files that are read; every other file is passed over."""

MOST_TEXT, MOST_PDF = 16 * 1024 * 1024, 256 * 1024 * 1024
"""Bytes of a file: a text of 16 MiB is twenty thick books, more is a log or a data set."""

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(?:=+|-{2,})\s*$")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_RULE = re.compile(r"^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}.*\|[\s:|-]*$")
_IMAGE, _LINK = re.compile(r"!\[[^\]]*\]\([^)]*\)"), re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_MARKS = re.compile(r"(\*\*|__|~~|`+)(?=\S)(.+?)(?<=\S)\1")
_STRESS = re.compile(r"(?<![\w*_])([*_])(?=\S)(.+?)(?<=\S)\1(?![\w*_])")
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph and the heading above it ("" when there is none)."""

    text: str
    heading: str = ""


def read_document(path: Path, pdf: PdfReader | None = None) -> Iterator[Paragraph]:
    """The paragraphs of a file in their order; `pdf` opens PDF files (one of its own when not given).

    Raises AssistantError, one line, for a file that is too large, binary, encrypted or damaged.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AssistantError(f"{path}: cannot be read ({error.strerror}); check its owner and mode") from error
    kind = path.suffix.lower()
    most = MOST_PDF if kind in PDF else MOST_TEXT
    if size > most:
        raise AssistantError(f"{path}: is larger than {most >> 20} MB; split it, or move it out of the documents")
    if kind in PDF:
        for page in (pdf or PdfReader()).pages(path):
            yield from (Paragraph(text) for text in _joined(page))
        return
    text = read_text(path)
    yield from markdown(text) if kind in MARKDOWN else (Paragraph(part) for part in _joined(text))


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, else Latin-1. Raises AssistantError for anything else."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AssistantError(f"{path}: cannot be read ({error.strerror}); check its owner and mode") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data or _noise(data[:65536]):
        raise AssistantError(f"{path}: is no text; move it out of the documents, or give it its right ending")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _noise(data: bytes) -> bool:
    """Whether bytes are anything but a text: more than one in fifty is a control character."""
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in data)
    return control * 50 > len(data)


def _joined(text: str) -> Iterator[str]:
    """Paragraphs are divided by empty lines; a line's end inside one is a space, a hyphen there joins."""
    for block in re.split(r"\n[ \t\f]*\n|\f", text.replace("\r\n", "\n").replace("\r", "\n")):
        joined = re.sub(r"(?<=[a-zß-ÿ])-\n\s*(?=[a-zß-ÿ])", "", block)
        if words := " ".join(joined.split()):
            yield words


def markdown(text: str) -> Iterator[Paragraph]:
    """Paragraphs of a Markdown text under their headings, without its marks; code blocks are left out."""
    heading, held, fenced, listed = "", list[str](), False, False

    def flush() -> Iterator[Paragraph]:
        words = " ".join(held)
        held.clear()
        if _TAG.search(words):
            words = " ".join(html_paragraphs(words))
        if words := _bare(words):
            yield Paragraph(words, heading)

    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if _FENCE.match(line):
            yield from flush()
            fenced = not fenced
        elif fenced:
            continue
        elif match := _HEADING.match(line):
            yield from flush()
            heading = _bare(match[2])
        elif _UNDERLINE.match(line) and held and not listed:
            heading = _bare(held.pop())
            yield from flush()
        elif not line.strip() or _RULE.match(line) or _TABLE_RULE.match(line):
            yield from flush()
            listed = False
        elif "|" in line and line.strip().startswith("|"):
            yield from flush()
            held.append(", ".join(cell.strip() for cell in line.strip().strip("|").split("|") if cell.strip()) + ".")
        elif bullet := _BULLET.match(line):
            yield from flush()
            listed = True
            held.append(line[bullet.end() :].strip())
        else:
            held.append(line.strip().lstrip("> "))
    yield from flush()


def _bare(text: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    return " ".join(_STRESS.sub(r"\2", _MARKS.sub(r"\2", text)).split())
