"""Model downloads: the HTTP client behind `artifacts.port.Downloader`.

Nothing is asked for but the catalogue's addresses, when the owner asked for a model. Only https (plain http stays
on this machine), every redirect is checked before it is followed, no more bytes than expected are written, and what
was received is continued rather than begun again. The environment's proxy and certificate settings are honoured.
"""

import asyncio
import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx
import stamina

from assistant.artifacts.port import DownloadError, is_loopback, url_problem

logger = logging.getLogger(__name__)

MOST_REDIRECTS = 8
"""Hugging Face takes two, GitHub releases one."""

MOST_BREAKS = 100
"""Interruptions in one transfer after each of which some bytes had come; a bad line takes a few."""

TIMEOUT = httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=10.0)
"""Seconds. A server that sends nothing for 30 s has stalled; the transfer is then continued in a new connection."""

USER_AGENT = "assistant-models"
"""Says what asks and nothing about who or where."""

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class _InterruptedError(Exception):
    """Worth another try: the line broke, the server stalled or was busy."""


@dataclass(frozen=True, slots=True)
class _Job:
    url: str
    part: Path
    total: int | None
    limit: int
    progress: Callable[[int], None]


class HttpDownloader:
    """Fetches over HTTP with httpx."""

    def __init__(
        self,
        *,
        timeout: httpx.Timeout = TIMEOUT,
        attempts: int = 5,
        wait_s: float = 0.5,
        contacted: Callable[[str], None] | None = None,
    ) -> None:
        """`attempts`: tries in a row without one new byte. `wait_s`: the first pause between them; it doubles, up to
        10 s. `contacted` is told the host before each request leaves, for the ledger."""
        self._timeout = timeout
        self._attempts = attempts
        self._wait_s = wait_s
        self._contacted = contacted

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        """See `artifacts.port.Downloader.fetch`."""
        job = _Job(url, part, total, limit, progress)
        breaks = 0
        try:
            with self._client(url) as client:
                for attempt in stamina.retry_context(
                    on=_InterruptedError,
                    attempts=self._attempts,
                    timeout=None,
                    wait_initial=self._wait_s,
                    wait_max=max(10.0, self._wait_s),
                    wait_jitter=self._wait_s,
                ):
                    with attempt:
                        while True:
                            before = _size(part)
                            try:
                                self._transfer(client, job)
                                return
                            except _InterruptedError:
                                breaks += 1
                                if _size(part) <= before or breaks > MOST_BREAKS:
                                    raise
        except _InterruptedError as error:
            raise DownloadError(f"{url}: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DownloadError(f"{url}: {_reason(error)}") from error

    def _client(self, url: str) -> httpx.Client:
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        try:
            return httpx.Client(timeout=self._timeout, headers=headers)
        except (OSError, ValueError, ImportError) as error:
            # an unknown kind of proxy, or a certificate file that is not there
            settings = "the environment's proxy or certificate settings cannot be used"
            raise DownloadError(f"{url}: {settings} ({_reason(error)})") from error

    def _transfer(self, client: httpx.Client, job: _Job) -> None:
        """One connection: the bytes that are missing, or as many as come. Raises _InterruptedError, DownloadError."""
        start = _size(job.part)
        with self._open(client, job.url, start) as response:
            if response.status_code == 416 and start and job.total is None:
                return  # nothing follows: whether this is the file, the caller's hash decides
            start = self._start(response, job.url, start)
            self._check_length(response, job, start)
            with job.part.open("r+b" if start else "wb") as sink:
                sink.truncate(start)
                sink.seek(start)
                try:
                    done = self._receive(response, job, start, sink)
                finally:
                    sink.flush()
                    os.fsync(sink.fileno())
        if job.total is not None and done < job.total:
            raise _InterruptedError(f"the server ended after {done} of {job.total} bytes")

    @staticmethod
    def _receive(response: httpx.Response, job: _Job, start: int, sink: BinaryIO) -> int:
        done = start
        job.progress(done)
        try:
            for block in response.iter_raw():  # as it comes: what a fuller block would wait for is lost in a break
                room = job.limit - done
                sink.write(block[:room])
                done += min(len(block), room)
                job.progress(done)
                if len(block) > room:
                    raise DownloadError(f"{job.url}: sends more than the {job.limit} bytes the catalogue expects")
        except (httpx.TransportError, httpx.StreamError) as error:
            raise _InterruptedError(f"the transfer broke off after {done} bytes ({_reason(error)})") from error
        return done

    @contextmanager
    def _open(self, client: httpx.Client, url: str, start: int) -> Iterator[httpx.Response]:
        """The answer to a request for the bytes from `start` on, behind every redirect, each checked first."""
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            if problem := url_problem(here):
                raise DownloadError(f"{here}: {problem}; not fetched")
            if self._contacted is not None:
                self._contacted(urlsplit(here).hostname or "")
            headers = {"Range": f"bytes={start}-"} if start else {}
            try:
                with client.stream("GET", here, headers=headers) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    there = str(response.url.join(response.headers["location"]))
            except httpx.TransportError as error:
                if "CERTIFICATE_VERIFY_FAILED" in str(error):
                    # nothing another try would change; on a board without a clock battery the date is the usual cause
                    raise DownloadError(
                        f"{here}: its certificate is not trusted; is this device's date right?"
                    ) from error
                raise _InterruptedError(f"{_host(here)} does not answer ({_reason(error)})") from error
            _check_redirect(url, here, there)
            here = there
        raise DownloadError(f"{url}: redirects more than {MOST_REDIRECTS} times; not fetched")

    @staticmethod
    def _start(response: httpx.Response, url: str, start: int) -> int:
        """From which byte on the answer counts. Raises for an answer that holds no part of the file."""
        status = response.status_code
        if status == 200:
            return 0  # a server without ranges begins again
        if status == 206 and start:
            match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", ""))
            if match is None or int(match[1]) != start:
                raise DownloadError(f"{url}: answers with another range than the one asked for; not fetched")
            return start
        if status == 416:
            raise DownloadError(f"{url}: has no bytes after {start}; its file is another one")
        if status in _RETRIED:
            raise _InterruptedError(f"the server answers {status} {response.reason_phrase}".rstrip())
        raise DownloadError(f"{url}: the server answers {status} {response.reason_phrase}".rstrip())

    @staticmethod
    def _check_length(response: httpx.Response, job: _Job, start: int) -> None:
        """Refuse a wrong file before its bytes are fetched."""
        url, total, limit = job.url, job.total, job.limit
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise DownloadError(f"{url}: is served compressed though nobody asked for it; not fetched")
        announced = response.headers.get("Content-Length", "")
        if not announced.isdecimal():
            return
        size = start + int(announced)
        if size > limit or (total is not None and size != total):
            expected = f"{total}" if total is not None else f"at most {limit}"
            raise DownloadError(f"{url}: is {size} bytes long, {expected} are expected; not fetched")


def _check_redirect(first: str, here: str, there: str) -> None:
    """A redirect leads to https; on this machine only when it began here, so that nobody outside can point inside."""
    problem = url_problem(there)
    inside = is_loopback(_host(there))
    if problem is None and inside and not is_loopback(_host(first)):
        problem = "is an address of this machine"
    if problem is not None:
        raise DownloadError(f"{here}: redirects to {there[:200]}, which {problem}; not followed")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    text = " ".join(str(error).split())
    return text or type(error).__name__


async def on_own_thread(work: Callable[[], None]) -> None:
    """`work` on a thread that nobody waits for when the door closes: a stalled server may hold it for half a minute."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(None)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - handed to whoever waits
            error = problem
        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=run, daemon=True).start()
    await done
