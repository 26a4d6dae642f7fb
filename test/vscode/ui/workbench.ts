/** A workbench in a headless browser with the extension loaded, and the hands of a user in it. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { openPage, startBrowser } from '../host/browser';
import { type CodeServer, startCodeServer } from '../host/codeServer';

const root = join(__dirname, '../../..');

export interface Workbench {
  readonly page: Page;
  /** Absolute path of the folder that is open. */
  readonly workspace: string;
  readonly sidebar: Locator;
  readonly quickInput: Locator;
  readonly dialog: Locator;
  readonly statusBar: Locator;
  /** Runs a command by its title through the palette. */
  readonly command: (title: string) => Promise<void>;
  /** Shows a container of the activity bar. */
  readonly container: (name: string) => Promise<void>;
  readonly row: (text: string) => Locator;
  /** Notifications make no toasts when VS Code is driven by tests: they stand in the list behind the bell. */
  readonly notification: (text: string | RegExp) => Promise<Locator>;
  readonly useTheme: (name: string) => Promise<void>;
  /** Into test/screenshots. */
  readonly shot: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface WorkbenchOptions {
  /** Restricted Mode until the folder is trusted. */
  readonly restricted?: boolean;
  /** File to open, relative to the workspace. */
  readonly file?: string;
  /** Fills the empty folder that becomes the workspace; a copy of `workspace/` when missing. */
  readonly fill?: (folder: string) => void;
  /** Name of a `.code-workspace` file in the folder, to open instead of the folder. */
  readonly workspaceFile?: string;
}

/** For a `describe`: one workbench for its tests, closed after them; a failed test leaves a picture. */
export function useWorkbench(options: WorkbenchOptions = {}): () => Workbench {
  let open: Workbench | undefined;
  before(async function () {
    // The first one may have to install VS Code.
    this.timeout(600_000);
    open = await openWorkbench(options);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await open?.shot(`failed ${this.currentTest.title}`);
  });
  after(() => open?.close());
  return () => {
    if (!open) throw new Error('a workbench is open only while tests run');
    return open;
  };
}

async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-ui-'));
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  if (options.fill) options.fill(workspace);
  else cpSync(join(__dirname, '../workspace'), workspace, { recursive: true });
  const server = await startCodeServer({ folder, workspace, restricted: options.restricted === true });
  const browser = await startBrowser();
  const close = async (): Promise<void> => {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const page = await openPageOn(browser, server, options);
    return { ...handsOn(page), workspace, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPageOn(browser: Browser, server: CodeServer, options: WorkbenchOptions): Promise<Page> {
  const page = await openPage(browser);
  page.setDefaultTimeout(90_000);
  const address = new URL(
    server.url([
      ['extensionDevelopmentPath', server.remote(root)],
      ...(options.file ? [['openFile', server.remote(join(server.workspace, options.file))] as const] : []),
    ]),
  );
  if (options.workspaceFile) {
    address.searchParams.delete('folder');
    address.searchParams.set('workspace', join(server.workspace, options.workspaceFile));
  }
  await page.goto(address.href, { waitUntil: 'commit' });
  await page.locator('.monaco-workbench').waitFor();
  return page;
}

function handsOn(page: Page): Omit<Workbench, 'workspace' | 'close'> {
  const quickInput = page.locator('.quick-input-widget:visible');
  const sidebar = page.locator('.sidebar');
  const command = async (title: string): Promise<void> => {
    const row = quickInput.locator('.monaco-list-row').filter({ hasText: title }).first();
    // What takes the focus just then, such as a statement that is selected, closes it again.
    for (let left = 10; ; left--) {
      await page.keyboard.press('F1');
      try {
        await quickInput.locator('input').fill(`>${title}`, { timeout: 5_000 });
        return await row.click({ timeout: 10_000 });
      } catch (error) {
        if (left === 1) throw error;
        await page.keyboard.press('Escape');
      }
    }
  };
  return {
    page,
    sidebar,
    quickInput,
    dialog: page.locator('.monaco-dialog-box'),
    statusBar: page.locator('.statusbar'),
    command,
    row: (text) => sidebar.locator('.monaco-list-row').filter({ hasText: text }),
    async container(name) {
      const title = sidebar.locator('.composite.title').filter({ hasText: name });
      // A click on the icon of the container that is shown would hide it.
      if (await title.isVisible()) return;
      await page.locator(`.activitybar .action-label[aria-label^="${name}"]`).click();
      await title.waitFor();
    },
    async notification(text) {
      const found = page.locator('.notifications-center .notification-list-item').filter({ hasText: text }).first();
      // The list closes by itself when it becomes empty, before the awaited one has come.
      for (let left = 40; left > 0; left--) {
        await command('Notifications: Show Notifications');
        const shown = found.waitFor({ timeout: 2_000 });
        if (await shown.then(() => true).catch((error: unknown) => left === 1 && Promise.reject(error))) break;
      }
      return found;
    },
    async useTheme(name) {
      await command('Preferences: Color Theme');
      await quickInput.locator('input').fill(name);
      await quickInput.locator('.monaco-list-row').filter({ hasText: name }).first().click();
      await quickInput.waitFor({ state: 'hidden' });
    },
    async shot(name) {
      const folder = join(root, 'test/screenshots');
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}.png`) });
    },
  };
}
