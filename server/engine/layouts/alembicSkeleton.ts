/** A new revision as `alembic revision -m` writes it. */
import { randomBytes } from 'node:crypto';
import type { AlembicPlaces } from './alembicConfig';
import type { AlembicRevision } from './alembicRevisions';
import type { Skeleton } from './layout';

export interface NewRevision {
  readonly title: string;
  /** Those that it stands upon: the heads. */
  readonly below: readonly AlembicRevision[];
  readonly now: Date;
  /** The project's `script.py.mako`; undefined where there is none. */
  readonly template: string | undefined;
}

export function alembicSkeleton(places: AlembicPlaces, wanted: NewRevision): Skeleton {
  const revision = randomBytes(6).toString('hex');
  const beside = wanted.below.at(-1)?.fileName.replace(/[^/]*$/, '');
  const folder = places.versions.find((it) => it === beside) ?? places.versions[0] ?? '';
  const text = filled(wanted.template, wanted, revision) ?? filled(usualTemplate, wanted, revision) ?? '';
  const within = /def upgrade\([^]*?\n(?:\s*"""[^]*?"""\s*?\n)?[^\S\n]+(?=\S)/.exec(text);
  const cursor = within ? within.index + within[0].length : text.length;
  return { files: [{ name: `${folder}${fileNameOf(places, wanted, revision)}.py`, text }], cursor };
}

/** With the signs of time that Alembic knows; as it is by default where there are others. */
function fileNameOf(
  { fileTemplate, slugLength }: AlembicPlaces,
  { title, now }: NewRevision,
  revision: string,
): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const known: Readonly<Record<string, string>> = {
    '%(rev)s': revision,
    '%(slug)s': slugOf(title, slugLength),
    '%(epoch)s': String(Math.floor(now.getTime() / 1000)),
    '%(year)d': String(now.getFullYear()),
    '%(month).2d': two(now.getMonth() + 1),
    '%(day).2d': two(now.getDate()),
    '%(hour).2d': two(now.getHours()),
    '%(minute).2d': two(now.getMinutes()),
    '%(second).2d': two(now.getSeconds()),
  };
  const sign = /%\([^)]*\)[\d.]*[a-z]/g;
  const signs: readonly string[] = fileTemplate.match(sign) ?? [];
  const template = signs.includes('%(rev)s') && signs.every((it) => it in known) ? fileTemplate : '%(rev)s_%(slug)s';
  return template.replaceAll(sign, (it) => known[it] ?? it);
}

function slugOf(title: string, longest: number): string {
  const slug = (title.match(/[\p{L}\p{N}_]+/gu) ?? []).join('_').toLowerCase();
  return slug.length > longest ? `${slug.slice(0, longest).replace(/_[^_]*$/, '')}_` : slug;
}

/** @returns undefined where the template holds more of Mako than values */
function filled(
  template: string | undefined,
  { title, below, now }: NewRevision,
  revision: string,
): string | undefined {
  if (template === undefined) return undefined;
  const names = below.map((it) => it.revision);
  const quoted = names.map((it) => `'${it}'`).join(', ');
  const values: Readonly<Record<string, string>> = {
    message: title.replaceAll(/["\\\r\n]/g, ' '),
    up_revision: revision,
    'down_revision | comma,n': names.join(', '),
    create_date: timeOf(now),
    'imports if imports else ""': '',
    'repr(up_revision)': `'${revision}'`,
    'repr(down_revision)': names.length === 0 ? 'None' : names.length === 1 ? quoted : `(${quoted})`,
    'repr(branch_labels)': 'None',
    'repr(depends_on)': 'None',
    'upgrades if upgrades else "pass"': 'pass',
    'downgrades if downgrades else "pass"': 'pass',
  };
  const text = template.replaceAll(/\$\{([^}]*)\}/g, (all, inner: string) => values[inner.trim()] ?? all);
  return /\$\{|<%|^\s*%(?!%)/m.test(text) ? undefined : text;
}

/** Local, as Python prints it. */
function timeOf(now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 23)}000`;
}

const usualTemplate = [
  '"""${message}',
  '',
  'Revision ID: ${up_revision}',
  'Revises: ${down_revision | comma,n}',
  'Create Date: ${create_date}',
  '',
  '"""',
  'from alembic import op',
  'import sqlalchemy as sa',
  '',
  '# revision identifiers, used by Alembic.',
  'revision = ${repr(up_revision)}',
  'down_revision = ${repr(down_revision)}',
  'branch_labels = ${repr(branch_labels)}',
  'depends_on = ${repr(depends_on)}',
  '',
  '',
  'def upgrade():',
  '    ${upgrades if upgrades else "pass"}',
  '',
  '',
  'def downgrade():',
  '    ${downgrades if downgrades else "pass"}',
  '',
].join('\n');
