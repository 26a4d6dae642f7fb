/** The real Alembic and Flask-Migrate, of Debian, and a project of theirs. */
import { execFile } from 'node:child_process';
import { installModules } from './programs';

/** Debian's packages are for its own Python, which need not be the first one of the PATH. */
export const python = '/usr/bin/python3';

/** For ours to take the same. */
export function pythonVariables(): Readonly<Record<string, string>> {
  const packages = ['python3-alembic', 'python3-psycopg2', 'python3-flask-migrate'];
  installModules(python, '-c', 'import alembic, psycopg2, flask_migrate', packages);
  return { REHEARSAL_PYTHON: python, PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
}

/**
 * Runs it in a folder that is its project.
 *
 * @param program `alembic.config` or `flask`
 * @returns exit code and both outputs
 */
export function runPython(
  folder: string,
  program: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const env = { ...pythonVariables(), PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve, reject) => {
    execFile(python, ['-m', program, ...words], { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

/** As `alembic init` makes them, without logging. @param url of a test database */
export const alembicFiles = (url: string, configured = ''): Readonly<Record<string, string>> => ({
  'alembic.ini': `[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = ${ofSqlAlchemy(url)}\n`,
  'alembic/env.py': envOf(configured),
});

/** It knows no `postgres://`, and Python's configparser takes signs of per cent for its own. */
export const ofSqlAlchemy = (url: string): string => url.replace(/^postgres:/, 'postgresql:').replaceAll('%', '%%');

/** @param configured further arguments of `context.configure`, each with a comma behind it */
const envOf = (configured: string): string => `from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config

if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), ${configured})
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = engine_from_config(config.get_section("alembic"), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, ${configured})
        with context.begin_transaction():
            context.run_migrations()
`;

interface Revision {
  readonly below?: string | readonly string[];
  readonly needs?: string;
  /** Lines of Python. */
  readonly up?: readonly string[];
  readonly down?: readonly string[];
}

/** The text of a revision's file: the lines of `up` begin with the twelfth. */
export function revision(id: string, { below, needs, up = ['pass'], down = ['pass'] }: Revision): string {
  const written = (names: Revision['below']): string =>
    names === undefined
      ? 'None'
      : typeof names === 'string'
        ? `"${names}"`
        : `(${names.map((it) => `"${it}"`).join(', ')})`;
  const body = (lines: readonly string[]): string => lines.map((it) => `    ${it}\n`).join('');
  return `"""Makes ${id}"""
from datetime import datetime
from alembic import op
import sqlalchemy as sa

revision = "${id}"
down_revision = ${written(below)}
depends_on = ${written(needs)}


def upgrade():
${body(up)}

def downgrade():
${body(down)}`;
}
