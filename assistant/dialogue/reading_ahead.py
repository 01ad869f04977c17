"""Questions are read by the language model while they are being spoken, so that the answer begins sooner."""

from assistant import events as ev
from assistant.stt.endpoint import Ending
from assistant.turn import Rooms


def read_ahead(rooms: Rooms) -> None:
    """From the wake word on what was said before, then every word that is sure; unless the words so far are, or may
    become, a command, which needs no language model. A model that cannot do it is left alone."""

    def woken(event: ev.Event) -> None:
        if isinstance(event, ev.WakeDetected):
            rooms.answerer.anticipate("")

    def heard(words: str) -> None:
        if words and rooms.interpreter.ending(words) is Ending.OTHER:
            rooms.answerer.anticipate(words)

    rooms.bus.subscribe(woken)
    rooms.partials.append(heard)
