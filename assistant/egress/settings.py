"""What the door needs to know, read once when it starts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assistant.artifacts.port import is_loopback
from assistant.config import Settings
from assistant.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """Addresses, limits and credentials of the door."""

    data: Path
    """Directory for the ledger, the budget and the cached answers."""
    cloud_url: str = ""
    cloud_model: str = ""
    token_file: Path | None = None
    """The bearer token; read again before each call, so that short-lived tokens may be replaced under it."""
    token_command: tuple[str, ...] = ()
    """A program that prints a short-lived token; run before each call instead of reading a file."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    client_cert: Path | None = None
    client_key: Path | None = None
    """Certificate and key of this device for mutual TLS."""
    price_in: float = 0.5
    price_out: float = 1.5
    """Money per million tokens. The defaults are of the order of small hosted models in 2026; set the real ones."""
    budget_day: float = 0.20
    budget_month: float = 3.0
    per_minute: int = 6
    per_day: int = 200
    connect_s: float = 3.0
    first_token_s: float = 5.0
    total_s: float = 20.0
    attempts: int = 2
    """Tries of one question, as long as nothing of the answer has come."""
    breaker_failures: int = 3
    breaker_s: float = 60.0
    """After so many failures in a row the endpoint is left alone for this long."""
    cache_s: float = 86_400.0
    """How long an answer is kept; 0 turns the cache off."""
    keep_questions: bool = False
    """Also write questions in clear into the ledger."""
    stay_offline: bool = False
    """The owner's own word in the settings: no voice and no button opens the door."""
    batch: bool = False
    """Questions without hurry wait and leave together; the endpoint must offer batches."""
    hub_url: str = ""
    hub_token_file: Path | None = None
    accelerator_url: str = ""

    def __post_init__(self) -> None:
        if self.cloud_url and (problem := address_problem(self.cloud_url)):
            raise UsageError(f"settings: cloud.url: {problem} (got {self.cloud_url!r})")
        if self.accelerator_url and (address_problem(self.accelerator_url) or not _here(self.accelerator_url)):
            raise UsageError(
                "settings: accelerator.url must be on this machine, such as http://127.0.0.1:8000 "
                f"(got {self.accelerator_url!r})"
            )

    @property
    def configured(self) -> bool:
        """There is an endpoint to ask."""
        return bool(self.cloud_url and self.cloud_model)

    def to_json(self) -> str:
        """For handing to the door's process."""
        return json.dumps({k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()})

    @classmethod
    def from_json(cls, text: str) -> "DoorSettings":
        """The reverse of to_json."""
        values: dict[str, Any] = json.loads(text)
        for key in ("data", "token_file", "ca_file", "client_cert", "client_key", "hub_token_file"):
            if values.get(key) is not None:
                values[key] = Path(values[key])
        values["token_command"] = tuple(values.get("token_command", ()))
        return cls(**values)


def door_settings(settings: Settings) -> DoorSettings:
    """The door's part of the settings. Keys that the settings do not have keep their defaults."""
    cloud: dict[str, Any] = settings.cloud.model_dump()
    known = {
        "token_file",
        "token_command",
        "ca_file",
        "client_cert",
        "client_key",
        "price_in",
        "price_out",
        "budget_day",
        "budget_month",
        "per_minute",
        "per_day",
        "cache_s",
        "keep_questions",
        "batch",
        "stay_offline",
    }
    values: dict[str, Any] = {k: tuple(v) if k == "token_command" else v for k, v in cloud.items() if k in known}
    return DoorSettings(
        data=settings.paths.data / "door",
        cloud_url=settings.cloud.url,
        cloud_model=settings.cloud.model,
        hub_url=settings.hub.url,
        hub_token_file=settings.hub.token_file,
        accelerator_url=settings.accelerator.url,
        **values,
    )


def _here(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def address_problem(url: str) -> str:
    """Why questions may not be sent to `url`; "" when they may."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return "is not an address"
    if not host:
        return "has no host"
    if parts.username or parts.password:
        return "must not hold a name or password"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return ""
    return "must begin with https://"
