/**
 * Alembic, also under Flask-Migrate: revisions in Python, of which `env.py` tells the SQL.
 *
 * Facts from sqlalchemy/alembic 1.8 to 1.20: alembic/script/base.py, alembic/templates.
 */
import { alembicPlaces } from './alembicConfig';
import { withDowngrade } from './alembicDowngrade';
import { foundIn, headsOf, nameOfFile, revisionsIn } from './alembicRevisions';
import { alembicSkeleton } from './alembicSkeleton';
import type { FolderContents, Layout } from './layout';

export const alembic: Layout = {
  name: 'alembic',
  label: 'Alembic',
  directives: {
    page: 'https://alembic.sqlalchemy.org/en/latest/ops.html',
    all: [],
    withoutTransaction: 'Alembic says so in Python: with op.get_context().autocommit_block():',
  },
  twice: 'Alembic loads the one that it meets last.',
  program: {
    language: 'python',
    script: 'ask_alembic.py',
    documents: { language: 'python', pattern: '**/versions/**/*.py' },
    watched: ['**/env.py'],
    calledIn: '.',
    sources,
  },

  withDown: withDowngrade,

  recognise: (folder) => alembicPlaces(folder)?.because,

  collect(folder) {
    const places = alembicPlaces(folder);
    return { files: places ? foundIn(revisionsIn(folder, places)) : [], problems: [] };
  },

  othersBelow({ names }) {
    return names;
  },

  readName: nameOfFile,

  read: () => ({ scripts: [], problems: [], outside: 'Alembic could not be asked for its SQL.' }),

  skeleton(title, _existing, now, folder) {
    const places = (folder && alembicPlaces(folder)) ?? usualPlaces;
    const below = folder ? headsOf(revisionsIn(folder, places)).slice(-1) : [];
    const template = folder?.read(`${places.script}script.py.mako`);
    return alembicSkeleton(places, { title, below, now, template });
  },
};

/** As `alembic init alembic` makes them. */
const usualPlaces = {
  because: '',
  script: 'alembic/',
  versions: ['alembic/versions/'],
  isRecursive: false,
  fileTemplate: '%(rev)s_%(slug)s',
  slugLength: 40,
  files: [],
};

/** What decides on revisions, their order and the database. */
function sources(folder: FolderContents): readonly string[] {
  const places = alembicPlaces(folder);
  if (!places) return [];
  const own = revisionsIn(folder, places).map(({ fileName }) => fileName);
  return ['.env', ...places.files, `${places.script}env.py`, ...own];
}
