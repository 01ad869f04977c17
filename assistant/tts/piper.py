"""Piper behind the chunk-generator port."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from piper import PiperVoice as Engine
from piper import SynthesisConfig
from piper.config import PiperConfig

from assistant.errors import AssistantError, ModelError
from assistant.tts import AudioChunk

_ORT_FAILURES: tuple[type[Exception], ...] = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
"""What onnxruntime raises; they share no base class of their own."""

_LOADING: tuple[type[Exception], ...] = (*_ORT_FAILURES, OSError, RuntimeError, ValueError)
_SPEAKING: tuple[type[Exception], ...] = (*_LOADING, KeyError)

_INPUTS = {"input", "input_lengths", "scales"}
"""What every Piper voice takes ("sid" besides, with several speakers)."""


class PiperVoice:
    """A loaded Piper voice (an .onnx file with its .onnx.json). Speaks one sentence a chunk.

    onnxruntime runs with one thread that does not spin: a second thread that waits by spinning takes its core from
    the recogniser and the wake word, and one is far faster than real time (docs/speech.md).
    """

    def __init__(self, model: Path, config: Path | None = None, *, rate: float = 1.0) -> None:
        """Load `model`; `config` is `model` + ".json" when not given. `rate` 2 is twice as fast.

        Raises ModelError, one line, for a missing or broken file.
        """
        self.model = model
        self.rate = rate
        settings = _read_config(config or model.with_name(model.name + ".json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # its own log goes to stderr; failures arrive as exceptions
        if not model.is_file():
            raise ModelError(f"{model}: there is no such voice; 'assistant models list' shows what is here")
        try:
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except _LOADING as error:
            raise ModelError(f"{model}: is no working ONNX voice; pull or import it again") from error
        taken = {item.name for item in session.get_inputs()}
        if not taken >= _INPUTS:
            raise ModelError(f"{model}: is an ONNX model of another kind, no Piper voice")
        self._engine = Engine(session=session, config=settings)
        self._settings = settings

    @property
    def sample_rate(self) -> int:
        """Hz of every chunk."""
        return int(self._settings.sample_rate)

    def synthesize(self, text: str) -> Iterator[AudioChunk]:
        """Speak `text`, one chunk per sentence. Raises AssistantError when the engine fails."""
        plain = _plain(text)
        if not any(letter.isalnum() for letter in plain):
            return
        length = float(self._settings.length_scale) / self.rate
        # Piper would bring every sentence to full scale by its own peak: clauses of one reply would jump in loudness
        try:
            for chunk in self._engine.synthesize(plain, SynthesisConfig(length_scale=length, normalize_audio=False)):
                samples = np.asarray(chunk.audio_int16_array, dtype=np.int16).reshape(-1)
                if samples.size:
                    yield AudioChunk(samples, self.sample_rate)
        except _SPEAKING as error:
            raise AssistantError(f"{self.model}: the voice failed to speak; try another voice") from error


def _plain(text: str) -> str:
    """Without what the engine would take for control: "[[" begins raw phonemes, NUL ends a C string."""
    return re.sub(r"\[\[|\]\]|[\x00-\x08\x0b-\x1f\x7f]", " ", text)


def _read_config(path: Path) -> PiperConfig:
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: the voice's settings file is missing; pull or import the voice again") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its owner and mode") from error
    except ValueError as error:
        raise ModelError(f"{path}: is not the JSON settings of a voice; pull or import the voice again") from error
    try:
        settings = PiperConfig.from_dict(values)
        sound = isinstance(settings.phoneme_id_map, dict) and int(settings.sample_rate) > 0
        sound = sound and float(settings.length_scale) > 0
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: lacks settings of a Piper voice ({error}); pull or import it again") from error
    if not sound:
        raise ModelError(f"{path}: holds impossible settings for a voice; pull or import it again")
    return settings
