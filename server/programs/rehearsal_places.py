"""Where in a file of Python a call stands that is being carried out."""

import ast
import sys
import traceback

from rehearsal_talk import source_of


class Places:
    """The operations of one file, as far as they were met: a call of the tool's, in `upgrade()` or a function beside it."""

    def __init__(self, path):
        self.path = path
        self.source = source_of(path).decode("utf-8", "replace")
        self.tree = ast.parse(self.source)
        self.met = {}

    def here(self):
        """Of the call that is being carried out; None where none of this file is."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.path:
                return self.meet(frame.f_lineno)
            frame = frame.f_back
        return None

    def of(self, error):
        """Of the call that has failed."""
        found, at = None, error.__traceback__
        while at is not None:
            if at.tb_frame.f_code.co_filename == self.path:
                found = at.tb_lineno
            at = at.tb_next
        return None if found is None else self.meet(found)

    def is_raised(self, error):
        """Whether the file itself says so, by `raise`."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        return last.filename == self.path and (last.line or "").startswith("raise")

    def meet(self, line):
        place = self.at(line)
        self.met.setdefault(place, {"title": self.title(place), "from": place[0], "to": place[1]})
        return place

    def at(self, line):
        """First and last line of the innermost statement that this line is of; of one with a body, those of its head."""
        held = [it for it in ast.walk(self.tree) if isinstance(it, ast.stmt) and it.lineno <= line <= it.end_lineno]
        if not held:
            return (line, line)
        inner = max(held, key=lambda it: (it.lineno, -it.end_lineno))
        if not getattr(inner, "body", None):
            return (inner.lineno, inner.end_lineno)
        return (inner.lineno, max(inner.lineno, inner.body[0].lineno - 1))

    def title(self, place):
        """As it is called: `op.add_column`."""
        calls = [it for it in ast.walk(self.tree) if isinstance(it, ast.Call) and place[0] <= it.lineno <= place[1]]
        if not calls:
            return self.source.splitlines()[place[0] - 1].strip()
        first = min(calls, key=lambda it: (it.lineno, it.col_offset, -it.end_lineno, -it.end_col_offset))
        return " ".join((ast.get_source_segment(self.source, first.func) or "").split())

    def operations(self):
        """In the order of the file, and the number of each by its place."""
        places = sorted(self.met)
        return [self.met[it] for it in places], {place: number for number, place in enumerate(places)}
