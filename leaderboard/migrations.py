"""The tables of a store, as the versions of the program made them one after the other."""

from __future__ import annotations

# "lxgy", so that a file of another program is not taken for one of ours.
APPLICATION = 0x6C786779

# Each brings a file of the version before up to date; never change one that was released.
MIGRATIONS = (
    """
    CREATE TABLE results (
        key TEXT PRIMARY KEY,
        spec TEXT NOT NULL,
        returns TEXT NOT NULL,
        learning_seconds REAL NOT NULL,
        evaluation_seconds REAL NOT NULL,
        error TEXT,
        traceback TEXT,
        manifest TEXT NOT NULL
    ) STRICT;
    CREATE TABLE claims (
        key TEXT PRIMARY KEY,
        host TEXT NOT NULL,
        process INTEGER NOT NULL,
        process_started REAL NOT NULL,
        expires REAL NOT NULL
    ) STRICT;
    CREATE TABLE entries (
        suite TEXT NOT NULL,
        position INTEGER NOT NULL,
        environment TEXT NOT NULL,
        agent TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (suite, position)
    ) STRICT;
    """,
    """
    ALTER TABLE results ADD COLUMN curve TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE results ADD COLUMN episodes TEXT NOT NULL DEFAULT '[]';
    """,
    # Suites of several people hold different runs at one position.
    """
    CREATE TABLE places (
        suite TEXT NOT NULL,
        position INTEGER NOT NULL,
        environment TEXT NOT NULL,
        agent TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (suite, environment, agent, key)
    ) STRICT;
    INSERT OR IGNORE INTO places SELECT * FROM entries ORDER BY position;
    DROP TABLE entries;
    ALTER TABLE places RENAME TO entries;
    """,
)
