/** Which state is behind the first links of a chain? Told by what their scripts say to Postgres, and what they begin on. */
import { digestOf } from '../../base/digest';
import { statementsIn } from '../../layouts/statements';
import { normalForm } from '../../sql/normalForm';
import type { Link, ScriptFile } from '../link';

/**
 * A name for the state behind each of the links; the same for all files that differ in white space and comments only.
 *
 * @param origin all that the states depend on beside the links
 * @param today matters to links that may make something else tomorrow
 */
export function fingerprintsOf(links: readonly Link[], origin: string, today: string): string[] {
  let state = digestOf(origin);
  let [reads, composes] = [false, false];
  return links.map(({ up }) => {
    const said = saidIn(up);
    state = digestOf(state, said.digest);
    reads ||= said.readsClock;
    composes ||= said.composes;
    return reads && composes ? digestOf(state, today) : state;
  });
}

interface Said {
  readonly digest: string;
  /** It asks for the time. */
  readonly readsClock: boolean;
  /** It makes objects that depend on values: a partition for this month, for example. */
  readonly composes: boolean;
}

const known = new WeakMap<ScriptFile, Said>();

/** What the scripts of a file say. */
export function saidIn(file: ScriptFile): Said {
  const former = known.get(file);
  if (former) return former;
  const texts = file.scripts.flatMap((script) => [
    script.mode,
    ...statementsIn(file.text, script).flatMap(({ kind, text, copyData = '' }) => [kind, normalForm(text), copyData]),
  ]);
  const said = {
    digest: digestOf(...texts),
    readsClock: texts.some((it) => clock.test(it)),
    composes: texts.some((it) => composed.test(it)),
  };
  known.set(file, said);
  return said;
}

/** PostgreSQL documentation 9.9.5, and what a text can hold: `'today'::date`. */
const clock =
  /\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|current_date|current_time|current_timestamp|localtime|localtimestamp|today|tomorrow|yesterday)\b/i;

/** SQL that is put together at run time; bounds of a partition, which are computed when it is made. */
const composed = /\bexecute\b(?!\W*(?:function|procedure)\b)|\bfor\W*values\b/i;
