/** The histories we can read and write, one for each layout. */
import type { LayoutName, ToolSettings } from '../layouts/layout';
import { configOf } from '../layouts/graphileMigrateConfig';
import { sqlxConfig } from '../layouts/sqlxConfig';
import { alembicHistory, alembicOptions } from './alembic';
import { atlasHistory, atlasOptions } from './atlas';
import { dbmateHistory, dbmateOptions } from './dbmate';
import { dieselHistory } from './diesel';
import { flywayHistory, flywayOptions } from './flyway';
import { djangoHistory } from './django';
import { drizzleHistory, drizzleOptions } from './drizzle';
import { golangMigrateHistory, golangMigrateTable } from './golangMigrate';
import { gooseHistory, gooseOptions } from './goose';
import { graphileMigrateHistory } from './graphileMigrate';
import type { History } from './history';
import { nodePgMigrateHistory, nodePgMigrateOptions } from './nodePgMigrate';
import { liquibaseHistory, liquibaseOptions } from './liquibase';
import { numberedHistory } from './numbered';
import { prismaHistory, prismaOptions } from './prisma';
import { railsHistory, railsOptions } from './rails';
import { supabaseHistory } from './supabase';
import { sqlxHistory } from './sqlx';
import { sqitchHistory, sqitchOptions } from './sqitch';

/** Each takes from what the tool would be told what is about its history. */
export const histories: Readonly<Record<LayoutName, (settings: ToolSettings) => History>> = {
  'golang-migrate': (settings) => golangMigrateHistory(golangMigrateTable(settings)),
  dbmate: (settings) => dbmateHistory(dbmateOptions(settings)),
  goose: (settings) => gooseHistory(gooseOptions(settings)),
  flyway: (settings) => flywayHistory(flywayOptions(settings)),
  'graphile-migrate': (settings) => graphileMigrateHistory(configOf(settings)),
  diesel: dieselHistory,
  django: djangoHistory,
  alembic: (settings) => alembicHistory(alembicOptions(settings)),
  rails: (settings) => railsHistory(railsOptions(settings)),
  prisma: (settings) => prismaHistory(prismaOptions(settings)),
  'node-pg-migrate': (settings) => nodePgMigrateHistory(nodePgMigrateOptions(settings)),
  drizzle: (settings) => drizzleHistory(drizzleOptions(settings)),
  supabase: supabaseHistory,
  atlas: (settings) => atlasHistory(atlasOptions(settings)),
  sqlx: (settings) => sqlxHistory(sqlxConfig(settings.read)),
  liquibase: (settings) => liquibaseHistory(liquibaseOptions(settings)),
  sqitch: (settings) => sqitchHistory(sqitchOptions(settings)),
  numbered: numberedHistory,
};
