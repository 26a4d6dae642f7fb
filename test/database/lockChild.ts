/** Takes and gives back the lock of one file many times, in a process of its own; prints what it saw. */
import { closeSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '../../server/engine/base/fault';
import { lockFile } from '../../server/engine/database/embeddedLock';

export interface Errand {
  readonly file: string;
  readonly times: number;
  /** Put in the place of every second lock before it is given back. */
  readonly dead: string;
}

async function run({ file, times, dead }: Errand): Promise<void> {
  writeFileSync(`${file}.here-${process.pid}`, '');
  // Not before the other one is there too.
  while (readdirSync(dirname(file)).filter((it) => it.includes('.here-')).length < 2) await nextTurn();
  for (let done = 0; done < times; ) {
    const release = tried(file);
    if (release) {
      // Fails when the other one is inside as well.
      closeSync(openSync(`${file}.inside`, 'wx'));
      await nextTurn();
      rmSync(`${file}.inside`);
      if (++done % 2 === 0) {
        writeFileSync(`${file}.dead`, dead);
        renameSync(`${file}.dead`, `${file}.lock`);
      }
      release();
    }
    await nextTurn();
  }
  process.stdout.write('never together');
}

function tried(file: string): (() => void) | undefined {
  try {
    return lockFile(file);
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'locked') return undefined;
    throw cause;
  }
}

const [, , errand] = process.argv;
if (errand !== undefined) void run(JSON.parse(errand));
