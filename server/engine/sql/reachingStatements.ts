/** Which statements reach outside their database by what they are. */
import type { Reach } from './statement';
import type { Words } from './words';

/** @returns one reach at most; the worst one when a statement has several */
export function reachOfStatement(words: Words): Reach | undefined {
  for (const { pattern, where, says } of rules) {
    const [match] = pattern.exec(words.flat) ?? [];
    if (match !== undefined) return { where, says: `${says} (${commandIn(match)})` };
  }
  return undefined;
}

interface Rule {
  /** Looked for in the words outside of parentheses; its match, as far as it is words, is the command shown. */
  readonly pattern: RegExp;
  readonly where: Reach['where'];
  readonly says: string;
}

/**
 * C, and by custom every language whose name ends in `u`; the others by their documentation
 * (https://wiki.postgresql.org/wiki/PL_Matrix). An old style name may be a string.
 */
const untrusted = `(?:c|(?:pl|java)[a-z0-9_]*u|plsh|plr|plscheme|plruby|plphp|pllua_u)`;
const untrustedName = `["']?${untrusted}["']?(?= |$)`;

const otherServer = 'connects to another database server';
const ownProgram = 'lets the database server load or run what the setting names';

/** Those of the machine come first. */
const rules: readonly Rule[] = [
  { pattern: /^copy\b.* program(?= ')/, where: 'machine', says: 'starts a program on the database server' },
  { pattern: /^copy\b.* from(?= ')/, where: 'machine', says: 'reads a file of the database server' },
  { pattern: /^copy\b.* to(?= ')/, where: 'machine', says: 'writes a file of the database server' },
  { pattern: /^load(?= ')/, where: 'machine', says: 'loads a library into the database server' },
  { pattern: /^import foreign schema\b/, where: 'machine', says: otherServer },
  // A dump makes subscriptions with connect = false: on a shadow these have the slots of the real ones.
  { pattern: /^(?:create|alter|drop) subscription\b/, where: 'machine', says: otherServer },
  { pattern: /^create tablespace\b/, where: 'machine', says: 'uses a folder of the database server' },
  {
    pattern: new RegExp(`^create (?:or replace )?(?:function|procedure)(?=.* language ${untrustedName})`),
    where: 'machine',
    says: 'loads code that may do anything on the database server',
  },
  {
    pattern: new RegExp(`^do(?=.* language ${untrustedName})`),
    where: 'machine',
    says: 'runs code that may do anything on the database server',
  },
  {
    pattern: new RegExp(
      `^create (?:or replace )?(?:trusted )?(?:procedural )?language(?= ${untrustedName}|.* handler )`,
    ),
    where: 'machine',
    says: 'loads a language into the database server',
  },
  {
    pattern: new RegExp(`^create extension(?= (?:if not exists )?["']?(?:\\w+_)?(?!c\\b)${untrustedName})`),
    where: 'machine',
    says: 'loads a language that may do anything on the database server',
  },
  {
    pattern:
      /^(?:insert into|update|delete from|merge into)(?= (?:only )?(?:pg_catalog \. )?"?pg_(?:proc|language|operator|cast|event_trigger|aggregate|amproc|amop)\b)/,
    where: 'machine',
    says: 'writes to a system catalog what is run later, where nobody can follow it',
  },
  {
    pattern:
      /^alter (?:system|role|user|database)(?=.* (?:re)?set "?\w*(?:_command|_library|_libraries|_library_path|_directory|_file)\b)/,
    where: 'machine',
    says: ownProgram,
  },
  { pattern: /^alter system\b/, where: 'cluster', says: 'changes the settings of the whole server' },
  {
    pattern: /^(?:create|alter|drop) (?:role|group|user(?! mapping))\b/,
    where: 'cluster',
    says: 'changes the roles of the whole server',
  },
  {
    pattern: /^(?:grant|revoke)(?= (?:(?!on |to |from )\S+ )*(?:to|from) )/,
    where: 'cluster',
    says: 'changes who is a member of a role, on the whole server',
  },
  {
    pattern: /^(?:grant|revoke)(?= (?:(?!on |to |from )\S+ )*on (?:database|tablespace|parameter) )/,
    where: 'cluster',
    says: 'changes rights on what belongs to the whole server',
  },
  { pattern: /^(?:create|alter|drop) database\b/, where: 'cluster', says: 'changes the databases of the server' },
  { pattern: /^(?:alter|drop) tablespace\b/, where: 'cluster', says: 'changes the tablespaces of the server' },
  {
    pattern: /^comment on (?:database|role|tablespace)\b/,
    where: 'cluster',
    says: 'describes what belongs to the whole server',
  },
  {
    pattern: /^security label (?:for \S+ )?on (?:database|role|tablespace|subscription)\b/,
    where: 'cluster',
    says: 'labels what belongs to the whole server',
  },
  {
    pattern: /^(?:drop|reassign) owned\b/,
    where: 'cluster',
    says: 'changes what a role owns on the whole server',
  },
  {
    pattern: /^(?:prepare transaction|(?:commit|rollback) prepared)\b/,
    where: 'cluster',
    says: 'leaves or ends a prepared transaction on the server',
  },
  {
    pattern:
      /^(?:insert into|update|delete from|merge into)(?= (?:only )?(?:pg_catalog \. )?"?pg_(?:authid|auth_members|database|db_role_setting|parameter_acl|replication_origin|shdepend|shdescription|shseclabel|subscription|tablespace)\b)/,
    where: 'cluster',
    says: 'writes to a system catalog that all databases share',
  },
  { pattern: /^checkpoint$/, where: 'cluster', says: 'makes the whole server write to disk' },
];

/** `copy t from program` is COPY … PROGRAM: the first and the last word of long matches. */
function commandIn(match: string): string {
  const words = match.toUpperCase().split(' ');
  const short = words[0] === 'COPY' ? [words[0], '…', words.at(-1)] : words;
  return short.join(' ');
}
