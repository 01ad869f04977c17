"""Everything that can be looked up, behind one door: the archives and the index of the documents."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.knowledge import Passage
from assistant.knowledge.archives import Archive, archive_files
from assistant.knowledge.embedding import Embedder
from assistant.knowledge.index import FILE, Index
from assistant.knowledge.ranking import GOOD
from assistant.knowledge.words import is_personal, is_question

logger = logging.getLogger(__name__)


class Library:
    """Opened once, then asked. Blocking; used by one thread. What cannot be read is told once and left out."""

    def __init__(
        self,
        *,
        archives: Sequence[Path] = (),
        documents: Sequence[Path] = (),
        data: Path,
        cache: Path | None = None,
        patience: float = 1.0,
        embedding: Callable[[], Embedder] | None = None,
        language: str = "en",
    ) -> None:
        """`archives`, `documents`: as in the settings. `embedding` loads the model when the index is first asked."""
        self._language = language
        self._wanted, self._path = bool(documents), data / FILE
        self._load = embedding
        self._embedder: Embedder | None = None
        self._index: Index | None = None
        files, self.problems = archive_files(archives)
        self.archives: list[Archive] = []
        for file in files:
            try:
                self.archives.append(Archive(file, cache=cache, patience=patience))
            except AssistantError as error:
                self._trouble(error)

    def answer(self, question: str) -> Passage | None:
        """The best passage when it is likely to answer the question, else None. Never raises AssistantError."""
        if not is_question(question, self._language):
            return None
        found = self.search(question, personal=is_personal(question, self._language))
        return found[0] if found and found[0].score >= GOOD else None

    def search(self, question: str, limit: int = 5, *, personal: bool = False) -> list[Passage]:
        """Passages from everywhere, best first; `personal` leaves the archives out. Never raises AssistantError."""
        found: list[Passage] = []
        for archive in () if personal else tuple(self.archives):
            try:
                found += archive.search(question, self._language)
            except AssistantError as error:
                self._trouble(error)
                self.archives.remove(archive)
        # the owner's own documents first, where both fit alike
        found = [*self._of_documents(question, limit), *found]
        return sorted(found, key=lambda passage: -passage.score)[:limit]

    def _of_documents(self, question: str, limit: int) -> list[Passage]:
        if not self._wanted:
            return []
        try:
            if self._index is None:
                self._index = Index(self._path)  # it may have come into being since
                self._embedder = self._embedder or self._model()
            return self._index.search(question, self._language, self._embedder, limit)
        except AssistantError as error:
            self._trouble(error)
            if self._index is not None:
                self._index.close()
                self._index = None
            return []

    def _model(self) -> Embedder | None:
        """The embedding model, when one is installed and loads; words alone otherwise."""
        if self._load is None:
            return None
        try:
            return self._load()
        except AssistantError as error:
            self._load = None
            self._trouble(error)
            return None

    def _trouble(self, error: AssistantError) -> None:
        if str(error) not in self.problems:
            self.problems.append(str(error))
            logger.warning("%s", error)

    def close(self) -> None:
        """Close the index."""
        if self._index is not None:
            self._index.close()


def open_library(settings: Settings, model: Path | None = None) -> Library:
    """What these settings name; `model`: the sentence-embedding model, where one is installed."""
    return Library(
        archives=settings.knowledge.archives,
        documents=settings.knowledge.documents,
        data=settings.paths.data,
        cache=settings.paths.cache / "working-models.json",
        patience=settings.limits.patience,
        embedding=(lambda: Embedder(model)) if model else None,
        language=settings.language,
    )
