"""Asks Django what the migrations of a project would do, or lets it migrate.

Django's own parts are used as `manage.py sqlmigrate` and `manage.py migrate` use them (django/core/management/commands,
django/db/migrations/{loader,executor,migration}.py). What it asks of the database is asked in sessions that may only read.
"""

import ast
import inspect
import os
import runpy
import sys
import time
import traceback

from rehearsal_constraints import Constraints
from rehearsal_talk import is_same_database, leave, lines_of, question, ran, refusal, tell, tree_of, trouble


def main():
    asked = question()
    try:
        start_django()
        if asked["question"] == "migrations":
            tell(Project(alias_like(asked.get("database"))).answer())
        else:
            if "copyOf" in asked:
                lead_to(asked["database"], asked["copyOf"])
            migrate(asked["direction"], asked["versions"], asked["pid"], asked["database"])
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        tell({"trouble": trouble(error)})
        leave(1)
    leave(0)


ONLY_READING = "-c default_transaction_read_only=on"
WRITING = "-c default_transaction_read_only=off"


def start_django():
    """As manage.py does it, up to where it would run a command."""
    import django
    from django.core import management

    management.execute_from_command_line = lambda argv=None: None
    sys.argv = ["manage.py", "migrate"]
    runpy.run_path("manage.py", run_name="__main__")
    django.setup()


def on_postgres():
    """The aliases of DATABASES with a server that is asked about here, the one that `migrate` takes by itself first."""
    from django.db import connections

    aliases = sorted(connections, key=lambda it: it != "default")
    return [it for it in aliases if connections[it].vendor == "postgresql"]


def alias_like(wanted):
    """The alias whose database is this one, as far as names tell; without one the first.

    :param wanted: host, port and dbname; None for no wish
    """
    from django.db import connections

    def likeness(alias):
        settings = connections[alias].settings_dict
        place = (settings.get("HOST") or "localhost", str(settings.get("PORT") or 5432))
        return (settings.get("NAME") == wanted["dbname"], place == (wanted["host"], str(wanted["port"])))

    aliases = on_postgres() or ["default"]
    alike = [it for it in aliases if wanted and likeness(it)[0]]
    return max(alike, key=likeness) if alike else aliases[0]


def begin_with(connection, option):
    """Each session of it from now on."""
    # An app may have asked something while it was loaded.
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    if connection.vendor == "postgresql":
        options = dict(connection.settings_dict.get("OPTIONS") or {})
        options["options"] = f"{options.get('options', '')} {option}".strip()
        connection.settings_dict["OPTIONS"] = options


def lead_to(copy, original):
    """Whatever connects to the one database has the copy from now on; all others are read only."""
    from django.db import connections

    for each in connections.all():
        is_led = each.settings_dict.get("NAME") == original
        begin_with(each, WRITING if is_led else ONLY_READING)
        if is_led:
            each.settings_dict["NAME"] = copy
    watch_statements(connections.all())


def watch_statements(watched):
    def execute(run, sql, parameters, many, context):
        began = time.monotonic()
        result = run(sql, parameters, many, context)
        ran(sql, time.monotonic() - began, context["cursor"].rowcount)
        return result

    for each in watched:
        each.execute_wrappers.append(execute)


class Project:
    def __init__(self, alias):
        from django.db import connections

        self.connection = connections[alias]
        # As they are written, before they are told to read only.
        self.connection_of = {it: as_libpq(connections[it].settings_dict) for it in on_postgres()}
        self.is_postgres = self.connection.vendor == "postgresql"
        self.unreachable = self.open_reading() if self.is_postgres else None
        self.constraints = Constraints()
        self.constraints_now = self.connection.introspection.get_constraints
        self.connection.introspection.get_constraints = lambda cursor, table: self.constraints.of(table)

    def open_reading(self):
        """Why there is no connection; None when there is one."""
        from django.db import connections
        from django.db.utils import Error

        for each in connections.all():
            begin_with(each, ONLY_READING)
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("show default_transaction_read_only")
                is_safe = cursor.fetchone()[0] == "on"
        except Error as error:
            return trouble(error)
        # A pooler may pass over options.
        return None if is_safe else "its sessions cannot be kept from writing"

    def answer(self):
        import django

        told = {"tool": f"Django {django.get_version()}", "migrations": [], "problems": []}
        if not self.is_postgres:
            told["otherServer"] = self.connection.vendor
            return told
        loader = self.loader()
        elsewhere = self.elsewhere(loader)
        told.update(self.databases(elsewhere))
        conflicts = loader.detect_conflicts()
        for app, names in sorted(conflicts.items()):
            told["problems"].append(
                f"{app} has several newest migrations ({', '.join(sorted(names))}): Django refuses to migrate until"
                f' "manage.py makemigrations --merge" has joined them.'
            )
        if not conflicts:
            told["migrations"] = [it for it in self.migrations(loader) if it["version"] not in elsewhere]
        return told

    def elsewhere(self, loader):
        """Versions with which `migrate` would do nothing here but record them, since the routers keep their apps out."""
        from django.db import router

        if not router.routers:
            return set()
        here = set()
        for key in loader.graph.nodes:
            if key in loader.applied_migrations or router.allow_migrate(self.connection.alias, key[0]):
                here.update(loader.graph.forwards_plan(key))
        return {".".join(key) for key in loader.graph.nodes if key not in here}

    def databases(self, elsewhere):
        """The one that is asked about, and the others."""
        from django.db import connections

        module = os.environ.get("DJANGO_SETTINGS_MODULE", "the settings")
        own = self.connection.alias
        if len(list(connections)) == 1:
            return {"database": {"connection": self.connection_of[own], "source": f"DATABASES in {module}"}}
        others = ", ".join(f'"{it}"' for it in connections if it != own)
        apps = sorted({it.split(".")[0] for it in elsewhere})
        kept_out = f"; its routers keep {', '.join(apps)} out of it" if apps else ""
        source = f'DATABASES["{own}"] in {module}, which has {others} as well{kept_out}'
        return {
            "database": {"connection": self.connection_of[own], "source": source},
            "others": [
                {"connection": connection, "source": f'DATABASES["{alias}"] in {module}'}
                for alias, connection in self.connection_of.items()
                if alias != own
            ],
        }

    def loader(self):
        from django.db.migrations.loader import MigrationLoader

        loader = MigrationLoader(None if self.unreachable else self.connection)
        if not self.unreachable:
            loader.check_consistent_history(self.connection)
        return loader

    def migrations(self, loader):
        from django.db.migrations.state import ProjectState

        state = ProjectState()
        # As `migrate` does it: models that are there are changed, and not all made anew.
        state.apps
        told, seen = [], {}
        for target in loader.graph.leaf_nodes():
            for key in loader.graph.forwards_plan(target):
                if key not in seen:
                    seen[key] = loader.graph.nodes[key]
        is_pending = False
        for (app, name), migration in seen.items():
            if not is_pending and (app, name) not in loader.applied_migrations:
                is_pending = True
                self.constraints = Constraints(self.live)
            module = sys.modules.get(f"{loader.migrations_module(app)[0]}.{name}")
            path = getattr(module, "__file__", None) or inspect.getsourcefile(type(migration))
            told.append(self.migration(app, name, path, migration, state))
        return told

    def live(self, table):
        with self.connection.cursor() as cursor:
            return self.constraints_now(cursor, table)

    def migration(self, app, name, path, migration, state):
        told = {
            "version": f"{app}.{name}",
            "title": name.lstrip("0123456789").strip("_"),
            "path": os.path.abspath(path),
            "inTransaction": migration.atomic,
            "replaces": [".".join(key) for key in migration.replaces],
            "operations": operations_in(path, migration),
        }
        if self.unreachable:
            self.skip(migration, state)
            told["untold"] = f"the database cannot be asked: {self.unreachable}"
            return told
        steps = []
        try:
            told["up"] = self.forwards(migration, state, steps)
        except Exception as error:
            traceback.print_exc()
            self.skip(migration, state, len(steps))
            told["untold"] = trouble(error)
            return told
        behind = self.constraints.copy()
        stuck = next((it for it in migration.operations if not it.reversible), None)
        if stuck is not None:
            told["irreversible"] = f"{type(stuck).__name__} has no way back"
            return told
        try:
            told["down"] = self.backwards(migration, steps)
        except Exception as error:
            traceback.print_exc()
            told["untoldDown"] = trouble(error)
        self.constraints = behind
        return told

    def skip(self, migration, state, first=0):
        """Only what the models are afterwards."""
        for operation in migration.operations[first:]:
            operation.state_forwards(migration.app_label, state)

    def forwards(self, migration, state, steps):
        with Editor(self) as editor:
            for operation in migration.operations:
                before = steps[-1][1] if steps else state.clone()
                operation.state_forwards(migration.app_label, state)
                steps.append((before, state.clone()))
                if is_sql(operation):
                    with editor.of(len(steps) - 1):
                        operation.database_forwards(migration.app_label, editor.editor, *steps[-1])
        return editor.statements

    def backwards(self, migration, steps):
        with Editor(self) as editor:
            for index, operation in reversed(list(enumerate(migration.operations))):
                before, after = steps[index]
                if is_sql(operation):
                    with editor.of(index):
                        operation.database_backwards(migration.app_label, editor.editor, after, before)
        return editor.statements


class Editor:
    """Collects what Django would execute, each statement with the number of the operation that it is of."""

    def __init__(self, project):
        self.project = project
        self.editor = project.connection.schema_editor(collect_sql=True, atomic=False)
        self.statements = []
        self.deferred = []
        self.taken = 0
        self.current = None

    def of(self, operation):
        self.current = operation
        return self.Part(self)

    class Part:
        def __init__(self, outer):
            self.outer = outer

        def __enter__(self):
            self.outer.known = [id(it) for it in self.outer.editor.deferred_sql]

        def __exit__(self, kind, error, where):
            outer = self.outer
            outer.take(outer.current)
            outer.deferred += [
                (it, outer.current) for it in outer.editor.deferred_sql if id(it) not in outer.known
            ]

    def take(self, operation):
        new = self.editor.collected_sql[self.taken :]
        self.taken += len(new)
        for sql in new:
            self.project.constraints.read(sql)
        self.statements += [{"operation": operation, "sql": it} for it in new if not is_blank(it)]

    def __enter__(self):
        self.editor.__enter__()
        return self

    def __exit__(self, kind, error, where):
        if kind is None:
            for statement in list(self.editor.deferred_sql):
                owner = next((operation for it, operation in self.deferred if it is statement), None)
                self.editor.execute(statement)
                self.take(owner)
        self.editor.deferred_sql.clear()
        self.editor.__exit__(kind, error, where)


def as_libpq(settings):
    names = (("host", "HOST"), ("port", "PORT"), ("user", "USER"), ("password", "PASSWORD"), ("dbname", "NAME"))
    found = {name: str(settings[key]) for name, key in names if settings.get(key)}
    options = settings.get("OPTIONS") or {}
    for name in ("service", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey", "options"):
        if options.get(name):
            found[name] = str(options[name])
    return found


def is_sql(operation):
    """Also of those within it (SeparateDatabaseAndState): code would be run while it is asked."""
    return operation.reduces_to_sql and all(is_sql(it) for it in getattr(operation, "database_operations", ()))


def is_blank(sql):
    return all(not line.strip() or line.lstrip().startswith("--") for line in sql.splitlines())


def operations_in(path, migration):
    """Where each operation stands, and what is to be said of it."""
    nodes = list_in(path)
    told = []
    for index, operation in enumerate(migration.operations):
        entry = {"title": type(operation).__name__}
        if nodes is not None and len(nodes) == len(migration.operations):
            entry.update(lines_of(nodes[index]))
        if not is_sql(operation):
            entry["note"] = f"{type(operation).__name__} is code, not SQL: it is not rehearsed."
        told.append(entry)
    return told


def list_in(path):
    """The elements of `operations = […]`; None where it is written in another way."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ClassDef) or node.name != "Migration":
            continue
        for part in node.body:
            names = [getattr(it, "id", None) for it in getattr(part, "targets", [])]
            if "operations" in names and isinstance(part.value, ast.List):
                return part.value.elts
    return None


def connection_to(pid, database):
    """Of the alias that leads to where the session with this pid holds its lock; None where there is none.

    :param database: its name; but for the first alias, whose name may be that of a pooler, others are not connected to
    """
    from django.db import connections

    aliases = on_postgres()
    named = [it for it in aliases if connections[it].settings_dict.get("NAME") == database]
    tried = [connections[it] for it in dict.fromkeys(named + aliases[:1])]
    return next((it for it in tried if is_same_database(lambda sql: rows_of(it, sql), pid)), None)


def migrate(direction, versions, pid, database):
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    connection = connection_to(pid, database)
    if connection is None:
        tell({"elsewhere": ", ".join(str(connections[it].settings_dict.get("NAME")) for it in connections)})
        return
    if not versions:
        MigrationRecorder(connection).ensure_schema()
    for version in versions:
        app, name = version.split(".", 1)
        if not is_same_database(lambda sql: rows_of(connection, sql), pid):
            raise RuntimeError("Rehearsal holds its lock no longer")
        executor = MigrationExecutor(connection)
        target = (app, name) if direction == "up" else (app, before_in(executor.loader.graph, (app, name)))
        plan = [f"{it.app_label}.{it.name}" for it, _ in executor.migration_plan([target])]
        if plan != [version]:
            tell({"otherPlan": plan, "version": version})
            return
        tell({"begins": version})
        try:
            call_command("migrate", app, target[1] or "zero", interactive=False, database=connection.alias)
        except Exception as error:
            traceback.print_exc()
            tell({"refused": version, **refusal(error), **place_of(error)})
            return
        tell({"done": version})


def rows_of(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def before_in(graph, key):
    """The migration of the same app that stands when this one is taken back; None for the state before the first."""
    return next((it.key[1] for it in graph.node_map[key].parents if it.key[0] == key[0]), None)


def place_of(error):
    """Where the operation stands that was run: the frame of Migration.apply or unapply has it."""
    found = {}
    at = error.__traceback__
    while at is not None:
        held = at.tb_frame.f_locals
        operation, migration = held.get("operation"), held.get("self")
        if at.tb_frame.f_code.co_name in ("apply", "unapply") and operation is not None:
            operations = getattr(migration, "operations", [])
            index = next((i for i, it in enumerate(operations) if it is operation), None)
            if index is not None:
                found = operations_in(inspect.getsourcefile(type(migration)), migration)[index]
        at = at.tb_next
    return {key: found[key] for key in ("from", "to") if key in found}


main()
