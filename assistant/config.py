"""Settings: one TOML file and the environment. Every key is documented here; unknown keys are refused.

Order, the later wins: defaults, the file (`assistant.toml`), the environment (`ASSISTANT_SECTION__KEY`).
The file is the first that exists of `--config`, `$ASSISTANT_CONFIG`, `~/.config/assistant/assistant.toml`,
`/etc/assistant/assistant.toml`; having none is fine.
"""

import difflib
import os
import tomllib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from assistant.errors import UsageError

Pin = Annotated[int, Field(ge=2, le=27)]
"""A GPIO (BCM) number of the 40-pin header."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Section):
    """Where things are kept."""

    data: Path = Field(default_factory=lambda: user_data_path("assistant"))
    """Database, downloaded models, learnt settings. Must survive a power cut: not a RAM disk."""
    cache: Path = Field(default_factory=lambda: user_cache_path("assistant"))
    """Things that can be made again: spoken phrases, verified-file marks, prompt states."""
    home: Path | None = None
    """The TOML file with rooms and devices; the bundled sample home when not given."""
    skills: Path = Field(default_factory=lambda: user_config_path("assistant") / "skills")
    """The owner's own sentence files (docs/understanding.md); the directory may be missing."""
    replies: Path = Path("replies")
    """Where `hear` and the demonstration leave spoken replies as WAV files."""

    @property
    def models(self) -> Path:
        """Installed models, one directory each."""
        return self.data / "models"

    @property
    def database(self) -> Path:
        """The one SQLite file."""
        return self.data / "assistant.db"


class Place(_Section):
    """Where the device stands: for the clock, sunrise and units."""

    name: str = ""
    """The place as a person calls it, e.g. "Leeds"."""
    latitude: float | None = Field(None, ge=-90, le=90)
    """Degrees north; needed for sunrise and sunset."""
    longitude: float | None = Field(None, ge=-180, le=180)
    """Degrees east."""
    time_zone: str = ""
    """An IANA name such as "Europe/London"; the machine's own zone when empty."""
    units: Literal["metric", "imperial"] = "metric"
    """Which units an answer uses when the question names none."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f"no time zone is called '{value}'; use a name such as Europe/London") from error
        return value


class Audio(_Section):
    """Sound devices."""

    microphone: str = ""
    """Part of the input device's name, or its USB id such as "0d8c:0014"; when empty the first that served here, else a
    USB device, else the system's default."""
    loudspeaker: str = ""
    """Part of the output device's name, or its USB id; chosen like the microphone when empty. While it is
    gone any other one is played on."""
    echo: Literal["auto", "on", "off"] = "auto"
    """Take the loudspeaker's sound out of the microphone's: always, never, or ("auto") unless the device's name says
    that it does so by itself."""
    volume: int = Field(70, ge=0, le=100)
    """Loudness at first start, per cent; later changes by voice are remembered."""
    chime: bool = True
    """A short sound when the wake word was heard. It never delays listening."""


class Quiet(_Section):
    """Hours in which it keeps quiet unless it is asked (docs/skills.md)."""

    hours: str = ""
    """Every day, such as "22:00-7:00"; none when empty. Later changes by voice are remembered."""
    volume: int = Field(30, ge=1, le=100)
    """Loudness in these hours at most, per cent. What rings is as loud as always."""

    @field_validator("hours")
    @classmethod
    def _two_times(cls, value: str) -> str:
        if not value:
            return value
        try:
            begins, ends = (datetime.strptime(part, "%H:%M").time() for part in value.split("-"))  # noqa: DTZ007
        except ValueError as error:
            raise ValueError("quiet hours are two times of the 24-hour clock, such as 22:00-7:00") from error
        if begins == ends:
            raise ValueError("quiet hours begin and end at the same time; leave them empty for none")
        return value


class WakeSettings(_Section):
    """The wake word."""

    phrases: tuple[str, ...] = ("okay nabu",)
    """Any of the bundled "okay nabu", "hey jarvis", "hey mycroft", "alexa", or the name of an own model."""
    threshold: float | None = Field(None, gt=0, lt=1)
    """Score from which a phrase counts as heard; each model's measured value (docs/wake.md) when not given."""
    openwakeword: Path | None = None
    """A directory with an own model in openWakeWord's ONNX format (docs/wake.md names the files)."""


class Hearing(_Section):
    """Speech to text."""

    model: str = ""
    """Id of an installed model, a directory, or "embedded"; when empty the best installed one, else the embedded."""
    silence_s: float = Field(0.7, ge=0.3, le=2.0)
    """Silence that ends an unfinished sentence at first; the device then learns its speakers' pauses."""
    longest_s: float = Field(8.0, ge=3, le=30)
    """A request is cut off after this many seconds."""


class Speaking(_Section):
    """Text to speech."""

    model: str = ""
    """Id of an installed voice, an .onnx file, or "embedded"; the best installed one, else the embedded, when empty."""
    rate: float = Field(1.0, ge=0.5, le=2.0)
    """Speed of speech; 1 is the voice's own."""
    welcome: bool = False
    """Welcome people by voice at the first start (docs/firstboot.md). On a flashed card it is on."""


class Thinking(_Section):
    """The local language model."""

    model: str = ""
    """Id of an installed model, or a .gguf file; the best installed one when empty; none is embedded yet."""
    threads: int = Field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1), ge=1, le=64)
    """Worker threads; one core fewer than there are, so that sound always has one, until the best number has been
    measured here. A number that is set is never changed."""
    backend: Literal["measured", "cpu", "hailo", "hailo-ollama"] = "measured"
    """What answers: the fastest of those that are here, as measured at the first start, or the one named."""
    calls: Literal["embedded", "language"] = "embedded"
    """Which model turns free wording into commands: the embedded intent model, or the language model where one runs on
    the processor (slower, and never measured at it, so that whatever changes something is asked back)."""
    context: int = Field(2048, ge=256, le=32768)
    """Tokens of context."""
    deadline_s: float = Field(12.0, ge=2, le=120)
    """An answer that has not begun by then ends in a plain sentence."""


class Knowledge(_Section):
    """What questions can be looked up in, here in the house (docs/knowledge.md)."""

    archives: tuple[Path, ...] = ()
    """Kiwix archives (.zim), such as Wikipedia, or directories of them."""
    documents: tuple[Path, ...] = ()
    """Directories with documents of your own: text, Markdown, PDF."""


class Accelerator(_Section):
    """The AI HAT+ 2 (Hailo-10H) for the language model, in one of two ways (docs/accelerator.md)."""

    hef: Path | None = None
    """A model file (.hef) to run in this process."""
    url: str = ""
    """The address of hailo-ollama on this very machine, for example http://127.0.0.1:8000."""
    model: str = ""
    """The model's name there, such as "qwen2.5-instruct:1.5b"; the only one on disk when empty."""


class Hardware(_Section):
    """Button and light on the pin header of a Raspberry Pi; pins are GPIO (BCM) numbers (docs/hardware.md)."""

    button_pin: int = Field(23, ge=0, le=27)
    """A push button between this pin and ground; 0 for none."""
    light: Literal["none", "led", "rgb"] = "led"
    """A plain LED, a coloured one, or none."""
    led_pin: int = Field(24, ge=2, le=27)
    """The plain LED."""
    rgb_pins: tuple[Pin, Pin, Pin] = (24, 25, 22)
    """The coloured LED's red, green and blue."""
    light_active_high: bool = True
    """False for an LED whose common leg is at 3.3 V (common anode)."""
    brightness: int = Field(100, ge=1, le=100)
    """The light's greatest brightness, per cent."""
    hot_c: float = Field(75.0, ge=50, le=84)
    """Degrees Celsius of the processor from which answers become shorter; a Raspberry Pi slows itself down at 80."""

    @model_validator(mode="after")
    def _distinct_pins(self) -> Self:
        pins = [pin for pin in (self.button_pin, *self.light_pins) if pin]
        if len(set(pins)) < len(pins):
            raise ValueError("button and light share a pin; give each its own")
        if self.button_pin == 1:
            raise ValueError("pin 1 belongs to the board's own memory; use 2 to 27, or 0 for no button")
        return self

    @property
    def light_pins(self) -> tuple[int, ...]:
        """The pins that the chosen light uses."""
        return {"none": (), "led": (self.led_pin,), "rgb": tuple(self.rgb_pins)}[self.light]

    @property
    def uses_pins(self) -> bool:
        """Whether anything is wired at all."""
        return bool(self.button_pin or self.light_pins)


class Service(_Section):
    """Running under systemd (docs/service.md)."""

    log_words: bool = False
    """Write what was said and answered into the log as well."""
    door: Path | None = None
    """The socket of a door that somebody else runs (a unit of its own); when not given, the assistant starts one."""


class Limits(_Section):
    """How long the stages of a turn may take."""

    patience: float = Field(1.0, ge=1, le=1000)
    """What every deadline is multiplied by. 1 is for a Raspberry Pi 5; a much slower machine, such as an emulated one,
    needs more, or its turns end in "that took too long"."""


class Hub(_Section):
    """The owner's own home hub (Home Assistant). Nothing is contacted while the address is empty."""

    url: str = ""
    """For example http://homeassistant.local:8123."""
    token_file: Path | None = None
    """A file that holds a long-lived access token."""


class Cloud(_Section):
    """An OpenAI-compatible endpoint for hard, harmless questions. Nothing leaves while the address is empty."""

    url: str = ""
    """For example https://api.example.com/v1."""
    model: str = ""
    """The model's name at that endpoint."""
    token_file: Path | None = None
    """A file that holds the bearer token; read again before each call."""
    token_command: tuple[str, ...] = ()
    """A program that prints a short-lived token, with its arguments; used instead of the file."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    client_cert: Path | None = None
    """This device's certificate, where the endpoint asks for one."""
    client_key: Path | None = None
    """The key of that certificate."""
    price_in: float = Field(0.5, ge=0)
    """Money per million tokens sent; the budget is charged by it."""
    price_out: float = Field(1.5, ge=0)
    """Money per million tokens received."""
    budget_day: float = Field(0.20, ge=0)
    """Most money a day, in the endpoint's currency."""
    budget_month: float = Field(3.0, ge=0)
    """Most money a month."""
    per_minute: int = Field(6, ge=1)
    """Most questions a minute."""
    per_day: int = Field(200, ge=1)
    """Most questions a day."""
    cache_s: float = Field(86_400.0, ge=0)
    """How long an answer is kept, so that a repeated question costs nothing; 0 keeps none."""
    keep_questions: bool = False
    """Write questions in clear into the ledger as well."""
    stay_offline: bool = False
    """Questions and downloads stay shut, whatever voice or button say; the home hub keeps working."""
    batch: bool = False
    """The endpoint takes batches: "no hurry, find out ..." then waits and leaves with others, often cheaper."""
    batch_minutes: int = Field(60, ge=1, le=1440)
    """How often waiting questions are sent and answers fetched."""


class Settings(BaseSettings):
    """All settings, validated."""

    model_config = SettingsConfigDict(env_prefix="ASSISTANT_", env_nested_delimiter="__", extra="forbid", frozen=True)

    name: str = "assistant"
    """What the assistant calls itself."""
    language: Literal["en"] = "en"
    """The language spoken with it. English is the only one that has been built and tested."""
    paths: Paths = Paths()
    place: Place = Place()
    audio: Audio = Audio()
    quiet: Quiet = Quiet()
    wake: WakeSettings = WakeSettings()
    hearing: Hearing = Hearing()
    speaking: Speaking = Speaking()
    thinking: Thinking = Thinking()
    knowledge: Knowledge = Knowledge()
    accelerator: Accelerator = Accelerator()
    hardware: Hardware = Hardware()
    service: Service = Service()
    limits: Limits = Limits()
    hub: Hub = Hub()
    cloud: Cloud = Cloud()

    _file_values: ClassVar[dict[str, Any]] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # the file's values arrive as init values: the environment stands above them
        return env_settings, init_settings


def config_candidates() -> list[Path]:
    """Where a settings file is looked for, first match wins."""
    found = [Path(os.environ["ASSISTANT_CONFIG"])] if os.environ.get("ASSISTANT_CONFIG") else []
    return [*found, user_config_path("assistant") / "assistant.toml", Path("/etc/assistant/assistant.toml")]


def load_settings(path: Path | None = None) -> Settings:
    """The settings from `path` (or the first candidate that exists) and the environment.

    Raises UsageError, one line, for a file that cannot be read, is no TOML, has unknown keys or wrong types.
    """
    chosen = path
    if chosen is None:
        explicit = os.environ.get("ASSISTANT_CONFIG")
        chosen = Path(explicit) if explicit else next((c for c in config_candidates() if c.is_file()), None)
    values: dict[str, Any] = {}
    if chosen is not None:
        try:
            values = tomllib.loads(chosen.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{chosen}: cannot be read ({error.strerror}); check the path") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{chosen}: is not a text file; the settings are a TOML text") from error
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{chosen}: is not valid TOML: {error}") from error
    try:
        return Settings(**values)
    except ValidationError as error:
        raise UsageError(_explain(error, chosen)) from error


def _explain(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f"{path}: " if path else "settings: "
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'?" if close else "see docs/configuration.md for all keys"
        return f"{where}unknown key '{key}'; {hint}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}{key}: {message[:1].lower()}{message[1:]} (got {str(first.get('input'))[:60]!r})"


@lru_cache(maxsize=1)
def known_keys() -> tuple[str, ...]:
    """Every key as "section.key"."""
    keys: list[str] = []
    for name, field in Settings.model_fields.items():
        keys.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section):
            keys += [f"{name}.{key}" for key in field.annotation.model_fields]
    return tuple(keys)
