/** A new change as `sqitch add` makes it, and a new project as `sqitch init` does (v1.3.1: Command/add.pm, Command/init.pm). */
import { posix } from 'node:path';
import type { FolderContents, Skeleton } from './layout';
import { slugOf } from './numbers';
import type { SqitchPlaces } from './sqitchConfig';
import { isName, isReserved } from './sqitchNames';
import { readSqitchPlan, type SqitchPlan } from './sqitchPlan';
import { type SqitchSurroundings, sqitchSettings, sqitchUser } from './sqitchUser';

/**
 * @param title becomes the note; and the name, where it can be one as it is
 * @param around left out for a folder that is still to be made
 */
export function sqitchSkeleton(
  title: string,
  now: Date,
  folder: FolderContents | undefined,
  places: SqitchPlaces,
  around: SqitchSurroundings = { environment: {}, read: () => undefined },
): Skeleton {
  const former = folder?.read(places.plan);
  const text = former ?? newPlan(folder?.path);
  const plan = readSqitchPlan(text);
  const change = newName(title, plan);
  const { name, email } = sqitchUser(around, sqitchSettings(around).config);
  const date = `${now.toISOString().slice(0, 19)}Z`;
  const line = `${change} ${date} ${name} <${email}> # ${title
    .trim()
    .replaceAll('\\', '\\\\')
    .replaceAll(/[\r\n]+/g, ' ')}\n`;
  const scripts = scriptsOf(change, plan.project?.name ?? '');
  return {
    files: scripts.map(({ kind, text }) => ({ name: posix.join(places[kind], `${change}.${places.extension}`), text })),
    cursor: scripts[0].text.indexOf(filler),
    lists: [
      ...(former === undefined && folder?.read('sqitch.conf') === undefined
        ? [{ name: 'sqitch.conf', text: newConfig }]
        : []),
      { name: places.plan, text: `${text}${/(?:^|\n)$/.test(text) ? '' : '\n'}${plan.endsWithTag ? '\n' : ''}${line}` },
    ],
  };
}

/** What `sqitch add` writes (templates of sqitch 1.3). */
const filler = '-- XXX Add DDLs here.';

const scriptsOf = (change: string, project: string) =>
  [
    { kind: 'deploy', text: `-- Deploy ${project}:${change} to pg\n\nBEGIN;\n\n${filler}\n\nCOMMIT;\n` },
    { kind: 'revert', text: `-- Revert ${project}:${change} from pg\n\nBEGIN;\n\n${filler}\n\nCOMMIT;\n` },
    {
      kind: 'verify',
      text: `-- Verify ${project}:${change} on pg\n\nBEGIN;\n\n-- XXX Add verifications here.\n\nROLLBACK;\n`,
    },
  ] as const;

/** A name stands once: sqitch would have the former change reworked. */
function newName(title: string, { changes }: SqitchPlan): string {
  const slug = slugOf(title);
  const wanted = isGood(title.trim()) ? title.trim() : isGood(slug) ? slug : `change_${slug}`;
  const taken = new Set(changes.map(({ name }) => name));
  for (let i = 2, name = wanted; ; name = `${wanted}_${i++}`) if (!taken.has(name)) return name;
}

/** sqitch takes more, which is no good as the name of a file everywhere. */
const isGood = (text: string): boolean =>
  isName(text) && !isReserved(text) && /^[\p{L}\p{N}_-]+(?:[./][\p{L}\p{N}_-]+)*$/u.test(text);

function newPlan(path: string | undefined): string {
  const folder = posix.basename((path ?? '').replaceAll('\\', '/'));
  return `%syntax-version=1.0.0\n%project=${isGood(folder) ? folder : 'app'}\n\n`;
}

const newConfig = `[core]
	engine = pg
	# plan_file = sqitch.plan
	# top_dir = .
# [engine "pg"]
	# target = db:pg:
	# registry = sqitch
	# client = psql
`;
