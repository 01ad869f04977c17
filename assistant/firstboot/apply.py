"""At each start: what the card says becomes what the program does, when it has changed.

The order makes it safe to lose the power anywhere: secrets, then the settings, then the card without the secrets, and
last the mark that says that this card was dealt with. Until that mark stands everything is done again.
"""

import base64
import hashlib
import json
import logging
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ValidationError

from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.firstboot.secrets import SET, censored, wifi_file, wifi_problem, wifi_settings
from assistant.firstboot.settings import Wanted, as_toml, understand
from assistant.firstboot.text import MOST_BYTES, decode, read
from assistant.texts import texts
from assistant.update.machine import Medium, replace

logger = logging.getLogger(__name__)

TOKENS = {"hub.token": "hub.token_file", "cloud.token": "cloud.token_file"}
"""Secrets that the program reads from a file, and the setting that names it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is."""

    card: Path = Path("/bootfs/assistant.toml")
    data: Path = Path("/var/lib/assistant")
    cache: Path = Path("/var/cache/assistant")
    wifi: Path = Path("/var/lib/iwd")

    @property
    def problems(self) -> Path:
        return self.card.with_name("assistant-problems.txt")

    @property
    def settings(self) -> Path:
        return self.data / "assistant.toml"

    @property
    def mark(self) -> Path:
        return self.data / "card.json"

    @property
    def rewriting(self) -> Path:
        """Both contents of the card's file while it is written over."""
        return self.data / "card-rewriting.json"

    def secret(self, key: str) -> Path:
        """The file of one token."""
        return self.data / "secrets" / key.replace(".", "-")


class _Mark(BaseModel):
    digest: str
    network: str = ""
    """iwd's file of the network that the card named last."""


class _Rewriting(BaseModel):
    old: str
    new: str


@dataclass(slots=True)
class Applier:
    """One application of the card's settings."""

    card: Medium
    """Files on the card's first partition."""
    data: Medium
    """Files on the data partition, for the program's user alone."""
    root: Medium
    """Files that only root may read."""
    tell: Callable[[str], object]
    """Given what must be spoken."""
    places: Places = field(default_factory=Places)
    usable: Callable[[Settings], str] = lambda _: ""
    """Says why models or addresses that settings name cannot be used."""
    version: str = ""
    """The program's: a new one reads the card anew, since it may know keys that the old one did not."""
    language: str = "en"

    def apply(self) -> list[str]:
        """Do what has to be done; the problems, one sentence each; [] also when nothing has changed.

        Raises AssistantError when the data partition takes nothing: the settings from before count then.
        """
        try:
            self._finish_rewriting()
            content, mark = self._content(), self._mark()
            if content is None:
                said = texts(self.language, "firstboot")["no_card"]
                self.tell(said)
                if self.data.read(self.places.settings) is None:
                    self._take_over(b"", mark)
                return [said]
            done = mark is not None and mark.digest == self._digest(content)
            if done and self.data.read(self.places.settings) is not None:
                return []
            return self._take_over(content, mark)
        except OSError as error:
            raise AssistantError(
                f"{self.places.data}: the settings of the card cannot be kept ({error.strerror}); "
                "those from before count. Make room on the data partition"
            ) from error

    def _take_over(self, content: bytes, mark: _Mark | None) -> list[str]:
        if len(content) > MOST_BYTES:
            problems, wanted = ["the file is far too long to be a settings file; nothing was taken from it"], Wanted()
        else:
            found = read(decode(content)[0])
            wanted = understand(found.values, self.usable)
            problems = found.problems + wanted.problems
        clear = {key: value for key, value in wanted.secrets.items() if value != SET}
        for key, setting in TOKENS.items():
            if self._token(key, wanted, problems):
                wanted.settings[setting] = str(self.places.secret(key))
        network = self._wifi(wanted, mark, problems)
        wanted.settings.setdefault("speaking.welcome", self._welcomes())
        wanted.settings |= {"paths.data": str(self.places.data), "paths.cache": str(self.places.cache)}
        replace(self.data, self.places.settings, as_toml(wanted.settings).encode())
        if clear:
            content = self._take_off(content, clear, problems)
        self._report(problems)
        replace(
            self.data, self.places.mark, _Mark(digest=self._digest(content), network=network).model_dump_json().encode()
        )
        return problems

    def _welcomes(self) -> bool:
        """Whether somebody may be welcomed. Settings from a version that knew no welcome are those of a device in use,
        which needs none after an update either; what was kept about it counts on."""
        data = self.data.read(self.places.settings)
        if data is None:
            return True
        try:
            speaking = tomllib.loads(data.decode()).get("speaking")
        except ValueError:
            return True
        return isinstance(speaking, dict) and speaking.get("welcome") is True

    def _content(self) -> bytes | None:
        """The card's file; a card without one is given one. None when the card's partition cannot be used."""
        try:
            content = self.card.read(self.places.card)
            if content is None:
                content = resources.files(__package__).joinpath("assistant.toml").read_bytes().replace(b"\n", b"\r\n")
                replace(self.card, self.places.card, content)
        except OSError as error:
            logger.warning("%s: %s", self.places.card, error.strerror)
            return None
        return content

    def _mark(self) -> _Mark | None:
        try:
            data = self.data.read(self.places.mark)
            return None if data is None else _Mark.model_validate_json(data)
        except ValidationError:
            return None

    def _token(self, key: str, wanted: Wanted, problems: list[str]) -> bool:
        """Put a token away; whether there is one now."""
        path, value = self.places.secret(key), wanted.secrets.get(key)
        if value is None:
            if self.data.read(path) is not None:
                self.data.remove(path)
                self.data.sync_directory(path.parent)
            return False
        if value != SET:
            replace(self.data, path, value.encode())
        elif self.data.read(path) is None:
            problems.append(f"'{key}' says \"{SET}\", but none is kept here; write it again")
            return False
        return True

    def _wifi(self, wanted: Wanted, mark: _Mark | None, problems: list[str]) -> str:
        """Put the Wi-Fi's password where the radio's program looks for it; the file's name."""
        password, before = wanted.secrets.get("wifi.password", ""), mark.network if mark else ""
        name = ""
        if wanted.network and (problem := wifi_problem(wanted.network, "" if password == SET else password)):
            problems.append(problem)
            return before
        if wanted.network:
            name = wifi_file(wanted.network) + (".psk" if password else ".open")
            if password != SET:
                replace(self.root, self.places.wifi / name, wifi_settings(password))
            elif self.root.read(self.places.wifi / name) is None:
                problems.append(f"'wifi.password' says \"{SET}\", but none is kept for this network; write it again")
        elif password:
            problems.append("'wifi.password' is given without 'wifi.network'")
        if before and before != name and self.root.read(self.places.wifi / before) is not None:
            self.root.remove(self.places.wifi / before)
            self.root.sync_directory(self.places.wifi)
        return name

    def _take_off(self, content: bytes, clear: dict[str, str], problems: list[str]) -> bytes:
        """Write the card's file without the secrets; what stands there now."""
        new = censored(content, clear)
        keys = " and ".join(f"'{key}'" for key in clear)
        if new is None:
            problems.append(f'{keys} could not be taken off the card; put "{SET}" in its place yourself')
            return content
        try:
            if len(new) == len(content):
                # in place, so that nothing of the secret stays in some other part of the card
                both = _Rewriting(old=base64.b64encode(content).decode(), new=base64.b64encode(new).decode())
                replace(self.data, self.places.rewriting, both.model_dump_json().encode())
                self.card.overwrite(self.places.card, new)
                self.card.sync(self.places.card)
                self.data.remove(self.places.rewriting)
                self.data.sync_directory(self.places.rewriting.parent)
            else:
                replace(self.card, self.places.card, new)
        except OSError as error:
            problems.append(f"{keys} could not be taken off the card ({error.strerror}); do not give the card away")
            return content
        return new

    def _finish_rewriting(self) -> None:
        """The power failed while the card's file was written over: do it again, unless somebody changed it since."""
        data = self.data.read(self.places.rewriting)
        if data is None:
            return
        try:
            both = json.loads(data)
            old, new = base64.b64decode(both["old"]), base64.b64decode(both["new"])
            now = self.card.read(self.places.card) or b""
            if len(now) == len(old) == len(new) and all(c in pair for c, *pair in zip(now, old, new, strict=True)):
                self.card.overwrite(self.places.card, new)
                self.card.sync(self.places.card)
        except (ValueError, KeyError, TypeError):
            logger.warning("%s: is damaged", self.places.rewriting)
        except OSError as error:
            logger.warning("%s: %s", self.places.card, error.strerror)
            return
        self.data.remove(self.places.rewriting)
        self.data.sync_directory(self.places.rewriting.parent)

    def _report(self, problems: list[str]) -> None:
        """Beside the file, and aloud."""
        said = texts(self.language, "firstboot")
        try:
            if problems:
                lines = [said["heading"], "", *(f"- {problem}" for problem in problems), "", said["rest"], ""]
                replace(self.card, self.places.problems, "\r\n".join(lines).encode())
            elif self.card.read(self.places.problems) is not None:
                self.card.remove(self.places.problems)
                self.card.sync_directory(self.places.problems.parent)
        except OSError as error:
            logger.warning("%s: %s", self.places.problems, error.strerror)
        if problems:
            first = problems[0].replace("'", "")
            count = len(problems)
            key = "one_problem" if count == 1 else "problems"
            self.tell(said[key].format(first=first, count=count))

    def _digest(self, content: bytes) -> str:
        return hashlib.sha256(self.version.encode() + b"\0" + content).hexdigest()
