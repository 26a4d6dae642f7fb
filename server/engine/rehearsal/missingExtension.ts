/** An extension that is asked for and not there: where it is rehearsed, or where it will be applied. */
import type { Refusal } from '../database/session';
import type { Finding } from '../project';
import type { ShadowPlace } from '../shadow/place';
import { quotedIn } from '../sql/blame';
import { headOf } from '../sql/head';
import type { Shape } from '../sql/statement';
import type { PlacedOutcome } from './outcome';

/** Whose extensions count. */
export interface Extensions {
  readonly place: ShadowPlace['kind'];
  /** Those that the target's server could install; undefined where the target is no server. */
  readonly ofTarget: ReadonlySet<string> | undefined;
}

/** The name of the extension whose files the server lacks, which may be one that another asks for by `CASCADE`. */
function extensionMissing({ node }: Shape, { sqlState, message, hint }: Refusal): string | undefined {
  if (node !== 'CreateExtensionStmt') return undefined;
  // Other features that are not supported come without advice (PostgreSQL source, extension.c).
  if (sqlState === notAvailable && hint !== undefined) return quotedIn(message)[0];
  return sqlState === undefinedFile ? /([^/\\"]+)\.control"/.exec(message)?.[1] : undefined;
}

/** Since 15, feature_not_supported; before, undefined_file about the file that Postgres looked for. */
const [notAvailable, undefinedFile] = ['0A000', '58P01'];

/** Was it not made only because the place of the rehearsal lacks it? Then nothing is known of applying it. */
export function isMissingHere(outcome: PlacedOutcome, { ofTarget }: Extensions): boolean {
  if (outcome.kind !== 'refused') return false;
  const name = extensionMissing(outcome.shape, outcome.refusal);
  return name !== undefined && ofTarget?.has(name) === true;
}

/** @param on where it was rehearsed, for people */
export function missingFinding(
  outcome: PlacedOutcome & { kind: 'refused' },
  { place, ofTarget }: Extensions,
  on: string,
): Finding | undefined {
  const name = extensionMissing(outcome.shape, outcome.refusal);
  if (name === undefined) return undefined;
  const common = { range: outcome.range, code: 'extension-missing', detail: `Rehearsed on ${on}.` } as const;
  if (ofTarget?.has(name))
    return {
      ...common,
      severity: 'warning',
      message: `Not rehearsed: the extension ${name} is missing here. The server of the target has it.`,
      hint: elsewhere[place],
    };
  if (!ofTarget && place === 'embedded')
    return {
      ...common,
      severity: 'error',
      message: `The embedded Postgres has no extension ${name}.`,
      hint: 'Choose a database on a server that has it.',
    };
  return { ...common, ...lackedByServer(name) };
}

/** @returns the finding when the shadow has what the target's server has not */
export function missingAtTarget(
  { shape, statement }: PlacedOutcome & { kind: 'ran' },
  { ofTarget }: Extensions,
  on: string,
): Finding | undefined {
  const made = shape.node === 'CreateExtensionStmt' ? shape.makes[0] : undefined;
  if (!made || !ofTarget || ofTarget.has(made.name)) return undefined;
  return {
    range: headOf(statement),
    code: 'extension-missing',
    detail: `Rehearsed on ${on}, which has it.`,
    ...lackedByServer(made.name),
  };
}

const lackedByServer = (name: string) =>
  ({
    severity: 'error',
    message: `The server has no extension ${name}.`,
    hint: 'Its files must first be installed where the server runs.',
  }) as const;

const elsewhere: Readonly<Record<ShadowPlace['kind'], string>> = {
  embedded:
    'Install the binaries of the same major version with this extension on this machine, or set rehearsal.shadow to same-server or to the URL of a server that has it.',
  private:
    'Install it for the binaries in use, or set rehearsal.shadow to same-server or to the URL of a server that has it.',
  url: 'Install it on the server that rehearsal.shadow names, or name another one.',
  'same-server': 'Its files must first be installed where the server runs.',
};
