"""PDF files, opened in a process of their own: a file made to do harm costs that process time and memory."""

import contextlib
import json
import math
import resource
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError

PAGE_CPU_S = 30
"""Seconds of processor for a page until its file is given up. An ordinary page takes some ten milliseconds."""

WAIT_S = 900.0
"""Seconds by the clock for a page. It catches a disk that hangs: on a busy device a polite process waits for long."""

MEMORY_BYTES = 768 * 1024 * 1024
"""Address space of the process; pages of scanned books stay far below it, since images are not unpacked."""

MOST_PAGES = 3000
"""Of one file."""


class PdfReader:
    """Starts the process when it is first needed and again after a file that broke it. Used by one thread."""

    def __init__(self, wait_s: float = WAIT_S, cpu_s: int = PAGE_CPU_S) -> None:
        """`wait_s`: seconds by the clock, `cpu_s`: whole seconds of processor, for a page at most."""
        self._wait_s, self._cpu_s = wait_s, cpu_s
        self._process: subprocess.Popen[bytes] | None = None

    def pages(self, path: Path) -> Iterator[str]:
        """The text of each page. Raises AssistantError, one line, for a file that is encrypted, damaged or endless."""
        process = self._started()
        assert process.stdin is not None
        done = False
        try:
            process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            process.stdin.flush()
            while (answer := self._answer(process, path)) is not None:
                if problem := answer.get("problem"):
                    done = True
                    raise AssistantError(f"{path}: {problem}")
                yield str(answer["page"])
            done = True
        except BrokenPipeError as error:
            raise AssistantError(_damaged(path)) from error
        finally:
            if not done:
                self.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "assistant.knowledge.pdf_reader", str(self._cpu_s)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            )  # fmt: skip
        return self._process

    def _answer(self, process: "subprocess.Popen[bytes]", path: Path) -> dict[str, Any] | None:
        """The next page; None behind the last one."""
        assert process.stdout is not None
        line = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(self._wait_s):
                    raise AssistantError(_endless(path))
                part = process.stdout.read(65536)
                if not part:
                    endless = process.wait() == -signal.SIGXCPU
                    raise AssistantError(_endless(path) if endless else _damaged(path))
                line += part
                if line.count(b"\n") > 1:
                    raise AssistantError(_damaged(path))
        assert process.stdin is not None
        process.stdin.write(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found or None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _damaged(path: Path) -> str:
    return f"{path}: is a damaged PDF, or none; move it out of the documents"


def _endless(path: Path) -> str:
    return f"{path}: a page takes too long; move it out of the documents"


def _read(path: str, cpu_s: int) -> Iterator[dict[str, str]]:
    import pypdf  # noqa: PLC0415 - only this process needs it
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    _grant(cpu_s)
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            yield {"problem": "is protected by a password; save it without one, or move it out of the documents"}
            return
        for number, page in enumerate(reader.pages):
            if number == MOST_PAGES:
                return
            _grant(cpu_s)
            yield {"page": page.extract_text()}
    except OSError as error:
        yield {"problem": f"cannot be read ({error.strerror}); check its owner and mode"}
    except pypdf.errors.DependencyError:
        yield {"problem": "is encrypted in a way that cannot be read here; save it without encryption"}
    except (PyPdfError, Exception):  # noqa: BLE001 - on damaged files the library raises nearly anything
        yield {"problem": "is a damaged PDF, or none; move it out of the documents"}


def _grant(cpu_s: int) -> None:
    """Processor time for one more page; the kernel ends the process when it is used up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    whole = math.ceil(used.ru_utime + used.ru_stime) + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (whole, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(cpu_s: int) -> None:
    """Answer paths on standard input with one JSON object a page on standard output; an empty one ends a file.

    After each object an empty line is waited for, so that nobody reads ahead of a reader who gave up.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        for answer in _read(json.loads(line), cpu_s):
            sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
            sys.stdout.buffer.flush()
            sys.stdin.buffer.readline()
            if "problem" in answer:
                break
        else:
            sys.stdout.buffer.write(b"{}\n")
            sys.stdout.buffer.flush()
            sys.stdin.buffer.readline()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
