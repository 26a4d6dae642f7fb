"""What the scripts in Python share: a question comes as a line of JSON on standard input, answers go out as such lines.

Whatever the project prints goes to standard error, so that it cannot be taken for an answer; it finds nothing to read.
"""

import ast
import json
import os
import sys
import threading

_answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
_questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def question():
    """The question, once the project's folder stands first among those that modules come from, as under its tool."""
    asked = json.loads(_questions.readline())
    threading.Thread(target=_end_with_rehearsal, daemon=True).start()
    sys.path[0] = os.getcwd()
    if "instead" in asked:
        _read_instead(asked["instead"]["path"], asked["instead"]["text"].encode("utf-8"))
    return asked


_instead = {}


def _read_instead(path, source):
    """Whatever is loaded from this file, and read by `source_of`, is this source."""
    from importlib.machinery import SourceFileLoader

    _instead[path] = source
    get_data, path_stats = SourceFileLoader.get_data, SourceFileLoader.path_stats

    def stats(self, name):
        if os.path.realpath(name) == path:
            raise OSError("what is compiled is of another text")
        return path_stats(self, name)

    SourceFileLoader.path_stats = stats
    SourceFileLoader.get_data = lambda self, name: source if os.path.realpath(name) == path else get_data(self, name)


def source_of(path):
    found = _instead.get(os.path.realpath(path))
    if found is not None:
        return found
    with open(path, "rb") as file:
        return file.read()


def _end_with_rehearsal():
    """Nothing is committed any more once whoever has asked is gone, and holds the lock no longer."""
    _questions.read()
    os._exit(130)


def leave(code):
    """Whatever threads the project has started."""
    _answers.flush()
    sys.stderr.flush()
    os._exit(code)


def tell(value):
    _answers.write(json.dumps(value) + "\n")
    _answers.flush()


def ran(sql, seconds, rows):
    """Without its values, which may be nobody's concern."""
    tell({"ran": str(sql), "ms": seconds * 1000, "rows": rows if isinstance(rows, int) and rows >= 0 else None})


def trouble(error):
    """In one line, as Python's own tracebacks end."""
    said = " ".join(str(error)[:2000].split())
    name = type(error).__name__
    return f"{name}: {said}" if said else name


def refusal(error):
    """What Postgres said, where an error of psycopg 2 or 3 or of asyncpg is behind this one; else what it says itself."""
    cause = error
    while cause is not None:
        diagnosis = getattr(cause, "diag", None)
        state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
        if diagnosis is not None and state:
            told = {"message": diagnosis.message_primary, "sqlState": state}
            for key, value in (("detail", diagnosis.message_detail), ("hint", diagnosis.message_hint)):
                if value:
                    told[key] = value
            return told
        if state and type(cause).__module__.startswith("asyncpg."):
            told = {"message": getattr(cause, "message", None) or str(cause), "sqlState": state}
            told.update({key: getattr(cause, key) for key in ("detail", "hint") if getattr(cause, key, None)})
            return told
        cause = getattr(cause, "orig", None) or cause.__cause__ or cause.__context__
    return {"message": trouble(error)}


def is_same_database(rows, pid):
    """Is this the database on which the session of Rehearsal with this pid holds the lock?

    :param rows: runs a query without parameters and returns its rows
    """
    found = rows(
        "select pg_catalog.pg_backend_pid() from pg_catalog.pg_locks l"
        " join pg_catalog.pg_database d on d.oid = l.database"
        f" where l.locktype = 'advisory' and l.pid = {int(pid)} and d.datname = pg_catalog.current_database()"
    )
    if found:
        tell({"backend": list(found)[0][0]})
    return bool(found)


def tree_of(path):
    return ast.parse(source_of(path))


def lines_of(node):
    """First and last line, counted from 1."""
    return {"from": node.lineno, "to": getattr(node, "end_lineno", None) or node.lineno}
