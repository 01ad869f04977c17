"""Plain text from Markdown, HTML, links and emoji: what a person would read out, nothing that only the eye needs."""

import html
import re
import unicodedata

_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*$", re.MULTILINE)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)")
_REFERENCE = re.compile(r"\[(\^?[\w-]{1,20})\](?!\()")
_BREAKS = re.compile(r"<\s*/?\s*(?:br|p|div|li|ul|ol|tr|h[1-6])\b[^<>]*>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_LINE_START = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+\u2022\u2023\u25e6][ \t]+(?:\[[ xX]\][ \t]+)?)+", re.MULTILINE
)
_RULE = re.compile(r"^[ \t|:+=_*-]{3,}$", re.MULTILINE)
_ROW_ENDS = re.compile(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", re.MULTILINE)
_CELL = re.compile(r"[ \t]+\|[ \t]+")
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~|`{1,2})(?=\S)(.+?)(?<=\S)\1")
_URL = re.compile(
    r"\b(?:https?|ftp)://([^\s/<>()\"'\]]+)[^\s<>()\"'\]]*|\bwww\.([^\s/<>()\"'\]]+)[^\s<>()\"'\]]*", re.IGNORECASE
)
_EMAIL = re.compile(r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b")
_SYMBOLS_SPOKEN = {
    "\u2192": " to ",
    "\u21d2": " so ",
    "\u2248": " about ",
    "\u00b1": " plus or minus ",
    "\u2264": " at most ",
    "\u2265": " at least ",
    "\u2260": " is not ",
    "\u00a7": " section ",
    "\u00a9": " copyright ",
    "\u221e": " infinity ",
    "\u221a": " square root of ",
    "\u03c0": " pi ",
    "\u00b5": "\u03bc",
}


def plain(text: str) -> str:
    """`text` without markup, link targets, emoji and control characters. Line ends stay, as sentence breaks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _FENCE.sub("", text)
    text = _COMMENT.sub(" ", text)
    text = _TAG.sub("", _BREAKS.sub("\n", text))
    text = html.unescape(text)
    text = _TAG.sub("", text)  # tags that were written as entities
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _REFERENCE.sub(lambda found: "" if found[1].isdigit() or found[1].startswith("^") else found[1], text)
    text = _RULE.sub("", text)
    text = _LINE_START.sub("", text)
    text = _CELL.sub(", ", _ROW_ENDS.sub("", text))
    text = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text))
    text = _URL.sub(lambda found: _host((found[1] or found[2]).rstrip(".,;:!?")) + _tail(found.group()), text)
    text = _EMAIL.sub(lambda found: f"{_dots(found[1])} at {_dots(found[2])}", text)
    return _characters(text)


def _host(host: str) -> str:
    return _dots(host.rsplit("@", maxsplit=1)[-1].split(":", maxsplit=1)[0].removeprefix("www."))


def _tail(url: str) -> str:
    """The sentence's own punctuation that the URL pattern swallowed."""
    return url[len(url.rstrip(".,;:!?")) :]


def _dots(name: str) -> str:
    return name.replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ")


def _characters(text: str) -> str:
    """Compatibility forms resolved (½, ℃, full width), every kind of digit as ASCII, emoji and controls removed."""
    # a space keeps "2½" from becoming "21/2"; the degree sign must not fall apart into a ring
    text = re.sub(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])", " ", text)
    kept: list[str] = []
    for letter in unicodedata.normalize("NFKC", text):
        if letter in _SYMBOLS_SPOKEN:
            kept.append(_SYMBOLS_SPOKEN[letter])
        elif letter.isdecimal():
            kept.append(str(unicodedata.decimal(letter)))
        else:
            category = unicodedata.category(letter)
            if letter in "\n\u00b0\u20ac\u00a3\u00a5$+=<>^`~|":
                kept.append(letter)
            elif category in ("Cc", "Zl", "Zp", "Zs"):
                kept.append(" ")
            elif category in ("Cf", "Cn", "Co", "Cs", "Mn", "Me", "Nl", "No", "Sk", "So"):
                kept.append("" if category in ("Cf", "Mn", "Me", "Sk") else " ")
            else:
                kept.append(letter)
    return "".join(kept)
