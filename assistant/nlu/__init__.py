"""Understanding: from words to an intent with slots, cheapest tier first."""

from assistant.nlu.intent import Class, Intent, SlotValue

__all__ = ["Class", "Intent", "SlotValue"]
