/** Cases: what rehearsing these files says, on every major of Postgres. */
import { dbmate } from '../../server/engine/layouts/dbmate';
import { goose } from '../../server/engine/layouts/goose';
import type { Script, TransactionMode } from '../../server/engine/layouts/layout';
import type { Finding } from '../../server/engine/project';
import { Laps } from '../../server/engine/base/laps';
import { createChain } from '../../server/engine/rehearsal/chain';
import { findingsOf } from '../../server/engine/rehearsal/findings';
import type { Link, ScriptFile } from '../../server/engine/rehearsal/link';
import type { PlacedOutcome } from '../../server/engine/rehearsal/outcome';
import { unclosedFindings } from '../../server/engine/rehearsal/unclosed';
import { emptyLike } from '../../server/engine/shadow/base';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { noSetUp } from '../../server/engine/shadow/setUp';
import { loadParser } from '../../server/engine/sql/parse';
import { describeCases, type FixtureFile, parseFixture, renderFixture } from '../support/fixture';
import { privatePlaceOf } from '../support/places';
import { majors } from '../support/servers';

for (const major of majors) {
  describe(`rehearsal on PostgreSQL ${major}`, () => {
    let place: ShadowPlace;
    before(async () => {
      await loadParser();
      place = await privatePlaceOf(major);
    });
    after(() => place.close());
    describeCases('rehearsal', (source) => rehearseFixture(source, place));
  });
}

/**
 * The one place that knows how to call the engine: when its shape changes, no case has to.
 *
 * Every file is a migration; behind its name stands its transaction mode, or `together`: then all up scripts are in one
 * transaction. `x.down` is the down script of `x`. A file
 * with dbmate's markers or goose's annotations is read as that tool reads it, and holds both.
 */
async function rehearseFixture(source: string, place: ShadowPlace): Promise<string> {
  const { files } = parseFixture(source);
  const links = linksOf(files);
  const earlier: PlacedOutcome[] = [];
  const found = new Map<string, Finding[]>();
  const add = (file: ScriptFile, outcomes: readonly PlacedOutcome[]): void => {
    const findings = [
      ...findingsOf(
        outcomes,
        file.text,
        earlier,
        {
          on: place.label,
          rows: 'there',
          withRows: () => undefined,
          extensions: { place: 'private', ofTarget: undefined },
        },
        [file.path],
      ),
      ...unclosedFindings(file.scripts, outcomes),
    ];
    found.set(file.path, [...(found.get(file.path) ?? []), ...findings]);
  };
  await createChain(place).run(
    {
      base: emptyLike({ ...noSetUp, database: 'shop' }),
      links,
      wanted: () => ({ up: true, down: true }),
      isOpen: () => true,
      manner: 'whole',
      othersLookedAt: 'none',
      rowsAreAsked: false,
      observe: 'off',
      oneTransaction: files.some(({ name }) => name.endsWith(together)),
      limits: { statementMs: 2_000 },
    },
    ({ link, up, down }) => {
      add(link.up, up);
      earlier.push(...up);
      if (link.down) add(link.down, down);
    },
    new Laps('files'),
    new AbortController().signal,
  );
  const texts = new Map(files.map(({ name, text }) => [pathOf(name), text]));
  return renderFixture(
    files.map((file) => ({
      ...file,
      marks: (found.get(pathOf(file.name)) ?? []).map((it) => markOf(it, texts)),
    })),
  );
}

const together = ' together';

const pathOf = (name: string): string => name.split(' ')[0] ?? name;

function linksOf(files: readonly FixtureFile[]): Link[] {
  const read = files.map(({ name, text }) => scriptsOf(name, text));
  const downs = new Map(read.map((it) => [it.path.replace(/\.down$/, ''), it]));
  return read.flatMap((file) => {
    if (file.path.endsWith('.down')) return [];
    const down = downs.get(file.path);
    const [ups, own] = [directed(file, 'up'), directed(file, 'down')];
    return { up: ups, down: own.scripts.length > 0 ? own : down === file ? undefined : down };
  });
}

function scriptsOf(name: string, text: string): ScriptFile {
  const [, mode = 'transaction'] = name.replace(together, '').split(' ');
  const path = pathOf(name);
  if (text.includes('-- +goose Up')) return { path, text, scripts: goose.read('1_x.sql', text).scripts };
  if (text.includes('-- migrate:up')) return { path, text, scripts: dbmate.read('1_x.sql', text).scripts };
  const direction = path.endsWith('.down') ? 'down' : 'up';
  return { path, text, scripts: [{ direction, range: { start: 0, end: text.length }, mode: mode as TransactionMode }] };
}

const directed = ({ scripts, ...file }: ScriptFile, wanted: Script['direction']): ScriptFile => ({
  ...file,
  scripts: scripts.filter(({ direction }) => direction === wanted),
});

/** What is said about other places stands in the text of the finding, with what it points at. */
function markOf({ range, severity, sqlState, code, message, consequenceOf, related = [] }: Finding, texts: Texts) {
  const follows = consequenceOf ? ` (follows from ${consequenceOf.path})` : '';
  const places = related.map(
    (it) => ` [${it.message} ${it.path}: ${texts.get(it.path)?.slice(it.range.start, it.range.end)}]`,
  );
  return { range, says: `${severity} ${sqlState ?? code} ${message}${follows}${places.join('')}` };
}

type Texts = ReadonlyMap<string, string>;
