/** What is observed of statements, on real Postgres of every major and on the embedded one. */
import { embeddedDatabase } from '../../server/engine/database/embedded';
import type { Session } from '../../server/engine/database/session';
import { nothingKnown } from '../../server/engine/rehearsal/observation/counted';
import type { Start } from '../../server/engine/rehearsal/observation/observer';
import { loadParser } from '../../server/engine/sql/parse';
import { statementsOf } from '../../server/engine/sql/scan';
import { describeCases, fileNamed, type Mark as FixtureMark, parseFixture, renderFixture } from '../support/fixture';
import { assets } from '../support/places';
import { majors, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { begun, done, linesOf, observerOn, ran } from './observing';

type Use = (session: Session) => Promise<string>;

const places: Readonly<Record<string, (use: Use) => Promise<string>>> = {
  ...Object.fromEntries(
    majors.map((major) => [`PostgreSQL ${major}`, (use: Use) => withDatabase(major, (url) => withSession(url, use))]),
  ),
  'the embedded Postgres': async (use) => {
    const session = await embeddedDatabase({ file: undefined, assets, label: 'test', name: 'test' }).open('read');
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  },
};

for (const [place, within] of Object.entries(places)) {
  describe(`observation on ${place}`, () => {
    before(() => loadParser());
    describeCases('observation', (source) => within((session) => observeFixture(source, session)));
    describe('asked before each statement what was counted', () =>
      describeCases('observation', (source) =>
        within((session) => observeFixture(source, session, (start) => ({ ...start, counted: nothingKnown }))),
      ));
    // 14 drops a generated column without counting it.
    if (place !== 'PostgreSQL 14')
      describeCases('observationSince15', (source) => within((session) => observeFixture(source, session)));
  });
}

/** @param from what is known before a statement, by what is known behind the one before it */
async function observeFixture(
  source: string,
  session: Session,
  from = (start: Start): Start => start,
): Promise<string> {
  const { files } = parseFixture(source);
  const fixture = { files };
  await done(session, fileNamed(fixture, 'before').text);
  const observer = await observerOn(session);
  const { text } = fileNamed(fixture, 'migration');
  const marks: FixtureMark[] = [];
  await session.run('begin');
  let start = await begun(observer);
  for (const { text: sql, range } of statementsOf(text)) {
    const observed = await ran(session, observer, sql, from(start));
    start = observed.after;
    const word = { start: range.start, end: range.start + sql.search(/\s/) };
    for (const says of [...linesOf(observed.observation), ...observed.notices.map((it) => `notice ${it.message}`)])
      marks.push({ range: word, says });
  }
  await session.run('rollback');
  return renderFixture(files.map((file) => (file.name === 'migration' ? { ...file, marks } : file)));
}
