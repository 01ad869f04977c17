"""The tables of lists and their items."""

from assistant.store import Store


class ListTable:
    """Reads and writes lists; a write is on disk when it returns. Names are told apart regardless of case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def names(self) -> list[str]:
        """Every list's name, the oldest first."""
        return [row["name"] for row in self._store.rows("SELECT name FROM lists ORDER BY id")]

    def items(self, name: str) -> list[str]:
        """The items of a list in the order they were added; empty when there is no such list."""
        rows = self._store.rows(
            "SELECT words FROM items JOIN lists ON lists.id = items.list WHERE name = ? ORDER BY items.id", (name,)
        )
        return [row["words"] for row in rows]

    def add(self, name: str, items: list[str]) -> None:
        """Append items, making the list when there is none."""
        with self._store.write() as db:
            db.execute("INSERT OR IGNORE INTO lists (name) VALUES (?)", (name,))
            db.executemany(
                "INSERT INTO items (list, words) SELECT id, ? FROM lists WHERE name = ?",
                [(item, name) for item in items],
            )

    def replace(self, name: str, items: list[str]) -> None:
        """Make `items` the whole list."""
        with self._store.write() as db:
            db.execute("INSERT OR IGNORE INTO lists (name) VALUES (?)", (name,))
            db.execute("DELETE FROM items WHERE list = (SELECT id FROM lists WHERE name = ?)", (name,))
            db.executemany(
                "INSERT INTO items (list, words) SELECT id, ? FROM lists WHERE name = ?",
                [(item, name) for item in items],
            )

    def delete(self, name: str) -> None:
        """Forget a list and its items."""
        with self._store.write() as db:
            db.execute("DELETE FROM lists WHERE name = ?", (name,))
