/** Scripts of ours that ask a tool: what they tell, what the project prints beside it, and that none outlives its time. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interpreterOf } from '../../server/engine/programs/interpreter';
import { type ProgramCall, runProgram } from '../../server/engine/programs/runProgram';
import { withFolder } from '../support/files';

interface Course {
  readonly told: unknown[];
  readonly log: string[];
  readonly code: number | undefined;
}

/** Node stands for Python: what is tested is how a program is run. */
const course = (program: string, changes: Partial<ProgramCall> = {}): Promise<Course> =>
  withFolder(async (folder) => {
    const script = join(folder, 'program.js');
    writeFileSync(script, program);
    const [told, log]: [unknown[], string[]] = [[], []];
    const code = await runProgram({
      interpreter: [process.execPath],
      script,
      folder,
      environment: process.env,
      question: { a: 'ü' },
      onTold: (it) => told.push(it),
      log: (line) => log.push(line),
      limitMs: 60_000,
      signal: new AbortController().signal,
      ...changes,
    });
    return { told, log, code };
  });

const waiting = `process.on('SIGINT', () => {}); console.log(JSON.stringify({ pid: process.pid })); setInterval(() => {}, 1000);`;

describe('a program that asks a tool', () => {
  it('gets the question, and tells line by line; what else is printed is for the log', async () => {
    const { told, log, code } = await course(
      `process.stdin.once('data', (line) => {
        console.log('noise {'); console.error('more'); console.log(String(line).trim()); console.log('{"b":1}'); process.exit(3); });`,
    );
    deepEqual(
      [told, log.toSorted(), code],
      [[{ a: 'ü' }, { b: 1 }], ['a line of 7 characters that is no JSON', 'more'], 3],
    );
  });

  it('that reads no question is told of by how it ends', async () => {
    const { code } = await course('process.stdin.destroy(); process.exit(4)', { question: 'x'.repeat(5_000_000) });
    equal(code, 4);
  });

  it('that cannot be started is told of', async () => {
    await rejects(course('', { interpreter: ['no-such-program-here'] }), { code: 'ENOENT' });
  });

  it('is ended with all it has started when its time is over, or nobody waits any more', async () => {
    const child = `const { spawn } = require('node:child_process');
      const it = spawn(process.execPath, ['-e', ${JSON.stringify(waiting)}], { stdio: ['ignore', 'inherit', 'ignore'] });
      it.on('exit', () => {}); setInterval(() => {}, 1000);`;
    const ending = new AbortController();
    // What it has started holds its output: as long as that runs, nobody is told of an end.
    const { code } = await course(child, { onTold: () => ending.abort(), signal: ending.signal });
    equal(code, undefined);
    equal((await course('setInterval(() => {}, 1000)', { limitMs: 300 })).code, undefined);
  });
});

describe('the interpreter of a project', () => {
  it('is what was chosen, else that of the virtual environment that is active or near', () =>
    withFolder((folder) => {
      const wishes = { chosen: undefined, environment: {}, folder };
      deepEqual(interpreterOf('python', { ...wishes, chosen: '/opt/python' }), ['/opt/python']);
      deepEqual(interpreterOf('python', wishes), ['python3']);
      deepEqual(interpreterOf('ruby', wishes), ['ruby']);
      writeFileSync(join(folder, 'Gemfile'), '');
      deepEqual(interpreterOf('ruby', wishes).slice(1), ['-rbundler/setup']);
    }));
});
