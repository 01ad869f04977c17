"""The sentences of a web page as paragraphs, without what only the eye can use: tables, boxes, notes, navigation."""

import re
from html.parser import HTMLParser

MOST_LETTERS = 400_000
"""Of a page's source that are read: the longest encyclopaedia articles have more, and their first parts answer."""

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "br",
        "hr",
        "body",
        "details",
        "summary",
        "tr",
    ]
)
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "table",
        "nav",
        "header",
        "footer",
        "aside",
        "figure",
        "figcaption",
        "sup",
        "math",
        "svg",
        "noscript",
        "template",
        "button",
        "form",
        "select",
        "head",
        "audio",
        "video",
        "iframe",
        "object",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_HIDDEN = re.compile(
    r"(?:^|[\s_-])(?:navbox|infobox|sidebar|hatnote|metadata|reference|references|reflist|mw-editsection|noprint|toc|"
    r"thumb|gallery|catlinks|shortdescription|ambox|mbox|citation)(?:$|[\s_-])",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\s*\[(?:\d{1,4}|[a-z]|note \d+|citation needed|update|when\?|who\?)\]", re.IGNORECASE)
_ENDS = re.compile(
    r"^(references|notes|external links|further reading|see also|bibliography|sources|footnotes)$", re.IGNORECASE
)
_EMPTY = re.compile(r"\(\s*[;,]?\s*\)")
_BEFORE_MARK = re.compile(r"\s+([,.;:!?)])")


class _Paragraphs(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._words: list[str] = []
        self._skipping = 0
        self._skipped_tag = ""
        self._heading = False
        self.over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping:
            # only the same kind of element nests into what is skipped: a page may leave any other one open
            self._skipping += tag == self._skipped_tag
            return
        names = " ".join(value for name, value in attrs if name in ("class", "id", "role") and value)
        if tag not in _VOID and (tag in _SKIPPED or _HIDDEN.search(names)):
            self._skipping, self._skipped_tag = 1, tag
            self._break(tag)
        elif tag in _BLOCKS:
            self._break(tag)
            self._heading = tag[:1] == "h" and tag[1:].isdigit()

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= tag == self._skipped_tag
        elif tag in _BLOCKS:
            self._break(tag)
            self._heading = False

    def handle_data(self, data: str) -> None:
        if not self._skipping and not self.over:
            self._words.append(data)

    def _break(self, tag: str) -> None:
        if tag not in _BLOCKS and tag != "table":
            return
        text, self._words = " ".join("".join(self._words).split()), []
        text = " ".join(_BEFORE_MARK.sub(r"\1", _EMPTY.sub("", _NOTE.sub("", text))).split())
        if self._heading and _ENDS.match(text):
            self.over = True
        elif text and not self._heading and not self.over:
            self.found.append(text)

    def finish(self) -> list[str]:
        self.close()
        self._skipping = 0
        self._break("p")
        return self.found


def paragraphs(html: str) -> list[str]:
    """The paragraphs of a page in their order; headings and everything behind "References" are left out."""
    reader = _Paragraphs()
    try:
        reader.feed(html[:MOST_LETTERS])
        return reader.finish()
    except (AssertionError, ValueError):  # the library gives up on some broken markup: what was read counts
        return reader.found
