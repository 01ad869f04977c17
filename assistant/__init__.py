"""An offline voice assistant: sound in, one turn at a time through the rooms, sound out."""

__version__ = "0.1.0"
