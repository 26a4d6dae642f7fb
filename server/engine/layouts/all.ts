/** The migration tools we know. A folder is asked in this order: what is written inside tells more than names do. */
import { dbmate } from './dbmate';
import { flyway } from './flyway';
import { drizzle } from './drizzle';
import { goose } from './goose';
import { golangMigrate } from './golangMigrate';
import { graphileMigrate } from './graphileMigrate';
import type { Layout } from './layout';
import { numbered } from './numbered';
import { prisma } from './prisma';

export const layouts: readonly Layout[] = [
  prisma,
  drizzle,
  graphileMigrate,
  dbmate,
  goose,
  golangMigrate,
  flyway,
  numbered,
];
