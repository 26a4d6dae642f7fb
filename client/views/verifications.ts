/** The Test Explorer: of each migration its way up, its way down, and whether both together change nothing. */
import {
  type CancellationToken,
  type Disposable,
  l10n,
  Location,
  Range,
  type TestController,
  type TestItem,
  TestMessage,
  type TestRun,
  TestRunRequest,
  TestRunProfileKind,
  tests,
  Uri,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type VerifiedItem, VerifyRequest } from '../../server/protocol/verify';
import type { MigrationItem, ProjectItem } from '../../server/protocol/messages';
import type { Projects } from '../projects';
import { rangeOf } from '../ranges';
import { fullNameOf, labelOf } from '../words';

export interface Verifications extends Disposable {
  readonly controller: TestController;
  /** What the explorer runs. */
  run(request: TestRunRequest, token: CancellationToken): Promise<void>;
  /** What was tried elsewhere, as a run of its own. */
  show(told: readonly VerifiedItem[]): void;
}

/** One migration in the explorer. */
interface Subject {
  readonly project: ProjectItem;
  readonly uri: string;
  readonly item: TestItem;
}

const parts = ['up', 'down', 'roundTrip'] as const;

export function showVerifications(client: LanguageClient, projects: Projects): Verifications {
  const controller = tests.createTestController('rehearsal', l10n.t('Migrations'));
  let subjects: readonly Subject[] = [];
  const draw = (): void => {
    subjects = projects.current.flatMap((project) => (project.onlyUp ? [] : drawProject(controller, project)));
    const shown = new Set(subjects.map(({ project }) => project.folder));
    controller.items.forEach(({ id }) => {
      if (!shown.has(id)) controller.items.delete(id);
    });
  };
  const runWanted = (request: TestRunRequest, token: CancellationToken): Promise<void> =>
    run(controller, client, wantedOf(request, subjects), request, token);
  const profile = controller.createRunProfile(l10n.t('Up and Down Again'), TestRunProfileKind.Run, runWanted, true);
  const listening = projects.onDidChange(draw);
  draw();
  return {
    controller,
    run: runWanted,
    show(told) {
      const shown = told.flatMap((it) => {
        const subject = subjects.find(({ uri }) => uri === it.uri);
        return subject ? [{ item: subject.item, told: it }] : [];
      });
      const items = shown.map(({ item }) => item);
      // The focus stays where it is: a message tells it, too.
      const running = controller.createTestRun(new TestRunRequest(items, undefined, profile, false, true));
      for (const it of shown) tell(running, it.item, it.told);
      running.end();
    },
    dispose() {
      listening.dispose();
      profile.dispose();
      controller.dispose();
    },
  };
}

function drawProject(controller: TestController, project: ProjectItem): Subject[] {
  const { folder, migrations } = project;
  const root = controller.items.get(folder) ?? controller.createTestItem(folder, labelOf(project), Uri.parse(folder));
  controller.items.add(root);
  const subjects = migrations.flatMap((migration) => {
    const { uri } = migration;
    return uri === undefined ? [] : [{ project, uri, item: drawMigration(controller, root, migration, uri) }];
  });
  const ids = new Set(subjects.map(({ item }) => item.id));
  root.children.forEach(({ id }) => {
    if (!ids.has(id)) root.children.delete(id);
  });
  return subjects;
}

function drawMigration(
  controller: TestController,
  root: TestItem,
  { version, title, downUri }: MigrationItem,
  uri: string,
): TestItem {
  const known = root.children.get(uri);
  const item = known ?? controller.createTestItem(uri, title === '' ? version : title, Uri.parse(uri));
  item.description = version;
  item.sortText = String(root.children.size).padStart(6, '0');
  if (known) return item;
  const labels = { up: l10n.t('Up'), down: l10n.t('Down'), roundTrip: l10n.t('Up and down again') };
  for (const part of parts) {
    const file = part === 'up' ? uri : (downUri ?? uri);
    const child = controller.createTestItem(`${uri}#${part}`, labels[part], Uri.parse(file));
    child.sortText = String(parts.indexOf(part));
    item.children.add(child);
  }
  root.children.add(item);
  return item;
}

/** Those asked for, by themselves, by what is above them or by one of their parts. */
function wantedOf({ include, exclude = [] }: TestRunRequest, subjects: readonly Subject[]): readonly Subject[] {
  const isIn = (items: readonly TestItem[], { project, item }: Subject) =>
    items.some(({ id, parent }) => id === item.id || id === project.folder || parent?.id === item.id);
  return subjects.filter((it) => (include === undefined || isIn(include, it)) && !isIn(exclude, it));
}

async function run(
  controller: TestController,
  client: LanguageClient,
  subjects: readonly Subject[],
  request: TestRunRequest,
  token: CancellationToken,
): Promise<void> {
  const running = controller.createTestRun(request);
  for (const { item } of subjects) item.children.forEach((it) => running.enqueued(it));
  for (const { project, uri, item } of subjects) {
    if (token.isCancellationRequested) break;
    item.children.forEach((it) => running.started(it));
    try {
      const [told] = await client.sendRequest(VerifyRequest, { folder: project.folder, uri }, token);
      if (told) tell(running, item, told);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const message = new TestMessage(error.message);
      item.children.forEach((it) => running.errored(it, message));
    }
  }
  running.end();
}

function tell(running: TestRun, item: TestItem, told: VerifiedItem): void {
  const { kind, ms } = told;
  const part = (name: (typeof parts)[number]): TestItem => item.children.get(`${item.id}#${name}`) ?? item;
  running.appendOutput(outputOf(told), undefined, item);
  if (kind === 'untried') {
    running.failed(part('up'), messageOf(told, part('up')), ms);
    running.skipped(part('down'));
    running.skipped(part('roundTrip'));
    return;
  }
  running.passed(part('up'), ms);
  if (kind === 'fails' || kind === 'missing' || kind === 'impossible') {
    running.failed(part('down'), messageOf(told, part('down')));
    running.skipped(part('roundTrip'));
    return;
  }
  running.passed(part('down'), ms);
  if (kind === 'exact') running.passed(part('roundTrip'), ms);
  else running.failed(part('roundTrip'), messageOf(told, part('roundTrip')), ms);
}

/** For the panel of results, which is a terminal. */
function outputOf(verified: VerifiedItem): string {
  const { says, details, diff } = verified;
  const lines = [`${fullNameOf(verified)}: ${says}`, ...details.map((it) => `  ${it}`)];
  const changed = diff === undefined ? [] : diff.split('\n').map((it) => `    ${it}`);
  return [...lines, ...changed, ''].join('\r\n');
}

/** At the statement that is refused, else at the head of the file: without a place it could not be opened beside it. */
function messageOf({ says, details, at, before, after }: VerifiedItem, { uri }: TestItem): TestMessage {
  const words = [says, ...details].join('\n');
  const message =
    before === undefined || after === undefined ? new TestMessage(words) : TestMessage.diff(words, before, after);
  if (at) message.location = new Location(Uri.parse(at.uri), rangeOf(at.range));
  else if (uri) message.location = new Location(uri, new Range(0, 0, 0, 0));
  return message;
}
