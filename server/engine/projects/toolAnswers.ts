/** What tools tell of projects whose migrations are programs: asked when something they read has changed, and kept. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join, normalize, resolve, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Fault } from '../base/fault';
import { unlessUnreadable } from '../base/unlessUnreadable';
import { askedFolder } from '../layouts/asked';
import { contentsOf } from '../layouts/find';
import type { NamedDatabase, ToolProgram } from '../layouts/layout';
import type { MigrationFolder } from '../layouts/migration';
import type { Answer, ToldProject } from '../programs/answer';
import { interpreterOf, type Language } from '../programs/interpreter';
import { runProgram, withoutPasswords } from '../programs/runProgram';
import type { EngineOptions } from '../project';
import type { World } from '../world';

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
const patienceMs = 120_000;
/** Most answer within, and nobody sees a list that is drawn twice; in milliseconds. */
const waitMs = 2_000;

/** A tool at work on what it is asked about one folder. */
interface Question {
  readonly stamp: string;
  readonly answer: Promise<AskedProject>;
  /** What somebody has who does not wait any longer; its answer, once that is there. */
  project: Promise<AskedProject>;
  readonly ending: AbortController;
}

export class ToolAnswers {
  /** By folder: what is asked, or was and is still so. */
  private readonly questions = new Map<string, Question>();
  /** By folder, the last answer. */
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
  async of(found: MigrationFolder): Promise<AskedProject> {
    const { program } = found.layout;
    if (!program) return { folder: found, database: undefined };
    const stamp = this.stampOf(found, program);
    const known = this.questions.get(found.path);
    const question = known?.stamp === stamp ? known : this.ask(found, program, stamp);
    return question.project;
  }

  /** The target has changed: what a tool tells of pending migrations may hang on what is there. */
  forget(folder: string): void {
    this.questions.get(folder)?.ending.abort();
    this.questions.delete(folder);
  }

  /** Programs that still run are ended. */
  close(): void {
    this.ending.abort();
  }

  private ask(found: MigrationFolder, program: ToolProgram, stamp: string): Question {
    const { path } = found;
    this.forget(path);
    const ending = new AbortController();
    const answer = this.answered(found, program, ending.signal);
    const question = { stamp, answer, project: this.soon(found, answer), ending };
    this.questions.set(path, question);
    const hasAnswered = () => (question.project = answer);
    // What went wrong goes to who waits, and the next one asks anew.
    const hasFailed = () => this.questions.get(path) === question && this.questions.delete(path);
    answer.then(hasAnswered, hasFailed);
    return question;
  }

  private async soon(found: MigrationFolder, answer: Promise<AskedProject>): Promise<AskedProject> {
    const { onAsking } = this.options;
    if (!onAsking) return answer;
    const quick = await Promise.race([answer, setTimeout(waitMs, undefined, { ref: false })]);
    if (quick) return quick;
    const { path, layout } = found;
    onAsking({ folder: path, tool: layout.label, done: answer });
    const asked = new Fault('tool-asked', `${layout.label} tells what the migrations in ${path} do.`);
    return this.told.get(path) ?? { folder: found, database: asked };
  }

  /** One that was ended for another one waits for that. */
  private async answered(found: MigrationFolder, program: ToolProgram, signal: AbortSignal): Promise<AskedProject> {
    const answer = await this.projectOf(found, program, signal);
    if (signal.aborted && !this.ending.signal.aborted)
      return (this.questions.get(found.path) ?? this.ask(found, program, this.stampOf(found, program))).answer;
    this.told.set(found.path, answer);
    return answer;
  }

  private stampOf({ path }: MigrationFolder, program: ToolProgram): string {
    const { interpreter } = programCall(this.world, this.options, { path }, program);
    const hash = createHash('sha256').update(interpreter.join('\0'));
    const folder = contentsOf(path, this.world.disk);
    for (const name of program.sources(folder)) hash.update(`\0${name}\0${folder.read(name) ?? ''}`);
    return hash.digest('hex');
  }

  private async projectOf(found: MigrationFolder, program: ToolProgram, signal: AbortSignal): Promise<AskedProject> {
    const began = performance.now();
    const answer = await this.answerOf(found, program, signal);
    if ('trouble' in answer)
      return this.inTrouble(found, `${found.layout.label} could not be asked: ${withoutPasswords(answer.trouble)}`);
    const { tool, otherServer, problems, database, historyTable } = answer;
    this.world.log(`${tool} told of ${found.path} in ${Math.round(performance.now() - began)} ms`);
    if (otherServer !== undefined)
      return this.inTrouble(found, `${found.layout.label} is configured for ${otherServer}, not for Postgres.`);
    const folder = problems.length > 0 ? withTrouble(found, ...problems) : found;
    const place = { database: named(database), ...(historyTable && { historyTable }) };
    if (answer.migrations.length === 0) return { folder, ...place };
    const read = (path: string) => unlessUnreadable(() => this.world.disk.read(path));
    return { folder: askedFolder(folder, inFolder(answer, found.path), read), ...place };
  }

  private inTrouble(found: MigrationFolder, message: string): AskedProject {
    const folder = withTrouble(found, message);
    const last = this.told.get(found.path);
    // What goes wrong now leads to no other database.
    if (last && !(last.database instanceof Fault)) return { ...last, folder };
    return { folder, database: new Fault('tool-failed', message) };
  }

  private async answerOf(found: MigrationFolder, program: ToolProgram, signal: AbortSignal): Promise<Answer> {
    let answer: Answer | undefined;
    let last: string | undefined;
    const call = programCall(this.world, this.options, found, program);
    try {
      const code = await runProgram({
        ...call,
        environment: { ...call.environment, PGOPTIONS: `${call.environment['PGOPTIONS'] ?? ''} ${onlyReading}`.trim() },
        question: { question: 'migrations', folder: found.path },
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
      if (!(error instanceof Error) || !('code' in error)) throw error;
      const [command] = call.interpreter;
      return { trouble: `${command} cannot be started (${String(error.code)}). ${remedies[program.language]}` };
    }
  }
}

/** As far as a project goes by libpq, also where it connects by itself. */
const onlyReading = '-c default_transaction_read_only=on';

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
function named(database: ToldProject['database']): NamedDatabase | undefined {
  if (!database) return undefined;
  const pairs = Object.entries(database.connection).map(
    ([name, value]) => `${name}='${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`,
  );
  return { connection: pairs.join(' '), source: database.source };
}
