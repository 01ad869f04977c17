"""What must survive a power cut: one SQLite file, written in full before anything is confirmed aloud."""

from assistant.store.database import Fact, Repair, Store, broken_store, memory_store, open_store

__all__ = ["Fact", "Repair", "Store", "broken_store", "memory_store", "open_store"]
