/**
 * Rows that only the target has and rows that the shadow has too come to the same: each case of the probes is rehearsed
 * both ways, and Postgres itself is asked where the rows are.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { FileCheck, Project } from '../../server/engine/project';
import { statementsOf } from '../../server/engine/sql/scan';
import { refusedFirst } from '../probes/support';
import { demand } from '../shadow/support';
import { fileNamed, parseFixture } from '../support/fixture';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, withWorkspace } from './support';

const file = 'migrations/001_x.sql';

/** What one statement was found guilty of first. */
interface Verdict {
  readonly index: number;
  readonly sqlState: string | undefined;
  readonly message: string;
}

const major = servers.newest;

for (const room of ['probes', 'probesOfNewest'])
  describe(`${room}, with the rows in the shadow and without`, () => {
    for (const name of readdirSync(`test/cases/${room}`))
      it(`${name.replace('.sql', '')} has the same verdicts`, async () => {
        const fixture = parseFixture(readFileSync(`test/cases/${room}/${name}`, 'utf8'));
        const [schema, rows] = [fileNamed(fixture, 'schema'), fileNamed(fixture, 'rows')];
        await withDatabase(major, (url) =>
          withWorkspace({ [file]: 'select' }, async ({ engine, write, path }) => {
            await withSession(url, (session) => demand(session, schema.text + rows.text));
            const options = { target: on(url), shadow: 'private', binaries: [binariesOf(major)] } as const;
            const [asking, copying] = [
              await projectOf(engine(options)),
              await projectOf(engine({ ...options, shadowDataLimit: 100 })),
            ];
            await verdictOf(copying, path(file), '');
            equal(await copying.copyRows(), true);
            for (const migration of fixture.files) {
              if (migration === schema || migration === rows) continue;
              const { name: title, text } = migration;
              write(file, text);
              const real = await withSession(url, (session) => refusedFirst(session, text));
              const [asked, copied] = [
                await verdictOf(asking, path(file), text),
                await verdictOf(copying, path(file), text),
              ];
              deepEqual({ title, ...brief(copied) }, { title, ...brief(real) });
              if (!title.endsWith('unknown')) deepEqual({ title, said: copied }, { title, said: asked });
            }
          }),
        );
      }).timeout(180_000);
  });

const brief = (it: { readonly index: number; readonly sqlState: string | undefined } | undefined) =>
  it && { index: it.index, sqlState: it.sqlState };

/** As an editor shows it when nobody types. */
async function verdictOf(project: Project, path: string, text: string): Promise<Verdict | undefined> {
  let last: FileCheck | undefined;
  await project.check({ open: [path] }, (it) => (last = it), never);
  const [first] = last?.findings.filter(({ severity }) => severity === 'error') ?? [];
  if (!first) return undefined;
  const { sqlState, message, range } = first;
  const index = statementsOf(text).findIndex((it) => it.range.start <= range.start && range.end <= it.range.end);
  return { index, sqlState, message };
}
