"""The downloader against a server that truncates, stalls, lies, breaks off and points elsewhere."""

import shutil
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from assistant.artifacts.port import Downloader, DownloadError
from assistant.egress.download import MOST_BREAKS, HttpDownloader
from tests.artifacts.fault_server import FaultServer, serve
from tests.artifacts.samples import content

DATA = content(100_000)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    with serve({"/file": DATA}) as running:
        yield running


def quick(read_s: float = 5.0, attempts: int = 3) -> HttpDownloader:
    timeout = httpx.Timeout(connect=5.0, read=read_s, write=5.0, pool=5.0)
    return HttpDownloader(timeout=timeout, attempts=attempts, wait_s=0.0)


def fetch(
    server: FaultServer, part: Path, downloader: Downloader | None = None, total: int | None = len(DATA)
) -> list[int]:
    seen: list[int] = []
    (downloader or quick()).fetch(
        f"{server.url}/file", part, total=total, limit=total or len(DATA), progress=seen.append
    )
    return seen


def test_a_file_arrives_whole_and_progress_rises(server, tmp_path):
    seen = fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert seen == sorted(seen)
    assert seen[-1] == len(DATA)


def test_it_continues_after_what_is_there(server, tmp_path):
    (tmp_path / "part").write_bytes(DATA[:60_000])
    fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert server.requests == [("/file", "bytes=60000-")]
    assert server.sent == 40_000


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_line_that_breaks_after_every_tenth_still_brings_the_file(server, tmp_path, tenth):
    server.fault, server.break_every = "break", len(DATA) * tenth // 10
    fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert server.sent == len(DATA), "no byte was fetched twice"


def test_a_line_that_breaks_again_and_again_ends_in_one_line(server, tmp_path):
    server.fault, server.break_every = "break", 1
    with pytest.raises(DownloadError, match=r"/file: the transfer broke off after \d+ bytes"):
        fetch(server, tmp_path / "part")
    assert MOST_BREAKS < (tmp_path / "part").stat().st_size < 2 * MOST_BREAKS


def test_a_server_that_never_gets_further_is_given_up_after_the_attempts(server, tmp_path):
    server.fault, server.break_every = "break", 0
    with pytest.raises(DownloadError, match="broke off after 0 bytes"):
        fetch(server, tmp_path / "part")
    assert len(server.requests) == 3


def test_a_stalled_body_is_continued_in_a_new_connection(server, tmp_path):
    server.fault, server.faults = "stall", 2
    fetch(server, tmp_path / "part", quick(read_s=0.2))
    assert (tmp_path / "part").read_bytes() == DATA
    assert [r for _, r in server.requests] == ["", "bytes=50000-", "bytes=75000-"]


def test_a_server_that_does_not_answer_is_given_up(server, tmp_path):
    server.fault = "stall-head"
    with pytest.raises(DownloadError, match=r"does not answer \(no answer in time\)"):
        fetch(server, tmp_path / "part", quick(read_s=0.05))
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("fault", ["lie-longer", "lie-shorter"])
def test_another_length_is_refused_before_a_byte_is_written(server, tmp_path, fault):
    server.fault = fault
    with pytest.raises(DownloadError, match=r"is \d+ bytes long, 100000 are expected"):
        fetch(server, tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_a_length_that_is_promised_but_not_kept_is_continued_to_the_end(server, tmp_path):
    """The size is not in the catalogue, so the lie is only seen when the body ends early."""
    server.fault = "lie-longer"
    seen: list[int] = []
    quick().fetch(f"{server.url}/file", tmp_path / "part", total=None, limit=200_000, progress=seen.append)
    assert (tmp_path / "part").read_bytes() == DATA
    assert server.requests[1:] == [("/file", "bytes=100000-")]


def test_a_body_without_end_stops_at_the_limit(server, tmp_path):
    server.fault = "endless"
    with pytest.raises(DownloadError, match="sends more than the 100000 bytes"):
        fetch(server, tmp_path / "part")
    assert (tmp_path / "part").stat().st_size == len(DATA)


def test_a_server_without_ranges_begins_again(server, tmp_path):
    (tmp_path / "part").write_bytes(b"old" * 1000)
    server.fault = "no-ranges"
    seen = fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert seen[0] == 0


def test_another_range_than_asked_for_is_refused(server, tmp_path):
    (tmp_path / "part").write_bytes(DATA[:10])
    server.fault = "wrong-range"
    with pytest.raises(DownloadError, match="another range"):
        fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA[:10]


def test_a_part_longer_than_the_file_is_said(server, tmp_path):
    (tmp_path / "part").write_bytes(DATA + b"more")
    with pytest.raises(DownloadError, match="its file is another one"):
        fetch(server, tmp_path / "part")


@pytest.mark.parametrize(("status", "tries"), [("404", 1), ("403", 1), ("410", 1), ("500", 3), ("503", 3), ("429", 3)])
def test_errors_of_the_server(server, tmp_path, status, tries):
    server.fault = status
    with pytest.raises(DownloadError, match=f"the server answers {status}"):
        fetch(server, tmp_path / "part")
    assert len(server.requests) == tries
    assert not (tmp_path / "part").exists()


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.fault, server.faults = "503", 2
    fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA


def test_an_unasked_compression_is_refused(server, tmp_path):
    server.fault = "compressed"
    with pytest.raises(DownloadError, match="compressed"):
        fetch(server, tmp_path / "part")


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ("http://models.example/file", "is not https"),
        ("ftp://models.example/file", "is not https"),
        ("https://user:word@models.example/file", "carries a password"),
        ("file:///etc/passwd", "names no host"),
    ],
)
def test_a_redirect_to_anything_but_https_is_not_followed(server, tmp_path, location, line):
    server.fault, server.location = "redirect", location
    contacted: list[str] = []
    downloader = HttpDownloader(attempts=1, wait_s=0.0, contacted=contacted.append)
    with pytest.raises(DownloadError, match=line):
        fetch(server, tmp_path / "part", downloader)
    assert contacted == ["127.0.0.1"]


def test_nobody_outside_can_point_inside(monkeypatch, tmp_path):
    """An https server's redirect to a service of this machine (its answer is made here: no such server to ask)."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "http://127.0.0.1:8123/api"})

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **more: real(transport=httpx.MockTransport(answer), **more))
    with pytest.raises(DownloadError, match="an address of this machine"):
        quick().fetch("https://models.example/a", tmp_path / "part", total=1, limit=1, progress=lambda _: None)
    assert asked == ["https://models.example/a"]


def test_a_redirect_on_loopback_is_followed(server, tmp_path):
    server.fault, server.faults, server.location = "redirect", 1, "/file"
    fetch(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_redirect_in_circles_ends(server, tmp_path):
    server.fault, server.location = "redirect", "/file"
    with pytest.raises(DownloadError, match="redirects more than"):
        fetch(server, tmp_path / "part")


@pytest.mark.parametrize("url", ["http://models.example/file", "file:///etc/passwd", "https://", "https://[broken/"])
def test_only_https_is_asked(tmp_path, url):
    contacted: list[str] = []
    downloader = HttpDownloader(attempts=1, wait_s=0.0, contacted=contacted.append)
    with pytest.raises(DownloadError):
        downloader.fetch(url, tmp_path / "part", total=1, limit=1, progress=lambda _: None)
    assert contacted == []


def test_a_port_that_nobody_listens_on(tmp_path):
    with serve() as gone:
        url = gone.url
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 does not answer"):
        quick().fetch(f"{url}/file", tmp_path / "part", total=1, limit=1, progress=lambda _: None)


def test_the_environments_proxy_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    quick().fetch(
        "http://localhost:1/file", tmp_path / "part", total=len(DATA), limit=len(DATA), progress=lambda _: None
    )
    assert (tmp_path / "part").read_bytes() == DATA
    assert server.requests[0][0] == "http://localhost:1/file"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PROXY", "gopher://proxy.example:70"),
        ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere/cert.pem"),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_line(server, tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(DownloadError, match="the environment's proxy or certificate settings cannot be used") as caught:
        fetch(server, tmp_path / "part")
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for "localhost" that nobody but this test trusts."""
    directory = tmp_path_factory.mktemp("tls")
    if shutil.which("openssl") is None:
        pytest.skip("skipped: no openssl program to make a test certificate with")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return directory


@pytest.fixture
def tls_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with serve({"/file": DATA}, tls=context) as running:
        yield running


def test_https_with_the_environments_certificates(tls_server, certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    tls_server.fault, tls_server.faults, tls_server.break_every = "break", 1, 30_000
    fetch(tls_server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_certificate_nobody_vouches_for(tls_server, tmp_path):
    with pytest.raises(DownloadError, match="its certificate is not trusted; is this device's date right"):
        fetch(tls_server, tmp_path / "part")
    assert tls_server.requests == []
