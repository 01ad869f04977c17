"""What the language model runs on, why, and whether the accelerator's service keeps to itself. Contacts nobody."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from assistant.artifacts.selection import Choice, select
from assistant.bench.chosen import read_choice
from assistant.composition.at_work import last_start
from assistant.composition.backends import TITLES, present
from assistant.config import Settings
from assistant.doctor.check import Check, from_error
from assistant.errors import AssistantError
from assistant.hardware.probe import HardwareReport, probe

LISTENING = "0A"
"""The state of a listening socket in /proc/net/tcp."""

MEASURE = "assistant bench --choose, or leave it running for a quiet minute"


def checks(settings: Settings, root: Path = Path("/")) -> Iterator[Check]:
    """Every check of this file. `root`: where /proc is."""
    try:
        llm = select(settings).llm
    except AssistantError:
        return  # the check of the models tells it
    yield from backend(settings, llm, probe())
    yield from started(settings)
    if settings.accelerator.url:
        yield service(settings.accelerator.url, root)


def backend(settings: Settings, llm: Choice, machine: HardwareReport) -> Iterator[Check]:
    """Which backend answers, with the figures that decided."""
    name = "answers run on"
    try:
        found = present(settings, llm)
    except AssistantError as error:
        yield from_error(name, error, "correct thinking.backend in the settings")
        return
    if not found:
        if machine.npu.state == "ready":
            remedy = "set accelerator.hef or accelerator.url (docs/accelerator.md)"
            yield Check(name, "absent", "no language model, and the accelerator that is here has none", remedy)
        return
    cards = [one for one in found if one.kind == "hailo"]
    if cards and machine.npu.state != "ready":
        yield Check(name, "warn", f"accelerator.hef is set, but {machine.npu.detail}", machine.npu.remedy)
    if cards and "hailo_platform" not in sys.modules and importlib.util.find_spec("hailo_platform") is None:
        remedy = "sudo apt install python3-h10-hailort, and make the virtual environment with --system-site-packages"
        yield Check(name, "fail", "accelerator.hef is set, but hailo_platform is not installed", remedy)
    for one in cards:
        if one.path is not None and not one.path.is_file():
            remedy = "put the model's .hef there or correct the settings"
            yield Check(name, "fail", f"accelerator.hef: {one.path}: there is no such file", remedy)
    chosen = read_choice(settings, found, machine)
    if len(found) == 1 and found[0].kind != "cpu":
        yield Check(name, "ok", f"{found[0].title}, the only one that is set up")
    elif chosen is None:
        yield Check(name, "ok", f"{found[0].title}; nobody has measured what is fastest here", MEASURE)
    elif not chosen.current:
        detail = f"{found[0].title}; what was measured was of other models or hardware"
        yield Check(name, "ok", detail, MEASURE)
    else:
        yield Check(name, "ok", chosen.told())


def started(settings: Settings) -> Iterator[Check]:
    """Whether what was to answer did answer at the last start of `assistant run`; what is configured is not proof."""
    last = last_start(settings.paths.cache)
    if last is None or not (last.model or last.failed):
        return
    if not last.failed:
        yield Check("answered at the last start", "ok", last.model)
        return
    told = f"instead of it: {last.model}" if last.kind in TITLES else "nothing answers"
    remedy = "do what it says, then start the assistant again"
    yield Check("answered at the last start", "warn", f"{'; '.join(last.failed)}; {told}", remedy)


def service(url: str, root: Path = Path("/")) -> Check:
    """Whether somebody listens where hailo-ollama should, and whether on this machine's own address alone."""
    name, port = "hailo-ollama", urlsplit(url).port or 80
    addresses = set(_listening(root, port))
    if not addresses:
        return Check(name, "warn", f"nobody listens on port {port}", "start hailo-ollama, or correct accelerator.url")
    if any(not _own(address) for address in addresses):
        remedy = 'set server.host to "127.0.0.1" in ~/.config/hailo-ollama/hailo-ollama.json and restart it'
        return Check(name, "warn", f"port {port} is open to the whole network, which anybody there can ask", remedy)
    return Check(name, "ok", f"listens on port {port}, for this machine alone")


def _listening(root: Path, port: int) -> Iterator[str]:
    """The local addresses with a listening socket on `port`, in the kernel's hexadecimal words."""
    for table in ("proc/net/tcp", "proc/net/tcp6"):
        try:
            lines = (root / table).read_text(encoding="ascii", errors="replace").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 3 and fields[3] == LISTENING and fields[1].endswith(f":{port:04X}"):
                yield fields[1].rpartition(":")[0]


def _own(address: str) -> bool:
    """127.0.0.0/8 in either byte order's words, ::1, or 127.0.0.0/8 written as IPv6."""
    if len(address) == 8:
        return address.endswith("7F") or address.startswith("7F")
    return address in {"0" * 24 + "01000000", "0" * 31 + "1"} or (
        address.startswith("0" * 16 + "FFFF0000") and address.endswith("7F")
    )
