/** What would the tool tell of a migration whose file had another text? Nothing is written. */
import { realpathSync } from 'node:fs';
import { askedFolder } from '../layouts/asked';
import type { ToolProgram } from '../layouts/layout';
import type { AskedFile } from '../layouts/migration';
import type { Answer } from '../programs/answer';
import { runProgram, withoutPasswords } from '../programs/runProgram';
import type { Ground } from './ground';
import { onlyReadingIn, patienceMs, programCall, wantedDatabase } from './toolAnswers';

/** @returns why it tells nothing, as a whole sentence: a text that nobody has seen yet may be none for it */
export async function toldInstead(
  { folder, world, options, bench }: Ground,
  program: ToolProgram,
  file: { readonly path: string; readonly text: string },
  signal: AbortSignal,
): Promise<AskedFile | { readonly because: string }> {
  const { label } = folder.layout;
  const call = programCall(world, options, folder, program);
  const instead = { path: realpathSync(file.path), text: file.text };
  let answer: Answer | undefined;
  await runProgram({
    ...call,
    environment: onlyReadingIn(call.environment),
    question: { question: 'migrations', folder: folder.path, instead, database: wantedDatabase(bench.target) },
    onTold: (told) => (answer = told as Answer),
    log: (line) => world.log(`${label}: ${line}`),
    limitMs: patienceMs,
    signal,
  });
  signal.throwIfAborted();
  if (!answer) return { because: `${label} gave no answer.` };
  if ('trouble' in answer)
    return { because: `${label} cannot read it: ${withoutPasswords(answer.trouble).replace(/\.$/, '')}.` };
  const migrations = answer.migrations.filter(({ path }) => realpathSync(path) === instead.path);
  const told = askedFolder(folder, { ...answer, migrations }, () => file.text).asked;
  const [asked] = told?.values() ?? [];
  return asked ?? { because: `${label} tells nothing of ${file.path}.` };
}
