"""What happened in one turn, derived from its events and never filled in by hand."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from assistant import events as ev

E = TypeVar("E", bound=ev.Event)


@dataclass(slots=True)
class TurnTrace:
    """Collects the events of one turn; everything else is computed from them."""

    turn: str
    source: str
    """Where the request came from: a file's name, "microphone" or "typed"."""
    reply_audio: str | None = None
    """Path of the reply's WAV file, where one was written."""
    events: list[ev.Event] = field(default_factory=list)

    def observe(self, event: ev.Event) -> None:
        """An observer for the bus: keeps this turn's events."""
        if event.turn == self.turn:
            self.events.append(event)

    def first(self, kind: type[E]) -> E | None:
        """The first event of `kind`, or None."""
        return next((event for event in self.events if isinstance(event, kind)), None)

    def last(self, kind: type[E]) -> E | None:
        """The last event of `kind`, or None."""
        return next((event for event in reversed(self.events) if isinstance(event, kind)), None)

    @property
    def outcome(self) -> str:
        ended = self.last(ev.TurnEnded)
        return ended.outcome if ended else "running"

    @property
    def reply(self) -> str:
        """The words that were spoken, clause by clause."""
        return " ".join(event.text for event in self.events if isinstance(event, ev.ReplyClause))

    def understood(self) -> tuple[str, dict[str, Any]]:
        """Class and slots of the first request."""
        first = self.first(ev.IntentMatched)
        return (first.kind, dict(sorted(first.slots.items()))) if first else ("out_of_scope", {})

    def timings_ms(self) -> dict[str, float | None]:
        """Milliseconds per stage; None for a stage this turn did not have.

        `endpoint` is time in the sound stream between the last speech sample and the decision that the speaker
        has finished; the others are time on the clock. `speech_end_to_first_audio` is what a person waits:
        `endpoint` plus everything from that decision to the first sample handed to the loudspeaker.
        """
        ended, words = self.first(ev.SpeechEnded), self.first(ev.Transcript)
        understood, token = self.first(ev.IntentMatched), self.first(ev.ModelToken)
        clause, sound = self.first(ev.ReplyClause), self.first(ev.SpeechOut)
        endpoint = (ended.stream_s - ended.last_speech_s) * 1000 if ended else None

        def between(earlier: ev.Event | None, later: ev.Event | None) -> float | None:
            return round((later.at - earlier.at) * 1000, 1) if earlier and later else None

        begin = ended or words
        waited = between(begin, sound)
        return {
            "speech_end_to_first_audio": None if waited is None else round(waited + (endpoint or 0.0), 1),
            "endpoint": None if endpoint is None else round(endpoint, 1),
            "stt_final": between(ended, words),
            "understand": between(words, understood),
            "llm_first_token": between(understood, token),
            "tts_first_audio": between(clause, sound),
        }

    def as_json(self) -> dict[str, Any]:
        """The turn as the command line prints it (docs/cli.md)."""
        wake, words = self.first(ev.WakeDetected), self.first(ev.Transcript)
        understood, route = self.last(ev.IntentMatched), self.last(ev.RouteDecided)
        ended, spoken = self.last(ev.TurnEnded), self.first(ev.SpeechEnded)
        named = self.last(ev.SourceNamed)
        return {
            "turn": self.turn,
            "source": self.source,
            "wake": {"phrase": wake.phrase, "at_s": round(wake.stream_s, 2), "score": round(wake.score, 3)}
            if wake
            else None,
            "transcript": words.text if words else None,
            "transcript_source": words.source if words else None,
            "intent": understood.intent if understood else None,
            "class": understood.kind if understood else None,
            "slots": understood.slots if understood else {},
            "confidence": round(understood.confidence, 3) if understood else None,
            "tier": understood.tier if understood else None,
            "route": route.where if route else None,
            "route_reason": route.reason if route else None,
            "knowledge": {
                "source": named.source,
                "title": named.title,
                "place": named.place,
                "score": round(named.score, 3),
            }
            if named
            else None,
            "reply": self.reply or None,
            "reply_audio": self.reply_audio,
            "endpoint_rule": spoken.rule if spoken else None,
            "outcome": self.outcome,
            "reason": ended.reason if ended else "",
            "timings_ms": self.timings_ms(),
        }
