"""Reads one JSON string a line, a TOML document, and answers what Python's tomllib makes of it: typed JSON, or "error".
Started by test/peer/toml-peers.test.ts."""

import datetime
import json
import sys
import tomllib


def typed(value):
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError("more than 64 bits")
        return {"i": str(value)}
    if isinstance(value, float):
        return {"f": repr(value)}
    if isinstance(value, str):
        value.encode("utf-8")
        return {"s": value}
    if isinstance(value, datetime.datetime):
        return {"d": "local-date-time" if value.tzinfo is None else "offset-date-time", "t": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"d": "local-date", "t": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"d": "local-time", "t": value.isoformat()}
    if isinstance(value, list):
        return {"l": [typed(item) for item in value]}
    return {"m": {key: typed(item) for key, item in value.items()}}


for line in sys.stdin:
    try:
        print(json.dumps(typed(tomllib.loads(json.loads(line)))))
    except (ValueError, RecursionError):
        print('"error"')
