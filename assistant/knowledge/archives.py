"""Kiwix ZIM archives: Wikipedia and others in one file each, with their own full-text index.

The search inside an archive finds only articles that hold every word it is given, so the words of a question are
given up one after the other, the commonest first, until something is found.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import libzim.reader
import libzim.search
import libzim.suggestion

from assistant.errors import AssistantError
from assistant.knowledge import Passage, Source, html_text, ranking
from assistant.knowledge.passages import passages
from assistant.knowledge.words import key_words, subject_phrases
from assistant.trial import ensure_loads

CACHE_BYTES = 32 * 1024 * 1024
"""Unpacked parts of all archives that are kept in memory; the library's own default is 512 MiB."""

MOST_ARTICLES = 4
"""That are opened for one question: reading a long one takes tens of milliseconds."""

MOST_BYTES = 4 * 1024 * 1024
"""Of an article; larger ones are tables and lists."""

LEAST_LETTERS = 40
"""Of a passage: shorter ones are captions, list entries and leftovers of what was taken out."""

libzim.reader.set_cluster_cache_max_size(CACHE_BYTES)


class Archive:
    """One open archive. Blocking; used by one thread."""

    def __init__(self, path: Path, *, cache: Path | None = None, patience: float = 1.0) -> None:
        """Open `path`, after a trial in a process of its own when the file is new (`cache` and `patience` as there).

        Raises AssistantError, one line, for what is missing, damaged or no archive.
        """
        self.path = path
        if not path.is_file():
            raise AssistantError(f"{path}: there is no such archive; correct knowledge.archives in the settings")
        child = ["-m", "assistant.knowledge.archives", str(path)]
        ensure_loads(path, child, what="archive", cache=cache, patience=patience)
        self._open()

    def _open(self) -> None:
        self._zim = _opened(self.path)
        self._searcher = self._guard(lambda: libzim.search.Searcher(self._zim)) if self.searchable else None
        self._suggester = self._guard(lambda: libzim.suggestion.SuggestionSearcher(self._zim))
        self._counts: dict[str, int] = {}

    @property
    def searchable(self) -> bool:
        """Whether it has an index of all words; without it, titles alone are found."""
        return bool(self._zim.has_fulltext_index)

    @property
    def articles(self) -> int:
        """How many it holds."""
        return int(self._zim.article_count)

    @property
    def name(self) -> str:
        """What to call it: "Wikipedia" for all of Wikipedia's many archives, else the archive's title."""
        title, creator = self._metadata("Title"), self._metadata("Creator")
        if creator and title.lower().startswith(creator.lower()):
            return creator
        return title or creator or self.path.stem

    @property
    def date(self) -> str:
        """When it was made, as the archive tells it; "" when it does not."""
        return self._metadata("Date")

    def _metadata(self, key: str) -> str:
        try:
            found = bytes(self._zim.get_metadata(key)).decode("utf-8", "replace")
        except (RuntimeError, KeyError):
            return ""
        return " ".join(found.split())[:80]

    def search(self, question: str, language: str = "en") -> list[Passage]:
        """The best passage of each article that may answer, best first. Raises AssistantError for a damaged file."""
        words = key_words(question, language)
        if not words:
            return []
        found: list[Passage] = self._guard(lambda: self._search(words, subject_phrases(question, language)))
        return found

    def _search(self, words: Sequence[str], phrases: Iterable[str]) -> list[Passage]:
        worth = ranking.weights(words, {word: self._count(word) for word in words}, self.articles)
        titled = list(islice(self._titled(phrases), MOST_ARTICLES))
        articles = ranking.fused(titled, self._full_text(words), self._suggested(words))
        found = [best for path in articles[:MOST_ARTICLES] if (best := self._best(path, worth)) is not None]
        return sorted(found, key=lambda passage: -passage.score)

    def _titled(self, phrases: Iterable[str]) -> Iterator[str]:
        """Articles whose title stands in the question."""
        for phrase in phrases:
            spellings = (phrase[:1].upper() + phrase[1:], phrase.title(), phrase.upper())
            for title in dict.fromkeys(spellings):
                if self._zim.has_entry_by_title(title):
                    yield self._zim.get_entry_by_title(title).path

    def _full_text(self, words: Sequence[str]) -> list[str]:
        """Articles that hold the words; when there are few, with fewer words."""
        if self._searcher is None:
            return []
        known = sorted((word for word in words if self._count(word)), key=self._count)
        orders: list[str] = []
        while known and len(orders) < MOST_ARTICLES:
            search = self._searcher.search(libzim.search.Query().set_query(" ".join(known)))
            orders += [path for path in search.getResults(0, MOST_ARTICLES) if path not in orders]
            known.pop()
        return orders

    def _suggested(self, words: Sequence[str]) -> list[str]:
        return list(self._suggester.suggest(" ".join(words)).getResults(0, MOST_ARTICLES))

    def _count(self, word: str) -> int:
        """In how many articles a word stands."""
        if word not in self._counts:
            if len(self._counts) > 5000:
                self._counts.clear()
            search = self._searcher.search(libzim.search.Query().set_query(word)) if self._searcher else None
            self._counts[word] = int(search.getEstimatedMatches()) if search else 0
        return self._counts[word]

    def _best(self, path: str, worth: dict[str, float]) -> Passage | None:
        """The passage of one article that fits best; of equal ones the earlier."""
        entry: Any = self._zim.get_entry_by_path(path)
        for _ in range(8):
            if not entry.is_redirect:
                break
            entry = entry.get_redirect_entry()
        item = entry.get_item()
        if not item.mimetype.startswith("text/html") or item.size > MOST_BYTES:
            return None
        text = bytes(item.content).decode("utf-8", "replace")
        source = Source("archive", self.name, entry.title, f"{self.path}#{entry.path}")
        best: Passage | None = None
        for passage in passages(html_text.paragraphs(text)):
            if len(passage) < LEAST_LETTERS:
                continue
            score = ranking.chance(worth, entry.title, passage)
            if best is None or score > best.score:
                best = Passage(passage, source, score)
        return best

    def _guard(self, work: Any) -> Any:  # noqa: ANN401 - whatever the library gives
        """The library's failures as one line."""
        try:
            return work()
        except AssistantError:
            raise
        except Exception as error:  # libzim's and Xapian's errors arrive as RuntimeError, some as others
            raise AssistantError(_damaged(self.path)) from error


def _damaged(path: Path) -> str:
    return f"{path}: is a damaged or incomplete archive; copy or download it again"


def _opened(path: Path) -> Any:  # noqa: ANN401 - the library is not typed
    try:
        with path.open("rb") as file:
            if file.read(4) != b"ZIM\x04":
                raise AssistantError(f"{path}: is no ZIM archive; correct knowledge.archives in the settings")
        archive = libzim.reader.Archive(path)
        if archive.filesize != path.stat().st_size:
            raise AssistantError(_damaged(path))
        return archive
    except OSError as error:
        raise AssistantError(f"{path}: cannot be read ({error.strerror}); check its owner and mode") from error
    except AssistantError:
        raise
    except Exception as error:
        raise AssistantError(_damaged(path)) from error


def archive_files(places: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The archives that the settings name, files or directories of them, and a line for each that cannot be read."""
    files: list[Path] = []
    problems: list[str] = []
    for place in (place.expanduser() for place in places):
        try:
            if place.is_dir():
                files += sorted(path for path in place.iterdir() if path.suffix == ".zim")
            elif place.is_file():
                files.append(place)
            else:
                problems.append(f"{place}: there is no such archive; correct knowledge.archives in the settings")
        except OSError as error:
            problems.append(f"{place}: cannot be read ({error.strerror}); check its owner and mode")
    return list(dict.fromkeys(files)), problems


def try_out(path: Path) -> int:
    """Open, search and read once, in a process that may die of it. The exit status; the reason is on standard error."""
    try:
        archive = Archive.__new__(Archive)
        archive.path = path
        archive._open()  # noqa: SLF001 - without the trial that this is
        archive.search("what is the history of water and the city")
        for _ in range(3):
            archive._guard(lambda: archive._best(archive._zim.get_random_entry().path, {"a": 1.0}))  # noqa: SLF001
    except AssistantError as error:
        print(str(error).partition(": ")[2].partition(";")[0], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(try_out(Path(sys.argv[1])))
