# ruff: noqa: E501 - one command in one line
"""A real model server: llama_cpp.server with a small model, over TLS with a test authority."""

import asyncio
import importlib.util
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.clock import SystemClock
from assistant.egress.cloud import CloudClient, Piece, Usage
from assistant.egress.settings import DoorSettings
from assistant.routing.payload import build
from scripts.make_tiny_gguf import write_tiny_gguf
from tests.egress.servers import Authority

MISSING = [
    n for n in ("fastapi", "uvicorn", "sse_starlette", "starlette_context") if importlib.util.find_spec(n) is None
]


@pytest.mark.skipif(bool(MISSING), reason=f"llama_cpp.server needs {', '.join(MISSING)}")
def test_a_real_server_answers(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(write_tiny_gguf(tmp_path / "tiny.gguf")), "--host", "127.0.0.1",
               "--port", str(port), "--ssl_certfile", str(cert), "--ssl_keyfile", str(key), "--n_threads", "1", "--n_ctx", "2048", "--verbose", "false"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            log = []
            for line in server.stderr:  # it says where it listens once it does
                log.append(line)
                if "Uvicorn running" in line:
                    break
            else:
                pytest.fail("".join(log[-20:]))
            settings = DoorSettings(data=tmp_path, cloud_url=f"https://127.0.0.1:{port}/v1", cloud_model="tiny", ca_file=authority.file,
                                    first_token_s=60, total_s=120)  # fmt: skip
            words, usage = asyncio.run(_ask(settings))
            assert words.strip()
            assert usage is None or usage.tokens_out > 0
        finally:
            server.terminate()


async def _ask(settings: DoorSettings) -> tuple[str, Usage | None]:
    words, usage = "", None
    async for piece in CloudClient(settings, SystemClock()).answer(
        build("who wrote hamlet", model="tiny"), lambda _: None
    ):
        if isinstance(piece, Piece):
            words += piece.text
        else:
            usage = piece
    return words, usage
