"""An emulated arm64 board: powered on with a card, spoken with through a virtio port, cut off at will."""

import base64
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from image.emulator import firmware
from image.emulator.card import Card

MEMORY = 3072
"""MiB: the core, its check and a request from the hand, each with everything loaded."""
CORES = 1
"""One: on a busy machine two wait for each other; a start took 105 s of processor time with two, 61 to 78 with one."""
BOARD = ["-M", "virt", "-accel", "tcg,thread=multi", "-cpu", "cortex-a76", "-m", str(MEMORY), "-smp", str(CORES)]


class DeadError(Exception):
    """The machine is not, or no longer, running; the text ends with its console's last lines."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program inside the machine left."""

    status: int
    out: str
    err: str


@dataclass(slots=True)
class Machine:
    """One board with one card in it."""

    card: Card
    work: Path
    network: bool = False
    stick: Path | None = None
    """A USB stick's image, ext4; inside it is /dev/vdb."""
    trial: bool = False
    """The bootloader's one-shot flag, set by the last restart."""
    without: tuple[str, ...] = ()
    """Units that are not started: an emulated processor has none to spare for what is not looked at."""
    start: firmware.Start | None = None
    boots: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    _line: socket.socket | None = None
    _pending: bytes = b""
    begun: float = field(default=0.0)

    @property
    def console(self) -> Path:
        """What the running boot has written to its serial line."""
        return self.work / f"console-{self.boots}.log"

    def power_on(self) -> firmware.Start:
        """Choose a slot and start it. Raises firmware.NoBootError."""
        assert self.process is None
        self.work.mkdir(parents=True, exist_ok=True)
        trial, self.trial = self.trial, False
        try:
            self.start = firmware.choose(self.card, tryboot=trial)
        except firmware.NoBootError:
            if not trial:
                raise
            # a trial that cannot be loaded: the bootloader restarts, and its flag is gone
            self.start = firmware.choose(self.card, tryboot=False)
        self.boots += 1
        label = self.start.label
        for name in ("vmlinuz", "initrd.img", "cmdline.txt"):
            (self.work / name).write_bytes(self.card.read(label, name) or b"")
        tree = device_tree(self.work, self.start)
        port = self.work / "port"
        port.unlink(missing_ok=True)
        network = ["-nic", "none"]
        if self.network:  # without the ROM to start from a network, which is in a package of its own
            network = ["-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile="]
        command = [
            "qemu-system-aarch64", *BOARD, *network, "-display", "none", "-monitor", "none", "-no-reboot",
            "-serial", f"file:{self.console}", "-dtb", str(tree),
            "-kernel", str(self.work / "vmlinuz"), "-initrd", str(self.work / "initrd.img"),
            "-append", self._command_line(),
            # what the system writes is in the file at once, for whoever looks; this machine's own disk need not have it
            "-drive", f"file={self.card.path},format=raw,if=none,id=card,cache=unsafe",
            "-device", "virtio-blk-pci,drive=card",
            *self._plugged(), "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=hand,path={port},server=on,wait=off",
            "-device", "virtserialport,chardev=hand,name=assistant.test", "-device", "virtio-rng-pci",
        ]  # fmt: skip
        self.begun = time.monotonic()
        with (self.work / "qemu.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._line = socket.socket(socket.AF_UNIX)
        while self._line.connect_ex(str(port)):  # it is not there yet, or nobody listens yet
            if self.process.poll() is not None:
                raise DeadError((self.work / "qemu.log").read_text(errors="replace")[-300:])
            time.sleep(0.05)
        self._pending = b""
        return self.start

    def _command_line(self) -> str:
        line = (self.work / "cmdline.txt").read_text(encoding="ascii").strip()
        return " ".join([line, *(f"systemd.mask={unit}" for unit in self.without)])

    def _plugged(self) -> list[str]:
        if self.stick is None:
            return []
        return [
            "-drive",
            f"file={self.stick},format=raw,if=none,id=stick,readonly=on",
            "-device",
            "virtio-blk-pci,drive=stick",
        ]

    @property
    def on(self) -> bool:
        """Whether it has power and has not ended by itself."""
        return self.process is not None and self.process.poll() is None

    def hello(self, seconds: float = 3600) -> float:
        """Wait until somebody answers inside; seconds since power came on. Raises DeadError."""
        while "hello" not in self._receive(seconds):
            pass
        return time.monotonic() - self.begun

    def greeted(self) -> bool:
        """Whether somebody inside has said hello and nobody has taken it yet."""
        assert self._line is not None
        readable, _, _ = select.select([self._line], [], [], 0)
        return bool(readable)

    def run(self, *command: str, seconds: float = 600, env: dict[str, str] | None = None) -> Outcome:
        """Run a program inside. Raises DeadError when the machine ends meanwhile."""
        self._send({"run": list(command), "timeout": seconds, "env": env or {}})
        answer = self._receive(seconds + 60)
        return Outcome(answer["status"], answer.get("out", ""), answer.get("err", ""))

    def begin(self, *command: str) -> None:
        """Start a program inside without waiting for it."""
        self._send({"run": list(command), "timeout": 3600})

    def put(self, path: str, data: bytes) -> None:
        """Write a file inside, through the port."""
        self._send({"put": path, "data": base64.b64encode(data).decode()})
        self._receive(600)

    def _send(self, request: dict[str, Any]) -> None:
        assert self._line is not None
        try:
            self._line.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise DeadError(self.last_words()) from error

    def _receive(self, seconds: float) -> dict[str, Any]:
        assert self._line is not None
        end = time.monotonic() + seconds
        while b"\n" not in self._pending:
            self._line.settimeout(max(0.1, end - time.monotonic()))
            try:
                got = self._line.recv(1 << 16)
            except TimeoutError as error:
                raise DeadError(f"no answer within {seconds:.0f} s; {self.last_words()}") from error
            except OSError as error:
                raise DeadError(self.last_words()) from error
            if not got:
                raise DeadError(self.last_words())
            self._pending += got
        line, _, self._pending = self._pending.partition(b"\n")
        return dict(json.loads(line))

    def wait_off(self, seconds: float = 900) -> str:
        """Wait until the machine restarts or switches itself off; "restart", "trial" or "off". Raises DeadError when
        it does neither.
        """
        assert self.process is not None
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise DeadError(f"still running after {seconds:.0f} s; {self.last_words()}") from error
        self._close()
        words = self.words()
        if "reboot: Power down" in words:
            return "off"
        self.trial = firmware.asks_for_trial(words)
        return "trial" if self.trial else "restart"

    def cut(self) -> None:
        """Pull the plug: nothing inside gets to run another instruction. The trial flag goes with the power."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.trial = False
        self._close()

    def spent(self) -> float:
        """Seconds of processor time that the emulator has had: how far the system is, however busy this machine."""
        assert self.process is not None
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def instant(self, path: Path) -> Card:
        """The card as it would be if the plug were pulled now: everything stands still while it is copied. Like `cut`,
        this keeps what the emulator was given to write, whether the system had waited for it or not.
        """
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            return self.card.copy(path)
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _close(self) -> None:
        self.process = None
        if self._line is not None:
            self._line.close()
            self._line = None

    def words(self) -> str:
        """The console of this boot so far."""
        try:
            return self.console.read_text(errors="replace")
        except OSError:
            return ""

    def last_words(self) -> str:
        """The end of the console, in one line."""
        return "console: " + " | ".join(line.strip() for line in self.words().splitlines()[-4:] if line.strip())[-400:]


def device_tree(work: Path, start: firmware.Start) -> Path:
    """The board's own tree with what a Pi's bootloader adds to it."""
    plain = work / "board.dtb"
    if not plain.exists():
        dump = ["qemu-system-aarch64", *BOARD, "-nic", "none", "-display", "none"]
        dump[2] = f"virt,dumpdtb={plain}"
        subprocess.run(dump, check=True, capture_output=True)
    tree = work / "slot.dtb"
    source = subprocess.run(
        ["dtc", "-q", "-I", "dtb", "-O", "dts", plain], check=True, capture_output=True, text=True
    ).stdout
    told = f"bootloader {{ partition = <{start.partition}>; tryboot = <{int(start.tryboot)}>; boot-mode = <1>; }};"
    # a node's properties come first, its children after them
    head, chosen, rest = source.partition("\n\tchosen {")
    assert chosen, "the board's device tree has no node 'chosen'"
    body, _, tail = rest.partition("\n\t};")
    subprocess.run(
        ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", tree],
        input=f"{head}\n\tchosen {{{body}\n\t\t{told}\n\t}};{tail}",
        check=True,
        text=True,
    )
    return tree
