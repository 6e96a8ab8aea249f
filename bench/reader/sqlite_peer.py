"""Fills a SQLite database with advisories and their packages, then asks for packages; prints queries a second and bytes as JSON."""

import json
import os
import sqlite3
import sys
import time

path, seconds = sys.argv[1], float(sys.argv[2])
database = sqlite3.connect(path)
database.executescript(
    """pragma journal_mode = off;
    create table advisories (id text primary key, body text) without rowid;
    create table packages (ecosystem text, name text, id text, primary key (ecosystem, name, id)) without rowid;"""
)
names = json.loads(sys.stdin.readline())
for line in sys.stdin:
    body = line.rstrip("\n")
    document = json.loads(body)
    database.execute("insert into advisories values (?, ?)", (document["id"], body))
    for affected in document["affected"]:
        package = affected["package"]
        database.execute("insert or ignore into packages values (?, ?, ?)", (package["ecosystem"], package["name"], document["id"]))
database.commit()

query = """select body from packages join advisories using (id) where ecosystem = 'npm' and name = ? order by id limit 50"""
answered, began = 0, time.perf_counter()
while time.perf_counter() - began < seconds:
    for name in names[answered % len(names) :][:100]:
        database.execute(query, (name,)).fetchall()
        answered += 1
print(json.dumps({"perSecond": answered / (time.perf_counter() - began), "bytes": os.path.getsize(path)}))
