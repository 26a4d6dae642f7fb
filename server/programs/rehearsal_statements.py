"""Collects what a migration of Alembic would execute, instead of executing it.

Alembic can write SQL instead of sending it (`alembic upgrade --sql`, MigrationContext with `as_sql`), but not quite as it would
send it: tabs become blanks, per cent signs may be doubled, parameters are lost. So what it would write is taken one step earlier,
as constructs of SQLAlchemy. Facts from sqlalchemy/alembic 1.8 to 1.20: alembic/runtime/migration.py, alembic/ddl/impl.py,
alembic/operations/batch.py; sqlalchemy/engine/mock.py.
"""

import datetime
import decimal
import uuid
from contextlib import contextmanager


class NeedsDatabase(AttributeError):
    """What is asked here only a database can answer."""


class Answer:
    """In the place of rows: whoever looks at them needs a database."""

    def __getattr__(self, name):
        raise NeedsDatabase(f"it asks the database for rows (.{name})")

    def __iter__(self):
        raise NeedsDatabase("it asks the database for rows")

    def __bool__(self):
        raise NeedsDatabase("it asks the database for rows")


class Statements:
    def __init__(self, context):
        """
        :param context: a MigrationContext with `as_sql`; it is changed for good
        """
        from alembic.operations.batch import BatchOperationsImpl

        self.dialect = dialect_for(context.dialect)
        self.places = None
        self.batched = None
        self.is_alone = False
        self.has_committed = False
        self.taken = []
        impl = context.impl
        impl._exec = self.take
        impl.static_output = lambda text: None
        context.connection = impl.connection = self.connection(type(context.connection))
        context.autocommit_block = self.autocommit_block
        note_places(BatchOperationsImpl, self)

    def of(self, run, places):
        """What a function executes, in order.

        :param places: Places of the file that it is of
        """
        self.places, self.taken, self.has_committed = places, [], False
        run()
        return self.taken

    def take(self, construct, execution_options=None, multiparams=None, params=None):
        rows = [dict(it) for it in multiparams or ()] or ([dict(params)] if params else [])
        for row in rows or [{}]:
            self.put(written(construct, row, self.dialect))

    def put(self, sql):
        place = self.batched or self.places.here()
        told = {"operation": place, "sql": sql}
        if self.is_alone:
            told["alone"] = True
        elif self.has_committed:
            told["begins"] = True
        self.has_committed = False
        self.taken.append(told)

    def commit(self):
        self.has_committed = bool(self.taken)

    @contextmanager
    def autocommit_block(self):
        """In the place of `MigrationContext.autocommit_block`: what came before is committed, then each statement by itself."""
        self.is_alone = True
        try:
            yield
        finally:
            self.is_alone = False

    def connection(self, mock):
        """What `op.get_bind()` returns.

        :param mock: the class that Alembic has for it, MockConnection of SQLAlchemy
        """
        taken = self

        class Bind(mock):
            def __init__(self):
                super().__init__(taken.dialect, self.executed)

            def executed(self, statement, *rows, **named):
                given = [it for it in rows if it]
                many = given[0] if given and isinstance(given[0], (list, tuple)) else given
                # Only SQLAlchemy 1 takes strings here; it sends them as they are.
                if isinstance(statement, str):
                    return self.exec_driver_sql(statement, given or named)
                taken.take(statement, multiparams=many, params=named)
                return Answer()

            def exec_driver_sql(self, statement, parameters=None, execution_options=None):
                if parameters:
                    raise NeedsDatabase("the driver puts its parameters in")
                taken.put(statement)
                return Answer()

            def commit(self):
                taken.commit()

            def scalar(self, statement, *rows, **named):
                raise NeedsDatabase("it asks the database for rows (.scalar)")

            scalars = scalar

            def __getattr__(self, name):
                raise NeedsDatabase(f"it needs a connection (.{name})")

        return Bind()


def dialect_for(dialect):
    """One that writes values into the text, and leaves signs of per cent alone."""
    made = type(dialect)(paramstyle="named")
    made.statement_compiler = compiler_of(made.statement_compiler)
    return made


def compiler_of(base):
    class Compiler(base):
        """Also for what SQLAlchemy itself does not write into a text."""

        def render_literal_value(self, value, type_):
            try:
                return super().render_literal_value(value, type_)
            except Exception:
                known = literal(value)
                if known is None:
                    raise
                return known

    return Compiler


def literal(value):
    """As Postgres reads it; None for what is not known here."""
    if isinstance(value, bool):
        return "true" if value else "false"
    for kind, cast in (
        (datetime.datetime, "timestamptz" if getattr(value, "tzinfo", None) else "timestamp"),
        (datetime.date, "date"),
        (datetime.time, "time"),
        (uuid.UUID, "uuid"),
        (decimal.Decimal, "numeric"),
    ):
        if isinstance(value, kind):
            return f"'{value}'::{cast}"
    if isinstance(value, datetime.timedelta):
        return f"'{value.total_seconds()} seconds'::interval"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    return None


def written(construct, row, dialect):
    """The text of a construct, its parameters written into it."""
    from sqlalchemy import schema, text

    construct = text(construct) if isinstance(construct, str) else construct
    if isinstance(construct, schema.DDLElement):
        return str(construct.compile(dialect=dialect)).strip()
    known = with_row(construct, row, dialect) if row else construct
    return str(known.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).strip()


def with_row(construct, row, dialect):
    """A parameter that the statement does not name itself is one of its columns (INSERT, UPDATE)."""
    from sqlalchemy.sql import dml

    if isinstance(construct, dml.Insert):
        return construct.values(row)
    named = construct.compile(dialect=dialect).params
    own = {key: value for key, value in row.items() if key in named or not isinstance(construct, dml.Update)}
    rest = {key: value for key, value in row.items() if key not in own}
    bound = construct.bindparams(**own) if hasattr(construct, "bindparams") else construct.params(own)
    return bound.values(rest) if rest else bound


def note_places(batches, statements):
    """What stands in `with op.batch_alter_table(…)` is executed at its end: each call keeps where it stood."""

    class Batch(list):
        def __init__(self):
            super().__init__()
            self.stood = []

        def append(self, entry):
            super().append(entry)
            self.stood.append(statements.places.here())

        def __iter__(self):
            try:
                for entry, place in zip(super().__iter__(), self.stood):
                    statements.batched = place
                    yield entry
            finally:
                statements.batched = None

    begin = batches.__init__

    def begun(self, *arguments, **named):
        begin(self, *arguments, **named)
        self.batch = Batch()

    batches.__init__ = begun
