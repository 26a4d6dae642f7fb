/** Every command, in the order of the help. */
import { apply } from './apply';
import { branch } from './branch';
import { bundle } from './bundle';
import { check } from './check';
import type { Command } from './command';
import { environments } from './environments';
import { drift } from './drift';
import { makeIdempotent } from './makeIdempotent';
import { newMigration } from './newMigration';
import { preview } from './preview';
import { repair } from './repair';
import { restore } from './restore';
import { revert } from './revert';
import { snapshot } from './snapshot';
import { snapshots } from './snapshots';
import { status } from './status';
import { verify } from './verify';
import { trial } from './trial';
import { trials } from './trials';

export const commands: readonly Command[] = [
  check,
  status,
  preview,
  drift,
  makeIdempotent,
  verify,
  trial,
  trials,
  apply,
  revert,
  snapshot,
  snapshots,
  restore,
  branch,
  repair,
  environments,
  bundle,
  newMigration,
];
