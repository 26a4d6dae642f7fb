"""Asks Alembic what the migrations of a project would do, or lets it migrate.

Alembic's own parts are used as `alembic upgrade` and `alembic downgrade` use them, with and without `--sql`
(alembic/command.py, alembic/runtime/{environment,migration}.py, alembic/script/base.py of sqlalchemy/alembic 1.8 to 1.20), and
those of Flask-Migrate as `flask db upgrade` does. Nothing is asked of a database.
"""

import io
import os
import sys
import time
import traceback

from rehearsal_places import Places
from rehearsal_statements import NeedsDatabase, Statements
from rehearsal_talk import is_same_database, leave, question, ran, refusal, tell, trouble


def main():
    try:
        import_alembic()
        asked = question()
        if asked["question"] == "migrations":
            tell(Project(config_for(["upgrade", "heads", "--sql"]), asked["folder"]).answer())
        else:
            if "copyOf" in asked:
                lead_to(asked["database"], asked["copyOf"])
            migrate(config_for([f"{asked['direction']}grade", "heads"]), asked)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        tell({"trouble": trouble(error)})
        leave(1)
    leave(0)


def import_alembic():
    """Before the project's folder is among those that modules come from: its own folder is often called `alembic` as well."""
    try:
        import alembic.config
        import alembic.script
    except ImportError as error:
        raise ImportError(
            f"{sys.executable} has no Alembic ({error}). Name the Python of the project in the setting rehearsal.python,"
            " or in the variable REHEARSAL_PYTHON"
        ) from error


def config_for(arguments):
    """As the command line makes it."""
    from alembic.config import CommandLine, Config

    sys.argv = ["alembic", *arguments]
    if is_of_flask():
        return config_of_flask()
    options = CommandLine(prog="alembic").parser.parse_args(arguments)
    named = {"toml_file": "pyproject.toml"} if hasattr(Config, "toml_file_name") else {}
    return Config("alembic.ini", cmd_opts=options, output_buffer=io.StringIO(), **named)


def is_of_flask():
    return not os.path.exists("alembic.ini") and os.path.exists("migrations/alembic.ini")


def config_of_flask():
    """Of the app in whose context `env.py` runs. It is found as by the command `flask`."""
    from flask.cli import ScriptInfo, load_dotenv

    load_dotenv()
    app = ScriptInfo(app_import_path=os.environ.get("FLASK_APP")).load_app()
    app.app_context().push()
    config = app.extensions["migrate"].migrate.get_config("migrations")
    config.output_buffer = io.StringIO()
    return config


def script_of(config):
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def run_env(config, script, target, **options):
    from alembic.runtime.environment import EnvironmentContext

    with EnvironmentContext(config, script, destination_rev=target, **options):
        script.run_env()


class Project:
    def __init__(self, config, folder):
        """
        :param folder: the project's, as the files in it shall be named
        """
        self.config = config
        self.folder = folder
        self.script = script_of(config)
        self.url = None
        self.url_written = self.url_now()
        self.runs = 0
        self.told = {"tool": f"Alembic {version()}", "migrations": [], "problems": []}

    def url_now(self):
        try:
            return self.config.get_main_option("sqlalchemy.url")
        except Exception:
            # Its interpolation may need what only env.py puts there.
            return None

    def answer(self):
        heads = self.script.get_heads()
        if len(heads) > 1:
            self.told["problems"].append(
                f"Multiple head revisions are present ({', '.join(sorted(heads))}): Alembic refuses \"upgrade head\" until"
                ' "alembic merge heads" has joined them; "upgrade heads" runs all of them.'
            )
        self.run()
        if self.runs == 0:
            raise RuntimeError("env.py has not called context.run_migrations() in offline mode")
        if self.runs > 1:
            self.told["problems"].append(
                f"env.py runs the migrations {self.runs} times, for several databases or schemas: only the first is rehearsed."
            )
        return self.told

    def run(self):
        """env.py itself says what is done: it configures a context, and calls its `run_migrations`."""
        from alembic.runtime.environment import EnvironmentContext
        from alembic.runtime.migration import MigrationContext

        configure = EnvironmentContext.configure

        def configured(environment, connection=None, url=None, **options):
            self.url = url or (connection.engine.url if connection is not None else None) or self.url_now()
            return configure(environment, connection=connection, url=url, **options)

        EnvironmentContext.configure = configured
        MigrationContext.run_migrations = self.take
        try:
            run_env(self.config, self.script, "heads", as_sql=True, starting_rev=None, fn=lambda heads, context: [])
        except (Exception, SystemExit) as error:
            raise RuntimeError(f"env.py does not run in offline mode, as alembic upgrade --sql has it: {trouble(error)}") from error

    @property
    def take(self):
        """In the place of `MigrationContext.run_migrations`."""
        project = self

        def run_migrations(context, **arguments):
            project.runs += 1
            if project.runs == 1:
                project.read(context, arguments)

        return run_migrations

    def read(self, context, arguments):
        if context.dialect.name != "postgresql":
            self.told["otherServer"] = context.dialect.name
            return
        if self.url is not None:
            self.told["database"] = self.database()
        self.told["historyTable"] = {"name": context.version_table}
        if context.version_table_schema is not None:
            self.told["historyTable"]["schema"] = context.version_table_schema
        # From here on it is as online: what asks for the mode is not to choose another way than it will have then.
        context.environment_context.context_opts["as_sql"] = False
        statements = Statements(context)
        revisions = list(self.script.walk_revisions())
        before = {}
        for it in revisions:
            above = it.nextrev | getattr(it, "_all_nextrev", frozenset())
            before[it.revision] = above.union(*(before[other] for other in above))
        for it in reversed(revisions):
            told = migration(it, statements, arguments)
            self.told["migrations"].append({**told, "path": self.path(it), "before": sorted(before[it.revision])})

    def path(self, revision):
        """Not where links lead to."""
        return os.path.join(self.folder, os.path.relpath(os.path.realpath(revision.path)))

    def database(self):
        from sqlalchemy.engine.url import make_url

        url = make_url(self.url)
        names = (("host", url.host), ("port", url.port), ("user", url.username), ("dbname", url.database))
        found = {name: str(value) for name, value in names if value}
        # SQLAlchemy writes three asterisks where it hides one.
        if url.password is not None and str(url.password) != "***":
            found["password"] = str(url.password)
        for name in ("host", "port", "service", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey"):
            if isinstance(url.query.get(name), str):
                found[name] = url.query[name]
        if isinstance(url.query.get("ssl"), str) and "sslmode" not in found:
            found["sslmode"] = {"true": "require", "false": "disable"}.get(url.query["ssl"], url.query["ssl"])
        is_written = self.url_written is not None and str(self.url) == self.url_written
        place = os.path.relpath(os.path.join(self.script.dir, "env.py")).replace(os.sep, "/")
        return {"connection": found, "source": "sqlalchemy.url in alembic.ini" if is_written else place}


def version():
    import alembic

    return alembic.__version__


def migration(revision, statements, arguments):
    places = Places(revision.module.__file__)
    told = {
        "version": revision.revision,
        "title": title_of(revision),
        "inTransaction": True,
    }
    for direction, name in (("up", "upgrade"), ("down", "downgrade")):
        function = getattr(revision.module, name, None)
        try:
            if function is None:
                raise NotImplementedError(f"it has no {name}()")
            told[direction] = statements.of(lambda run=function: run(**arguments), places)
        except Exception as error:
            if not isinstance(error, (NeedsDatabase, NotImplementedError)):
                traceback.print_exc()
            told.update(lack(error, direction, places))
    operations, numbers = places.operations()
    for direction in ("up", "down"):
        for it in told.get(direction, ()):
            it["operation"] = numbers.get(it["operation"])
    told["operations"] = operations
    return told


def lack(error, direction, places):
    """What is told in the place of statements."""
    place = places.of(error)
    says = str(error) if isinstance(error, NeedsDatabase) else trouble(error)
    if direction == "down" and (isinstance(error, NotImplementedError) or places.is_raised(error)):
        return {"irreversible": says}
    if place is not None:
        whole = "it" if direction == "up" else "its way back"
        places.met[place]["note"] = f"Nothing of {whole} is rehearsed, since its SQL is known only when it runs: {says}."
    return {"untold" if direction == "up" else "untoldDown": f"{says}."}


def title_of(revision):
    first = next((line.strip() for line in (revision.doc or "").splitlines() if line.strip()), None)
    return first or os.path.splitext(os.path.basename(revision.path))[0]


class OtherPlan(Exception):
    def __init__(self, plan):
        super().__init__("Alembic would run something else")
        self.plan = plan


class Elsewhere(Exception):
    pass


def lead_to(copy, original):
    """Whatever SQLAlchemy would connect to the one database has the copy, wherever env.py has its URL from."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "do_connect")
    def led(dialect, record, arguments, parameters):
        for name in ("dbname", "database"):
            if parameters.get(name) == original:
                parameters[name] = copy
                if dialect.driver.startswith("psycopg"):
                    parameters["options"] = f"{parameters.get('options', '')} {WRITING}".strip()

    @event.listens_for(Engine, "before_cursor_execute")
    def begins(connection, cursor, statement, parameters, context, many):
        connection.info["rehearsal_began"] = time.monotonic()

    @event.listens_for(Engine, "after_cursor_execute")
    def ends(connection, cursor, statement, parameters, context, many):
        ran(statement, time.monotonic() - connection.info["rehearsal_began"], cursor.rowcount)


# The environment tells all other sessions to read only.
WRITING = "-c default_transaction_read_only=off"


def migrate(config, asked):
    from alembic.runtime.migration import MigrationContext

    script = script_of(config)
    run_migrations = MigrationContext.run_migrations

    def checked(context, **arguments):
        if not is_same_database(lambda sql: rows_of(context.connection, sql), asked["pid"]):
            raise Elsewhere(str(context.connection.engine.url.database))
        return run_migrations(context, **arguments)

    MigrationContext.run_migrations = checked
    if not asked["versions"]:
        begin(config, script)
    for version in asked["versions"]:
        if not step(config, script, asked["direction"], version):
            return


def begin(config, script):
    """Makes the table of the history."""
    try:
        run_env(config, script, "heads", as_sql=False, starting_rev=None, fn=lambda heads, context: [])
    except Elsewhere as other:
        tell({"elsewhere": str(other)})


def rows_of(connection, sql):
    from sqlalchemy import text

    return connection.execute(text(sql)).fetchall()


def step(config, script, direction, version):
    """Whether it went well; it has been told then."""
    has_begun = False

    def steps(heads, context):
        nonlocal has_begun
        plan = plan_of(script, direction, version, heads)
        names = [it.revision.revision for it in plan]
        if names != [version]:
            raise OtherPlan(names)
        if not has_begun:
            tell({"begins": version})
        has_begun = True
        return plan

    try:
        run_env(config, script, version, as_sql=False, starting_rev=None, fn=steps)
    except OtherPlan as other:
        tell({"otherPlan": other.plan, "version": version})
        return False
    except Elsewhere as other:
        tell({"elsewhere": str(other)})
        return False
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        if not has_begun:
            raise
        tell({"refused": version, **refusal(error), **lines_of_failure(script, version, error)})
        return False
    if not has_begun:
        raise RuntimeError("env.py has not called context.run_migrations()")
    tell({"done": version})
    return True


def plan_of(script, direction, version, heads):
    """As `alembic upgrade <version>` has it; backwards the one alone, where nothing stands upon it."""
    from alembic.runtime.migration import MigrationStep

    if direction == "up":
        return script._upgrade_revs(version, heads)
    if version not in heads:
        return script._downgrade_revs(version, heads)
    return [MigrationStep.downgrade_from_script(script.revision_map, script.get_revision(version))]


def lines_of_failure(script, version, error):
    places = Places(script.get_revision(version).module.__file__)
    place = places.of(error)
    return {} if place is None else {"from": place[0], "to": place[1]}


if __name__ == "__main__":
    main()
