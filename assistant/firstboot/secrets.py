"""Takes passwords and tokens off the card: what the program needs goes to files of the device, the card says "set"."""

import re
from collections.abc import Mapping

from assistant.firstboot.text import decode, read

SET = "set"
"""What stands on the card in place of a secret that the device holds."""


def censored(data: bytes, secrets: Mapping[str, str]) -> bytes | None:
    """The card's file with "set" in place of each secret, of the same length, everything else as it was.

    `secrets` are in clear, by dotted key. None when not every one could be taken out.
    """
    text, encoding = decode(data)
    width = len(" ".encode(encoding.removesuffix("-sig")))
    lines, section = re.split(r"(\r\n|\r|\n)", text), ""
    for index in range(0, len(lines), 2):
        line = lines[index]
        if header := re.fullmatch(r"\s*\ufeff?\[\s*([\w.-]+)\s*\]\s*(#.*)?", line):
            section = header[1]
        for key, value in secrets.items():
            changed = line
            if section and key.rpartition(".")[0] == section:
                name = re.escape(key.rpartition(".")[2])
                changed = re.sub(rf"^(\s*{name}\s*[=:]).*$", lambda found: f'{found[1]} "{SET}"', changed)
            changed = changed.replace(value, SET)
            spare = (len(line.encode(encoding)) - len(changed.encode(encoding))) // width
            line = changed + " " * spare
        lines[index] = line
    new = "".join(lines)
    found = read(new).values
    for key, value in secrets.items():
        outer, _, inner = key.partition(".")
        table = found.get(outer)
        if value in new or not isinstance(table, dict) or table.get(inner) != SET:
            return None
    return new.encode(encoding)


def wifi_file(network: str) -> str:
    """iwd's name for a network's file, without the ending."""
    plain = re.fullmatch(r"[A-Za-z0-9 _-]+", network)
    return network if plain else f"={network.encode().hex()}"


def wifi_problem(network: str, password: str) -> str:
    """Why these cannot be a Wi-Fi; "" when they can."""
    if not 1 <= len(network.encode()) <= 32:
        return "'wifi.network' is too long; a network's name has at most 32 letters"
    if password and not 8 <= len(password) <= 63:
        return "'wifi.password' must have 8 to 63 letters, as every Wi-Fi password has; write it again"
    if password and not password.isascii():
        return "'wifi.password' holds letters that no Wi-Fi password has"
    return ""


def wifi_settings(password: str) -> bytes:
    """The content of iwd's file; empty for an open network."""
    if not password:
        return b""
    value = password.replace("\\", "\\\\")
    if value.startswith(" "):  # iwd would take it for layout
        value = "\\s" + value[1:]
    return f"[Security]\nPassphrase={value}\n".encode()
