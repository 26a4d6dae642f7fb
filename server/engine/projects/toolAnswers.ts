/** What tools tell of projects whose migrations are programs: asked when something they read has changed, and kept. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join, normalize, resolve, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Fault } from '../base/fault';
import { systemCode } from '../base/systemError';
import { unlessUnreadable } from '../base/unlessUnreadable';
import { askedFolder } from '../layouts/asked';
import { contentsOf } from '../layouts/find';
import type { NamedDatabase, ToolProgram } from '../layouts/layout';
import type { MigrationFolder } from '../layouts/migration';
import type { Answer, ToldDatabase, ToldProject } from '../programs/answer';
import { interpreterOf, type Language } from '../programs/interpreter';
import { runProgram, withoutPasswords } from '../programs/runProgram';
import type { EngineOptions } from '../project';
import type { World } from '../world';
import type { Target } from './target';

export interface AskedProject extends Place {
  readonly folder: MigrationFolder;
}

/** Where the tool works. */
interface Place {
  /** As it would connect itself; undefined where it does not say. A fault where nobody has ever heard from it. */
  readonly database: NamedDatabase | Fault | undefined;
  readonly historyTable?: ToldProject['historyTable'];
}

/** The first start of a large project takes a while; one that hangs is ended; in milliseconds. */
export const patienceMs = 120_000;
/** Most answer within, and nobody sees a list that is drawn twice; in milliseconds. */
const waitMs = 2_000;

/** The database of the target, where it was chosen: a project of several names it by that. */
export interface WantedDatabase {
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
}

export function wantedDatabase({ parameters }: Target): WantedDatabase | undefined {
  const [host] = parameters?.hosts ?? [];
  return host && parameters && { host: host.name, port: host.port, dbname: parameters.database };
}

/** What a tool is asked. */
interface Subject {
  readonly found: MigrationFolder;
  readonly program: ToolProgram;
  readonly database: WantedDatabase | undefined;
}

/** A tool at work on what it is asked about one folder. */
interface Question {
  readonly stamp: string;
  readonly answer: Promise<AskedProject>;
  /** What somebody has who does not wait any longer; its answer, once that is there. */
  project: Promise<AskedProject>;
  readonly ending: AbortController;
}

export class ToolAnswers {
  /** By folder and database: what is asked, or was and is still so. */
  private readonly questions = new Map<string, Question>();
  /** By the same, the last answer. */
  private readonly told = new Map<string, AskedProject>();
  private readonly ending = new AbortController();

  constructor(
    private readonly world: World,
    private readonly options: Pick<EngineOptions, 'interpreters' | 'onAsking'>,
  ) {}

  /**
   * The same object again as long as nothing has changed. A tool that gives no answer leaves what the files tell; one
   * that takes long the last answer, where somebody is told when the new one comes.
   */
  async of(found: MigrationFolder, database?: WantedDatabase): Promise<AskedProject> {
    const { program } = found.layout;
    if (!program) return { folder: found, database: undefined };
    const subject = { found, program, database };
    const stamp = this.stampOf(subject);
    const known = this.questions.get(keyOf(subject));
    const question = known?.stamp === stamp ? known : this.ask(subject, stamp);
    return question.project;
  }

  /** The target has changed: what a tool tells of pending migrations may hang on what is there. */
  forget(folder: string): void {
    for (const key of [...this.questions.keys()]) if (key.startsWith(ofFolder(folder))) this.end(key);
  }

  private end(key: string): void {
    this.questions.get(key)?.ending.abort();
    this.questions.delete(key);
  }

  /** Programs that still run are ended. */
  close(): void {
    this.ending.abort();
  }

  private ask(subject: Subject, stamp: string): Question {
    const key = keyOf(subject);
    this.end(key);
    const ending = new AbortController();
    const answer = this.answered(subject, ending.signal);
    const question = { stamp, answer, project: this.soon(subject, answer), ending };
    this.questions.set(key, question);
    const hasAnswered = () => (question.project = answer);
    // What went wrong goes to who waits, and the next one asks anew.
    const hasFailed = () => this.questions.get(key) === question && this.questions.delete(key);
    answer.then(hasAnswered, hasFailed);
    return question;
  }

  private async soon(subject: Subject, answer: Promise<AskedProject>): Promise<AskedProject> {
    const { onAsking } = this.options;
    if (!onAsking) return answer;
    const quick = await Promise.race([answer, setTimeout(waitMs, undefined, { ref: false })]);
    if (quick) return quick;
    const { found } = subject;
    const { path, layout } = found;
    onAsking({ folder: path, tool: layout.label, done: answer });
    const asked = new Fault('tool-asked', `${layout.label} tells what the migrations in ${path} do.`);
    return this.told.get(keyOf(subject)) ?? { folder: found, database: asked };
  }

  /** One that was ended for another one waits for that. */
  private async answered(subject: Subject, signal: AbortSignal): Promise<AskedProject> {
    const answer = await this.projectOf(subject, signal);
    const key = keyOf(subject);
    if (signal.aborted && !this.ending.signal.aborted)
      return (this.questions.get(key) ?? this.ask(subject, this.stampOf(subject))).answer;
    this.told.set(key, answer);
    return answer;
  }

  private stampOf({ found: { path }, program }: Subject): string {
    const { interpreter } = programCall(this.world, this.options, { path }, program);
    const hash = createHash('sha256').update(interpreter.join('\0'));
    const folder = contentsOf(path, this.world.disk);
    for (const name of program.sources(folder)) hash.update(`\0${name}\0${folder.read(name) ?? ''}`);
    return hash.digest('hex');
  }

  private async projectOf(subject: Subject, signal: AbortSignal): Promise<AskedProject> {
    const { found } = subject;
    const began = performance.now();
    const answer = await this.answerOf(subject, signal);
    if ('trouble' in answer)
      return this.inTrouble(subject, `${found.layout.label} could not be asked: ${withoutPasswords(answer.trouble)}`);
    const { tool, otherServer, problems, database, others = [], historyTable } = answer;
    this.world.log(`${tool} told of ${found.path} in ${Math.round(performance.now() - began)} ms`);
    if (otherServer !== undefined)
      return this.inTrouble(subject, `${found.layout.label} is configured for ${otherServer}, not for Postgres.`);
    const databases = [...(database ? [database] : []), ...others].map(named);
    const folder = { ...(problems.length > 0 ? withTrouble(found, ...problems) : found), databases };
    const place = { database: database && named(database), ...(historyTable && { historyTable }) };
    if (answer.migrations.length === 0) return { folder, ...place };
    const read = (path: string) => unlessUnreadable(() => this.world.disk.read(path));
    return { folder: askedFolder(folder, inFolder(answer, found.path), read), ...place };
  }

  private inTrouble(subject: Subject, message: string): AskedProject {
    const folder = withTrouble(subject.found, message);
    const last = this.told.get(keyOf(subject));
    // What goes wrong now leads to no other database.
    if (last && !(last.database instanceof Fault)) return { ...last, folder };
    return { folder, database: new Fault('tool-failed', message) };
  }

  private async answerOf({ found, program, database }: Subject, signal: AbortSignal): Promise<Answer> {
    let answer: Answer | undefined;
    let last: string | undefined;
    const call = programCall(this.world, this.options, found, program);
    try {
      const code = await runProgram({
        ...call,
        environment: onlyReadingIn(call.environment),
        question: { question: 'migrations', folder: found.path, ...(database && { database }) },
        onTold: (told) => (answer = told as Answer),
        log: (line) => {
          if (line.trim() !== '') last = line;
          this.world.log(`${found.layout.label}: ${line}`);
        },
        limitMs: patienceMs,
        signal: AbortSignal.any([signal, this.ending.signal]),
      });
      return (
        answer ?? {
          trouble:
            code === undefined
              ? 'it was ended before it gave an answer, or gave none for two minutes.'
              : `${last ?? `it ended with code ${code}`}.`,
        }
      );
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      const [command] = call.interpreter;
      return { trouble: `${command} cannot be started (${code}). ${remedies[program.language]}` };
    }
  }
}

/** @returns what all keys of a folder begin with */
const ofFolder = (path: string): string => `${path}\0`;

const keyOf = ({ found: { path }, database }: Subject): string =>
  ofFolder(path) + (database ? JSON.stringify(database) : '');

/** As far as a project goes by libpq, also where it connects by itself. */
export const onlyReadingIn = (environment: World['environment']): World['environment'] => ({
  ...environment,
  PGOPTIONS: `${environment['PGOPTIONS'] ?? ''} -c default_transaction_read_only=on`.trim(),
});

const remedies = {
  python: 'Name the Python of the project in the setting rehearsal.python, or in the variable REHEARSAL_PYTHON.',
  ruby: 'Name the Ruby of the project in the setting rehearsal.ruby, or in the variable REHEARSAL_RUBY.',
};

const interpreterFor = (
  { interpreters }: Pick<EngineOptions, 'interpreters'>,
  { environment }: Pick<World, 'environment'>,
  language: Language,
): string | undefined => interpreters?.[language] ?? environment[`REHEARSAL_${language.toUpperCase()}`];

/** What all calls of a tool have in common. */
export const programCall = (
  world: Pick<World, 'assets' | 'environment'>,
  options: Pick<EngineOptions, 'interpreters'>,
  { path }: Pick<MigrationFolder, 'path'>,
  { language, script, calledIn }: ToolProgram,
) => {
  const folder = resolve(path, calledIn);
  const { assets, environment } = world;
  const chosen = interpreterFor(options, world, language);
  return {
    interpreter: interpreterOf(language, { chosen, environment, folder }),
    script: join(assets, 'programs', script),
    folder,
    environment,
  };
};

/** By the paths that the editor has: those of the tool lead through no links. */
function inFolder(told: ToldProject, path: string): ToldProject {
  const real = realpathSync(path);
  const migrations = told.migrations.map((it) => {
    const own = normalize(it.path);
    return { ...it, path: own.startsWith(real + sep) ? join(path, own.slice(real.length)) : own };
  });
  return { ...told, migrations };
}

/** Told at a file, for people see it there. */
function withTrouble(found: MigrationFolder, ...messages: readonly string[]): MigrationFolder {
  const path = found.migrations[0]?.upPath ?? found.path;
  const problems = [...found.problems, ...messages.map((message) => ({ path, message }))];
  return { ...found, problems };
}

/** As libpq reads pairs. */
function named({ connection, source }: ToldDatabase): NamedDatabase {
  const pairs = Object.entries(connection).map(
    ([name, value]) => `${name}='${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`,
  );
  return { connection: pairs.join(' '), source };
}
