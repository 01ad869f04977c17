"""The service manager's end of the notify socket, real."""

import os
import select
import socket
from pathlib import Path
from typing import Self


class Manager:
    """Listens where systemd would."""

    def __init__(self, address: Path | str) -> None:
        self.address = str(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.address[1:] if self.address.startswith("@") else self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def environment(self, **more: str) -> dict[str, str]:
        """What systemd sets for its service."""
        return {"NOTIFY_SOCKET": self.address, **more}

    def heard(self) -> list[dict[str, str]]:
        """Every message so far."""
        return list(iter(lambda: self.next(0.0), {}))

    def next(self, seconds: float) -> dict[str, str]:
        """The next message; {} when none comes in time."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return {}
        text = os.read(self._socket.fileno(), 65536).decode()
        return dict(line.split("=", 1) for line in text.splitlines())
