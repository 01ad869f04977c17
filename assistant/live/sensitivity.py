"""The wake threshold from the few calls of the welcome: `assistant calibrate` on what was heard anyway."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from assistant.audio import Samples
from assistant.clock import SystemClock
from assistant.composition.engines import load_wake
from assistant.live.calibration import calibration_file, choose, listen, shipped_threshold, store, thresholds
from assistant.wake import WakeEngine
from assistant.wake.micro import BUNDLED, MicroWakeEngine

if TYPE_CHECKING:
    from assistant.appliance import Appliance

logger = logging.getLogger(__name__)

LEAST_S = 5.0
"""Seconds of other speech below which nothing is moved: there would be nothing to hold against the phrase."""


class HereSensitivity:
    """See welcome.Sensitivity. It only ever listens more closely: some seconds cannot show what fires once in an
    evening, but they show a phrase that is missed."""

    def __init__(self, appliance: "Appliance", guard: Callable[[WakeEngine], None]) -> None:
        """`guard` is given a second wake engine, on the loop, for the assistant's own voice."""
        self._appliance, self._guard = appliance, guard

    def __call__(self, without: list[Samples], spoken: list[Samples], said: int) -> bool:
        """See welcome.Sensitivity. On the skills' thread; some seconds of computing."""
        settings = self._appliance.settings
        phrase = settings.wake.phrases[0]
        fixed = settings.wake.threshold is not None or settings.wake.openwakeword is not None
        if fixed or phrase not in BUNDLED or said < 1 or sum(map(len, without)) < LEAST_S * 16_000:
            return False
        engine = MicroWakeEngine((phrase,))
        file, microphone = calibration_file(settings.paths.data), settings.audio.microphone
        shipped = shipped_threshold(phrase)
        others, calls = (listen(engine, np.concatenate(sound))[phrase] for sound in (without, spoken))
        result = choose(phrase, shipped, [others], [calls], said)
        logger.info("the welcome: %s", "; ".join(result.lines()))
        if result.threshold >= thresholds(file, microphone).get(phrase, shipped):
            return False
        store(file, microphone, [result], SystemClock().now())
        conversation, loop = self._appliance.conversation, self._appliance.loop
        for engine_, use in ((load_wake(settings), conversation.listen_for), (load_wake(settings), self._guard)):
            loop.call_soon_threadsafe(use, engine_)
        return True
