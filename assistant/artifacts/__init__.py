"""Models: the catalogue, the embedded set, installed ones, and which of them runs each stage."""

from assistant.artifacts.catalogue import Catalogue, Entry, Kind, load_catalogue
from assistant.artifacts.embedded import EmbeddedSet, embedded_dir, embedded_set
from assistant.artifacts.selection import Choice, Selection, select

__all__ = [
    "Catalogue",
    "Choice",
    "EmbeddedSet",
    "Entry",
    "Kind",
    "Selection",
    "embedded_dir",
    "embedded_set",
    "load_catalogue",
    "select",
]
