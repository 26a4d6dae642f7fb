/** Facts from flyway/flyway 13, documentation/Reference: Script Configuration, Flyway Placeholders Namespace. */
import type { Directive, ToolDirectives } from './directive';

/** Flyway reads the names of placeholders in any case. */
const placeholder = (name: string, says: string): Directive => ({
  name,
  text: `\${flyway:${name}}`,
  snippet: `\\\${flyway:${name}\\}`,
  place: { kind: 'within' },
  pattern: new RegExp(`\\$\\{flyway:${name}\\}`, 'gi'),
  likeness: { words: [`flyway ${name}`], head: `\${flyway:${name}}` },
  says,
});

export const directives: ToolDirectives = {
  page: 'https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-placeholders',
  all: [
    placeholder('defaultSchema', 'The default schema of Flyway.'),
    placeholder('user', 'The user that Flyway connects as.'),
    placeholder('database', 'The name of the database in the connection’s URL.'),
    placeholder('timestamp', 'When Flyway read the script: `yyyy-MM-dd HH:mm:ss`.'),
    placeholder('filename', 'The file name of this script.'),
    placeholder('workingDirectory', 'The folder that Flyway was started in.'),
    placeholder('table', 'The name of Flyway’s history table.'),
    placeholder('environment', 'The name of the environment that this run is configured for.'),
  ],
  withoutTransaction:
    'Flyway is asked for that by "executeInTransaction=false" in a file beside it that has the same name with ".conf" behind; for CREATE INDEX CONCURRENTLY and the like it does so by itself.',
};
