"""Small Kiwix archives from texts written here, for calibration, measurement and tests."""

import html
import random
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from libzim.writer import Creator, Hint, Item, StringProvider

ARTICLES = Path(__file__).with_name("articles.toml")


class Page(Item):  # type: ignore[misc,unused-ignore]
    """One article."""

    def __init__(self, path: str, title: str, source: str) -> None:
        super().__init__()
        self._path, self._title, self._source = path, title, source

    def get_path(self) -> str:
        return self._path

    def get_title(self) -> str:
        return self._title

    def get_mimetype(self) -> str:
        return "text/html"

    def get_contentprovider(self) -> StringProvider:
        return StringProvider(self._source)

    def get_hints(self) -> dict[Hint, int]:
        return {Hint.FRONT_ARTICLE: True}


def page(title: str, text: str) -> str:
    """An article's page, with what real ones have around the text: a box, notes, an end of references."""
    paragraphs = "".join(f"<p>{html.escape(part)}<sup>[{n}]</sup></p>" for n, part in enumerate(text.split("\n\n")))
    return (
        f"<html><head><title>{html.escape(title)}</title><style>p {{color: red}}</style></head><body>"
        f'<h1>{html.escape(title)}</h1><table class="infobox"><tr><td>Box of {html.escape(title)}</td></tr></table>'
        f'<div id="content">{paragraphs}</div><h2>References</h2><p>A book that nobody reads.</p></body></html>'
    )


def write_archive(
    path: Path,
    pages: Iterable[tuple[str, str, str]],
    *,
    index: bool = True,
    redirects: Iterable[tuple[str, str, str]] = (),
    **metadata: str,
) -> Path:
    """Write an archive of (path, title, source) pages and (path, title, target) redirects; the file."""
    about = {"Title": "Wikipedia test", "Creator": "Wikipedia", "Language": "eng", "Name": "test", "Date": "2026-11-21"}
    with Creator(path).config_indexing(index, "eng") as creator:
        for place, title, source in pages:
            creator.add_item(Page(place, title, source))
        for place, title, target in redirects:
            creator.add_redirection(place, title, target, {Hint.FRONT_ARTICLE: True})
        for name, value in ({**about, "Description": "test", "Publisher": "test"} | metadata).items():
            creator.add_metadata(name, value)
    return path


def load() -> dict[str, Any]:
    """articles.toml."""
    return tomllib.loads(ARTICLES.read_text(encoding="utf-8"))


def written() -> list[tuple[str, str, str]]:
    """The articles of articles.toml as pages."""
    return [(a["title"].replace(" ", "_"), a["title"], page(a["title"], a["text"])) for a in load()["article"]]


def generated(count: int, seed: int = 0, paragraphs: int = 4) -> Iterable[tuple[str, str, str]]:
    """`count` articles without sense, from the words of the written ones and made-up names: a crowd to search in."""
    rng = random.Random(seed)
    common = sorted({word.strip(".,:;?()").lower() for a in load()["article"] for word in a["text"].split()})
    # as in a language, few words are frequent
    weights = [1 / (rank + 3) for rank in range(len(common))]
    rng.shuffle(common)
    parts = ("ba", "ke", "li", "mo", "nu", "ra", "si", "to", "ve", "wa", "zo", "pel", "tar", "min", "dor", "gal", "hun")

    def name() -> str:
        return "".join(rng.choice(parts) for _ in range(rng.randrange(2, 4))).capitalize()

    def sentence() -> str:
        words = rng.choices(common, weights, k=rng.randrange(6, 18))
        words.insert(rng.randrange(len(words)), name())
        return " ".join(words).capitalize() + "."

    for number in range(count):
        title = f"{name()} {name()}"
        text = "\n\n".join(" ".join(sentence() for _ in range(rng.randrange(3, 7))) for _ in range(paragraphs))
        yield f"g/{number}", title, page(title, f"{title} is {sentence()} {text}")
