"""What the service manager is told, over its datagram socket (sd_notify's protocol)."""

import logging
import os
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)


class Notifier:
    """Sends states to the service manager; says nothing where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """`environment` holds NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as systemd sets them."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._usec = environment.get("WATCHDOG_USEC", "")
        self._pid = environment.get("WATCHDOG_PID", "")

    @property
    def managed(self) -> bool:
        """Whether a service manager started this process."""
        return self._address.startswith(("/", "@"))

    @property
    def watchdog_s(self) -> float | None:
        """Seconds within which a sign of life must come; None when nobody waits for one."""
        if not self._usec.isdigit() or int(self._usec) == 0 or self._pid not in ("", str(os.getpid())):
            return None
        return int(self._usec) / 1e6

    def send(self, **states: str | int) -> bool:
        """Send states such as READY=1 or STATUS="listening". False when nobody took them; never raises."""
        if not self.managed:
            return False
        # a value's line breaks would begin another state
        text = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in states.items())
        # systemd writes an abstract address with @ in place of the NUL
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                connection.setblocking(False)
                connection.sendto(text.encode("utf-8", "replace"), address)
        except OSError as error:
            logger.warning("the service manager does not listen (%s)", error.strerror)
            return False
        return True

    def ready(self, status: str) -> None:
        """It listens from now on."""
        self.send(READY=1, STATUS=status)

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self.send(STATUS=text)

    def alive(self) -> None:
        """A sign of life."""
        self.send(WATCHDOG=1)

    def stopping(self) -> None:
        """It ends of its own accord or was told to."""
        self.send(STOPPING=1, STATUS="stopping")


def inherited_sockets(environment: Mapping[str, str] = os.environ) -> list[socket.socket]:
    """Sockets that systemd opened for this process (socket activation), in the order of its unit."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environment.get("LISTEN_FDS", "0")
    first = 3  # SD_LISTEN_FDS_START
    return [socket.socket(fileno=first + number) for number in range(int(count) if count.isdigit() else 0)]
