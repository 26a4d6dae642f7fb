/** The migration tools we know. A folder is asked in this order: what is written inside tells more than names do. */
import { alembic } from './alembic';
import { atlas } from './atlas';
import { dbmate } from './dbmate';
import { diesel } from './diesel';
import { django } from './django';
import { drizzle } from './drizzle';
import { flyway } from './flyway';
import { golangMigrate } from './golangMigrate';
import { goose } from './goose';
import { graphileMigrate } from './graphileMigrate';
import type { Layout } from './layout';
import { liquibase } from './liquibase';
import { nodePgMigrate } from './nodePgMigrate';
import { numbered } from './numbered';
import { prisma } from './prisma';
import { rails } from './rails';
import { sqitch } from './sqitch';
import { sqlx } from './sqlx';
import { supabase } from './supabase';

export const layouts: readonly Layout[] = [
  sqitch,
  liquibase,
  nodePgMigrate,
  atlas,
  supabase,
  prisma,
  drizzle,
  diesel,
  graphileMigrate,
  dbmate,
  goose,
  sqlx,
  golangMigrate,
  django,
  alembic,
  rails,
  flyway,
  numbered,
];
