/** What would the tool tell of a migration whose file had another text? Nothing is written. */
import { realpathSync } from 'node:fs';
import { Fault } from '../base/fault';
import { askedFolder } from '../layouts/asked';
import type { ToolProgram } from '../layouts/layout';
import type { AskedFile } from '../layouts/migration';
import type { Answer } from '../programs/answer';
import { runProgram, withoutPasswords } from '../programs/runProgram';
import type { Ground } from './ground';
import { onlyReadingIn, patienceMs, programCall, wantedDatabase } from './toolAnswers';

/** @throws {Fault} `tool-failed` */
export async function toldInstead(
  { folder, world, options, bench }: Ground,
  program: ToolProgram,
  file: { readonly path: string; readonly text: string },
  signal: AbortSignal,
): Promise<AskedFile> {
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
  if (!answer || 'trouble' in answer)
    throw new Fault('tool-failed', `${label}: ${withoutPasswords(answer?.trouble ?? 'it gave no answer')}.`);
  const migrations = answer.migrations.filter(({ path }) => realpathSync(path) === instead.path);
  const told = askedFolder(folder, { ...answer, migrations }, () => file.text).asked;
  const [asked] = told?.values() ?? [];
  if (!asked) throw new Fault('tool-failed', `${label} has told nothing of ${file.path}.`);
  return asked;
}
