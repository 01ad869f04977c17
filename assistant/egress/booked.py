"""Downloads asked for in the owner's own shell, under the rules of the door's process: not while the assistant was told
to stay offline, and every host is in the ledger before a request leaves."""

from collections.abc import Callable
from pathlib import Path

from assistant.artifacts.port import DownloadError
from assistant.clock import Clock
from assistant.config import Settings
from assistant.egress.download import HttpDownloader
from assistant.egress.purse import Purse
from assistant.egress.settings import door_settings
from assistant.routing.ledger import Ledger


class BookedDownloader:
    """Implements `artifacts.port.Downloader`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Raises UsageError for addresses in the settings that cannot be right, StoreError for a broken ledger."""
        door = door_settings(settings)
        self._ledger = Ledger(door.data, clock)
        self._purse = Purse(door.data, clock, day=door.budget_day, month=door.budget_month)

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        """See `artifacts.port.Downloader.fetch`. Raises StoreError where the ledger cannot be written: then nothing
        leaves."""
        if self._purse.offline:
            raise DownloadError(f"{url}: not asked, the assistant was told to stay offline (say “go online”)")

        def contacted(host: str) -> None:
            facts = {"host": host, "bytes_out": len(url), "reason": "asked for by the owner"}
            self._ledger.append("download", facts)

        HttpDownloader(contacted=contacted).fetch(url, part, total=total, limit=limit, progress=progress)
