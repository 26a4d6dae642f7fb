/** The directives of every tool, by the name of its layout. */
import { atlas } from './atlas';
import { dbmate } from './dbmate';
import { diesel } from './diesel';
import type { ToolDirectives } from './directive';
import { drizzle } from './drizzle';
import { flyway } from './flyway';
import { goose } from './goose';
import { graphileMigrate } from './graphileMigrate';
import type { LayoutName } from '../layout';
import { liquibase } from './liquibase';
import { nodePgMigrate } from './nodePgMigrate';
import { numbered } from './numbered';
import { sqlx } from './sqlx';

/** Of a tool that reads nothing but SQL. */
const none = (label: string, page: string, withoutTransaction: string): ToolDirectives => ({
  label,
  page,
  directives: [],
  withoutTransaction,
});

export const directives: Readonly<Record<LayoutName, ToolDirectives>> = {
  atlas,
  dbmate,
  diesel,
  django: none(
    'Django',
    'https://docs.djangoproject.com/en/stable/howto/writing-migrations/',
    'Django says so in Python: atomic = False.',
  ),
  drizzle,
  flyway,
  'golang-migrate': none(
    'golang-migrate',
    'https://github.com/golang-migrate/migrate/blob/master/database/postgres/README.md',
    'golang-migrate begins no transaction: a file with one statement runs outside of any.',
  ),
  goose,
  'graphile-migrate': graphileMigrate,
  liquibase,
  'node-pg-migrate': nodePgMigrate,
  numbered,
  prisma: none(
    'Prisma',
    'https://www.prisma.io/docs/orm/prisma-migrate',
    'Prisma begins no transaction: a file with one statement runs outside of any.',
  ),
  sqitch: none(
    'sqitch',
    'https://sqitch.org/docs/manual/sqitchtutorial/',
    'sqitch begins no transaction: leave out BEGIN and COMMIT.',
  ),
  sqlx,
  supabase: none(
    'Supabase',
    'https://supabase.com/docs/guides/deployment/database-migrations',
    'The Supabase CLI runs each file in one transaction; no file can be taken out of it.',
  ),
};
