"""Durable updates per second of one row in SQLite (WAL, synchronous=FULL): sqlite-peer.py <file> <seconds> <text>"""

import sqlite3
import sys
import time

file, seconds, text = sys.argv[1], float(sys.argv[2]), sys.argv[3]
database = sqlite3.connect(file, isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE IF NOT EXISTS value (id INTEGER PRIMARY KEY, count INTEGER, text TEXT)")
database.execute("INSERT OR REPLACE INTO value VALUES (1, 0, ?)", (text,))
end = time.monotonic() + seconds
updates = 0
while time.monotonic() < end:
    database.execute("UPDATE value SET count = count + 1, text = ? WHERE id = 1", (text,))
    updates += 1
print(updates / seconds)
