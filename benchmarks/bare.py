"""The limit: the least Flask application that does the same kind of work.

One view that reads one row by an indexed column and draws a small template, one that
stores a row; the same server, worker count and SQLite settings as the program itself.
"""

from __future__ import annotations

import os
import sqlite3

from flask import Flask, render_template_string, request

PAGE = """<!doctype html><html lang="en"><title>{{ name }}</title><h1>{{ name }}</h1>
<form method="post"><label><input type="radio" name="choice" value="accepted">Coming</label><button>Send</button></form></html>"""
NAMES = 1000

app = Flask(__name__)


def _connect(database: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(database or os.environ["BARE_DATABASE"], isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def fill(database: str) -> None:
    """Make the table, with an index on what is looked up."""
    connection = _connect(database)
    connection.execute("CREATE TABLE guest (token TEXT PRIMARY KEY, name TEXT)")
    connection.execute("CREATE TABLE answer (token TEXT, choice TEXT)")
    connection.executemany("INSERT INTO guest VALUES (?, ?)", [(str(number), f"Guest {number}") for number in range(NAMES)])
    connection.close()


@app.get("/guest/<token>")
def show(token: str) -> str:
    """Show one row."""
    connection = _connect()
    (name,) = connection.execute("SELECT name FROM guest WHERE token = ?", (token,)).fetchone()
    connection.close()
    return render_template_string(PAGE, name=name)


@app.post("/guest/<token>")
def store(token: str) -> str:
    """Store one row."""
    connection = _connect()
    connection.execute("INSERT INTO answer VALUES (?, ?)", (token, request.form["choice"]))
    connection.close()
    return "stored"
