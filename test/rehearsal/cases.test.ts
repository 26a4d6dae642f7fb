/** Cases: what rehearsing these files says, on the oldest and the newest Postgres. */
import type { Script, TransactionMode } from '../../server/engine/layouts/layout';
import type { Finding } from '../../server/engine/project';
import { createChain, type Link } from '../../server/engine/rehearsal/chain';
import { findingsOf, type PlacedOutcome } from '../../server/engine/rehearsal/findings';
import { emptyBase } from '../../server/engine/shadow/base';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { describeCases, parseFixture, renderFixture } from '../support/fixture';
import { placeOn } from '../support/places';
import { servers } from '../support/servers';

for (const major of [servers.oldest, servers.newest]) {
  describe(`rehearsal on PostgreSQL ${major}`, () => {
    let place: ShadowPlace;
    before(async () => {
      await loadParser();
      place = await placeOn(major);
    });
    after(() => place.close());
    describeCases('rehearsal', (source) => rehearseFixture(source, place));
  });
}

/**
 * The one place that knows how to call the engine: when its shape changes, no case has to.
 *
 * Every file is a migration; behind its name stands its transaction mode.
 */
async function rehearseFixture(source: string, place: ShadowPlace): Promise<string> {
  const { files } = parseFixture(source);
  const links = files.map(({ name, text }) => linkOf(name, text));
  const earlier: PlacedOutcome[] = [];
  const findings: Finding[][] = [];
  await createChain(place).run(
    {
      base: emptyBase,
      links,
      wanted: () => ({ up: true, down: false }),
      editing: true,
      layout: 'dbmate',
      limits: { statementMs: 2_000 },
    },
    ({ link, up }) => {
      findings.push(findingsOf(up, link.up.text, earlier, place.label, [link.up.path]));
      earlier.push(...up);
    },
    new AbortController().signal,
  );
  return renderFixture(files.map((file, i) => ({ ...file, marks: (findings[i] ?? []).map(markOf) })));
}

function linkOf(name: string, text: string): Link {
  const [path = '', mode = 'transaction'] = name.split(' ');
  const script: Script = { direction: 'up', range: { start: 0, end: text.length }, mode: mode as TransactionMode };
  return { up: { path, text, scripts: [script] }, down: undefined };
}

const markOf = ({ range, severity, sqlState, code, message, consequenceOf }: Finding) => ({
  range,
  says: `${severity} ${sqlState ?? code} ${message}${consequenceOf ? ` (follows from ${consequenceOf.path})` : ''}`,
});
