"""The tables, version by version. A released migration is never edited; a change is a new one at the end.

Instants are seconds since 1970 in UTC (REAL). `mono` is seconds on the machine's monotonic clock and means
something only together with `boot`, the id of the boot it was read in.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE timers (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            length REAL NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'ringing')),
            remaining REAL,
            wall REAL, mono REAL, boot TEXT, trusted INTEGER)""",
        """CREATE TABLE appointments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('alarm', 'reminder')),
            words TEXT NOT NULL,
            clock TEXT, day TEXT, repeat TEXT NOT NULL DEFAULT '', skip TEXT,
            state TEXT NOT NULL CHECK (state IN ('set', 'ringing')),
            due REAL NOT NULL,
            rang_for REAL,
            wall REAL, mono REAL, boot TEXT, trusted INTEGER)""",
        "CREATE TABLE lists (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE)",
        """CREATE TABLE items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            list INTEGER NOT NULL REFERENCES lists(id) ON DELETE CASCADE,
            words TEXT NOT NULL)""",
    ),
    (
        """CREATE TABLE traffic (
            day TEXT NOT NULL, route TEXT NOT NULL, turns INTEGER NOT NULL, PRIMARY KEY (day, route)) WITHOUT ROWID""",
    ),
)
"""One tuple of statements a version; version N is reached by running MIGRATIONS[N - 1]."""

VERSION = len(MIGRATIONS)
