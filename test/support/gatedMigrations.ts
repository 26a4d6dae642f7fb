/** Two migrations for tests that end a process in the middle of the second: it waits at a gate. */
import { gated } from './gate';

export const [first, second] = ['db/migrations/1_a.sql', 'db/migrations/2_b.sql'] as const;

export const migration = (sql: string): string => `-- migrate:up\n${sql}\n-- migrate:down\n`;

export const files = {
  [first]: migration('create table a (id int);\ninsert into a values (1);'),
  [second]: migration(`create table b (id int);\n${gated};`),
};

/** Of a request that changes the target. */
export const consent = { disconnect: true, progress: 'p', snapshot: false };
