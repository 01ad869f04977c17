"""The Hailo-10H in this process, through the vendor's `hailo_platform.genai`.

Tokens, templates and sampling run on the card. It keeps the conversation, so that each question sends only itself.
Written from the vendor's published sources and tested against a simulator of them (docs/accelerator.md says what no
card has run yet).
"""

import contextlib
import hashlib
import importlib
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, ModelError
from assistant.files import write_whole
from assistant.llm import Message
from assistant.llm.cleaning import Cleaner
from assistant.llm.hailo_context import LEAST_ANSWER, Cost, Held, fit
from assistant.llm.hailo_library import library, needs_a_person, short, why_closed
from assistant.trial import fingerprint

GROUP = "SHARED"
"""One device for everything in this process: the vendor's own voice assistant shares it so."""

TEMPERATURE, TOP_K, TOP_P, SEED = 0.4, 40, 0.95, 1
"""As for llama.cpp: a spoken answer should be dull, right and repeatable."""

FIRST_MS, NEXT_MS = 60_000, 10_000
"""Milliseconds to wait for the first token (a long prompt is read before it) and for each further one. The library's
own iterator always waits ten seconds, which a long prompt may exceed."""

OPEN_TRIES, OPEN_PAUSE_S = 5, 2.0
"""The card starts a system of its own after the driver was loaded: seconds in which it cannot be opened yet."""


class HailoModel:
    """A model on the card. One generation at a time; the next one takes over from one that was left unfinished."""

    def __init__(self, hef: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Load `hef` onto the card (seconds: 1.6 GB over PCIe).

        Raises ModelError, one line: no library, no file, no card, a card that is in use, or versions that differ.
        """
        if not hef.is_file():
            raise ModelError(f"{hef}: there is no such file; put the model's .hef there or correct accelerator.hef")
        self.path = hef
        self._library, self._error = library()
        self._device: Any = None
        self._llm: Any = None
        self._held: Held | None = None
        self._current: Generation | None = None
        self._prefix: tuple[str, bytes] | None = None
        self.generated = 0
        """Tokens of the last reply."""
        try:
            self._device = self._open(sleep)
            try:
                self._llm = self._library.LLM(self._device, str(hef))
            except self._error as error:
                raise ModelError(
                    f"{hef}: the accelerator cannot load it ({short(error)}); "
                    "the file must have been made for the installed HailoRT version"
                ) from error
            self._capacity = int(self._llm.max_context_capacity())
            self._ends = {*map(str, self._llm.get_stop_tokens()), str(self._llm.get_generation_recovery_sequence())}
        except (AssistantError, self._error) as error:
            self.close()
            if isinstance(error, AssistantError):
                raise
            raise ModelError(f"{hef}: the accelerator does not serve it ({short(error)})") from error

    def _open(self, sleep: Callable[[float], None]) -> Any:  # noqa: ANN401 - the vendor's untyped object
        parameters = self._library.VDevice.create_params()
        parameters.group_id = GROUP
        for attempt in range(1, OPEN_TRIES + 1):
            try:
                return self._library.VDevice(parameters)
            except self._error as error:
                if attempt == OPEN_TRIES or needs_a_person(error):
                    raise ModelError(why_closed(error)) from error
                sleep(OPEN_PAUSE_S)
        raise AssertionError("unreachable")

    @property
    def name(self) -> str:
        """The file's name without its ending, and where it runs."""
        return f"{self.path.stem} on the Hailo-10H"

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> "Generation":
        """The reply's text in pieces; see LanguageModel. `Generation.cancel` may be called from any thread."""
        return Generation(self, messages, max_tokens)

    def prepare(self, messages: Sequence[Message], cache: Path | None = None) -> int:
        """Have the card read the system message and keep the result; the tokens now held.

        Blocking. From a file in the folder `cache` when this model has read these very words before.
        """
        if not messages or messages[0].role != "system":
            return 0
        self._end_current()
        system = messages[0]
        file = self._file(system, cache) if cache else None
        with self._failing():
            if not self._from_file(system, file):
                self._llm.clear_context()
                # the library has no reading without answering: one token is the least it generates, and the
                # recovery sequence behind it closes that answer in the context
                with self._generate([system], 1) as completion:
                    while _generating(completion):
                        completion.read(timeout_ms=FIRST_MS)
                self._prefix = (system.content, bytes(self._llm.save_context()))
                self._to_file(file)
            self._held = Held(system)
            return int(self._llm.get_context_usage_size())

    def close(self) -> None:
        """Give the card back. The model cannot be used afterwards."""
        self._end_current()
        for part in (self._llm, self._device):
            if part is not None:
                with contextlib.suppress(self._error):
                    part.release()
        self._llm = self._device = None

    # -- one reply

    def _pieces(self, messages: Sequence[Message], max_tokens: int, stopped: Callable[[], bool]) -> Generator[str]:
        self.generated = 0
        with self._failing():
            sent, room = self._send(messages, max_tokens)
            held, self._held = self._held, None  # unknown until this reply has come to its end
            cleaner, raw = Cleaner(), list[str]()
            with self._generate(sent, min(max_tokens, room)) as completion:
                wait = FIRST_MS
                while _generating(completion) and not stopped():
                    piece = str(completion.read(timeout_ms=wait))
                    wait = NEXT_MS
                    if piece in self._ends:
                        continue  # the end token is the last thing that is read
                    self.generated += 1
                    raw.append(piece)
                    if not cleaner.ended and (said := cleaner.push(piece)):
                        yield said
                status = str(completion.generation_status.name)
            if stopped():
                return
            if status == "ABORTED":
                raise AssistantError("the accelerator stopped in the middle of an answer; ask again")
            if said := cleaner.flush():
                yield said
            if held is not None:
                held.said([m for m in sent if m.role != "system"], "".join(raw))
            self._held = held

    def _send(self, messages: Sequence[Message], max_tokens: int) -> tuple[list[Message], int]:
        """Bring the card's context to where only the returned messages are missing; and the tokens left behind them."""
        cost = _Counted(self._llm)
        new = self._held.new(messages) if self._held else None
        if new is not None:
            room = self._capacity - int(self._llm.get_context_usage_size()) - cost(new)
            if room >= max_tokens:
                return new, room
        # begin anew, from the prefix where there is one: a system message is accepted by an empty context only
        system = messages[0] if messages[0].role == "system" else None
        self._llm.clear_context()
        rest = list(messages)
        if system and self._prefix and self._prefix[0] == system.content:
            self._llm.load_context(self._prefix[1])
            rest = rest[1:]
        free = self._capacity - int(self._llm.get_context_usage_size())
        kept = fit(rest, free - max_tokens, cost) or fit(rest, free - LEAST_ANSWER, cost)
        if kept is None:
            self._held = None
            raise AssistantError("that is too long for my language model; ask something shorter")
        self._held = Held(system)
        return kept, free - cost(kept)

    def _generate(self, messages: Sequence[Message], tokens: int) -> Any:  # noqa: ANN401 - the vendor's object
        return self._llm.generate(
            [{"role": message.role, "content": message.content} for message in messages],
            temperature=TEMPERATURE,
            top_p=TOP_P,
            top_k=TOP_K,
            max_generated_tokens=tokens,
            do_sample=True,
            seed=SEED,
        )

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """The library's errors as ours; what the card holds is unknown afterwards."""
        if self._llm is None:
            raise AssistantError("the accelerator was closed; start the assistant again")
        try:
            yield
        except self._error as error:
            self._held = None
            raise AssistantError(f"the accelerator failed ({short(error)}); see: assistant doctor") from error

    def _end_current(self) -> None:
        """Only one generation may exist: the one before this is ended."""
        current, self._current = self._current, None
        if current is not None:
            current.close()

    # -- the prefix on disk

    def _file(self, system: Message, cache: Path) -> Path:
        version = str(getattr(importlib.import_module("hailo_platform"), "__version__", ""))
        key = hashlib.sha256(f"{fingerprint(self.path)}\0{version}\0{system.content}".encode()).hexdigest()
        return cache / "hailo-prefix" / f"{key}.bin"

    def _from_file(self, system: Message, file: Path | None) -> bool:
        if file is None:
            return False
        try:
            state = file.read_bytes()
            self._llm.clear_context()
            self._llm.load_context(state)
        except OSError:
            return False
        except self._error:
            file.unlink(missing_ok=True)  # damaged, or of another firmware: it is made again
            return False
        self._prefix = (system.content, state)
        return True

    def _to_file(self, file: Path | None) -> None:
        if file is None or self._prefix is None:
            return
        with contextlib.suppress(OSError):  # it is only a cache
            file.parent.mkdir(parents=True, exist_ok=True)
            for old in file.parent.glob("*.bin"):
                old.unlink(missing_ok=True)
            write_whole(file, self._prefix[1])


class Generation:
    """The pieces of one reply. Its steps run on the model's thread; `cancel` may come from any."""

    def __init__(self, model: HailoModel, messages: Sequence[Message], max_tokens: int) -> None:
        self._model = model
        self._begun = self._over = False
        self._pieces = model._pieces(messages, max_tokens, lambda: self._over)  # noqa: SLF001 - one thing in two parts

    def __iter__(self) -> "Generation":
        return self

    def __next__(self) -> str:
        if not self._begun:
            self._begun = True
            self._model._end_current()  # noqa: SLF001
            self._model._current = self  # noqa: SLF001
        if self._over or self._model._current is not self:  # noqa: SLF001
            raise StopIteration
        return next(self._pieces)

    def cancel(self) -> None:
        """Stop at the next token: the library's Python interface cannot interrupt the reading of a prompt."""
        self._over = True

    def close(self) -> None:
        """Stop for good, on the model's thread: leaving the library's generator ends it on the card."""
        self._over = True
        self._pieces.close()


class _Counted(Cost):
    """Tokens as the card counts them."""

    def __init__(self, llm: Any) -> None:  # noqa: ANN401 - the vendor's untyped object
        self._llm = llm

    def text(self, content: str) -> int:
        return len(self._llm.tokenize(content))


def _generating(completion: Any) -> bool:  # noqa: ANN401 - the vendor's untyped object
    return str(completion.generation_status.name) == "GENERATING"
