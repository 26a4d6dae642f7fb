/** Which database are the migrations of a folder for? */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { candidatesIn } from '../database/candidates';
import { readConnection } from '../database/connection';
import { embeddedDatabase } from '../database/embedded';
import { type ConnectionParameters, withDatabase, withPassword } from '../database/parameters';
import { serverDatabase } from '../database/serverDatabase';
import type { EngineOptions, TargetChoice, TargetInfo } from '../project';
import type { SnapshotTarget } from '../snapshots/target';
import type { World } from '../world';

export type Target = SnapshotTarget & {
  readonly info: TargetInfo;
  /** Undefined for the embedded engine. */
  readonly parameters: ConnectionParameters | undefined;
};

export function resolveTarget(folder: string, options: EngineOptions, world: World): Target {
  throw new Error([folder, options, world].join());
}
