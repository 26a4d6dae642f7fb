/** Migrations that change nothing when they are run again: rewritten, and run twice on a shadow. */
import { basename } from 'node:path';
import { Fault } from '../base/fault';
import { byPlace } from '../base/text';
import { keysIn } from '../idempotence/keys';
import { type Cut, type LeftStatement, type Rewritten, rewritten } from '../idempotence/rewrite';
import { fileOf } from '../layouts/migration';
import { statementsIn } from '../layouts/statements';
import { previewOf } from '../preview/preview';
import type { Idempotence } from '../project';
import type { PlacedOutcome } from '../rehearsal/outcome';
import { contentsOf, type TableContents } from '../rows/contents';
import type { Shadow } from '../shadow/place';
import type { Link, ScriptFile } from '../rehearsal/link';
import type { Base } from '../shadow/base';
import type { Ground, SeenMigration } from './ground';
import type { ReadFile } from './links';
import { look } from './look';
import { spanOf, upsOnly } from './previewing';
import type { Workshop } from './workshop';

/** In turn only. As Project.makeIdempotent. */
export async function makeIdempotent(ground: Ground, path: string, signal: AbortSignal): Promise<Idempotence> {
  const { bench, folder } = ground;
  const { migrations } = await look(ground, signal);
  const { kind, chosen, span } = spanOf(path, migrations, folder.path);
  const asked = chosen[span.from];
  const file = asked?.files.get(path);
  if (!asked || !file) throw new Fault('no-such-migration', `${path} is not in ${folder.path}.`);
  if (folder.layout.program !== undefined || file.asked || file.scripts.length === 0)
    throw new Fault('by-hand', `${basename(path)} has no SQL of its own that could be rewritten.`);
  const before = chosen.slice(0, span.from).map(({ link }) => link);
  await bench.confirm(signal);
  const tried = await bench.withWorkshop(
    kind === 'live' && bench.hasNewRows ? 'withRows' : kind,
    chosen.flatMap(({ extensions }) => extensions),
    (workshop, base) => new Reruns(ground, workshop, base, before, signal).of(asked, file),
    signal,
  );
  const isApplied = (asked.state === 'applied' || asked.state === 'edited') && asked.link.up.path === path;
  return { ...tried, isApplied };
}

type Tried = Omit<Idempotence, 'isApplied'>;

/** A class because everything in it is run upon one base. */
class Reruns {
  constructor(
    private readonly ground: Ground,
    private readonly workshop: Workshop,
    private readonly base: Base,
    private readonly before: readonly Link[],
    private readonly signal: AbortSignal,
  ) {}

  async of({ link }: SeenMigration, file: ReadFile): Promise<Tried> {
    const { path, text } = file;
    const cut: Cut = (it) => fileOf(this.ground.folder, path, it, this.ground.world.files).scripts;
    const { up, down } = link;
    const [isUp, isDown] = [up.path === path, down?.path === path];
    // The last one: the schema that a down script finds, and what an up script has made.
    const [above] = await this.stands([onlyUp(up)], [1]);
    if (isUp && isRefused(above)) return this.told('refused', { ...nothing, text });
    const made = rewritten(text, cut, keysIn(above?.schema ?? ''));
    const scripts = cut(made.text);
    const rerun = (direction: 'up' | 'down'): Link =>
      onlyUp({ path, text: made.text, scripts: scripts.filter((it) => it.direction === direction) });
    const told: Tried[] = [];
    if (isUp) told.push(await this.compared([], onlyUp(up), rerun('up'), file, made));
    if (isDown && down) told.push(await this.compared([onlyUp(up)], onlyUp(down), rerun('down'), file, made));
    return joined(told, made);
  }

  /** The first run of what is rewritten is compared with what it was, the second one with the first. */
  private async compared(on: readonly Link[], was: Link, is: Link, file: ReadFile, made: Rewritten): Promise<Tried> {
    const count = on.length + 1;
    const [once] = await this.stands([...on, was], [count]);
    if (isRefused(once)) return this.told('refused', made);
    const [first, second] = await this.stands([...on, is, { ...is }], [count, count + 1]);
    if (!once || !first || !second) throw new Error('each count has a stand');
    const wrong = difference(once, first);
    if (isRefused(first) || wrong.changes.length > 0 || wrong.tables.length > 0)
      return this.told('differs', made, wrong);
    const again = difference(first, second);
    const direction = is.up.scripts[0]?.direction;
    const statements = file.scripts
      .filter((it) => it.direction === direction)
      .flatMap((it) => statementsIn(file.text, it));
    const refused = second.outcomes.flatMap((it, i): LeftStatement[] => {
      const range = statements[i]?.range;
      return it.kind === 'ran' || !range ? [] : [{ range, why: whyRefused(it) }];
    });
    const own = made.left.filter(({ range }) => statements.some((it) => it.range.start === range.start));
    const left = [...own, ...refused.filter(({ range }) => !own.some((it) => it.range.start === range.start))];
    const isSame = left.length === 0 && again.changes.length === 0 && again.tables.length === 0;
    return this.told(isSame ? (made.edits.length > 0 ? 'rewritten' : 'already') : 'partly', { ...made, left }, again);
  }

  private async stands(links: readonly Link[], counts: readonly number[]): Promise<readonly Stand[]> {
    const request = upsOnly(this.ground, this.base, [...this.before, ...links]);
    const from = this.before.length;
    const read = async (shadow: Shadow) => ({
      schema: await shadow.dump(this.signal),
      tables: (await contentsOf(shadow.session)).tables,
    });
    const behind = await this.workshop.chain.behind(
      request,
      counts.map((it) => from + it),
      read,
      this.signal,
    );
    return behind.map(({ told, outcomes }) => ({ ...told, outcomes: outcomes.at(-1) ?? [] }));
  }

  private told(verdict: Idempotence['verdict'], made: Rewritten, differs: Difference = none): Tried {
    const { text, edits, changed, left } = made;
    const { label } = this.workshop.place;
    return { verdict, text, edits, changed, left: left.toSorted(byPlace), ...differs, rehearsedOn: label };
  }
}

const onlyUp = (up: ScriptFile): Link => ({ up, down: undefined });

/** What is committed behind so many links. */
interface Stand {
  /** As pg_dump --schema-only gives it. */
  readonly schema: string;
  readonly tables: readonly TableContents[];
  /** Of the up scripts of the last link. */
  readonly outcomes: readonly PlacedOutcome[];
}

const isRefused = (stand: Stand | undefined): boolean =>
  stand?.outcomes.some(({ kind }) => kind === 'refused' || kind === 'ended') ?? false;

function whyRefused(outcome: Stand['outcomes'][number]): string {
  switch (outcome.kind) {
    case 'refused':
      return `The second run is refused: ${outcome.refusal.message}.`;
    case 'ended':
      return `The second run ended the connection: ${outcome.message}.`;
    case 'skipped':
    case 'ran':
      return 'It is not run in a rehearsal, so that nobody knows.';
  }
}

type Difference = Pick<Idempotence, 'changes' | 'tables'>;

const none: Difference = { changes: [], tables: [] };
const nothing: Omit<Rewritten, 'text'> = { edits: [], changed: [], left: [] };

function difference(was: Stand, is: Stand): Difference {
  const { changes } = previewOf({ before: was.schema, after: is.schema });
  const rows = new Map(was.tables.map((it) => [it.name, it]));
  const others = is.tables.filter((it) => {
    const former = rows.get(it.name);
    return former && (former.rows !== it.rows || former.digest !== it.digest);
  });
  return { changes, tables: others.map(({ name }) => name) };
}

/** From the best to the worst. */
const verdicts = [
  'already',
  'rewritten',
  'partly',
  'differs',
  'refused',
] as const satisfies readonly Idempotence['verdict'][];

/** Of both directions of one file. */
function joined(told: readonly Tried[], made: Rewritten): Tried {
  const [worst] = told.toSorted((a, b) => verdicts.indexOf(b.verdict) - verdicts.indexOf(a.verdict));
  if (!worst) throw new Error('a file has a direction');
  return {
    ...worst,
    edits: made.edits,
    left: told.flatMap(({ left }) => left).toSorted(byPlace),
    changes: told.flatMap(({ changes }) => changes),
    tables: told.flatMap(({ tables }) => tables),
  };
}
