/** Headless Chromium with a fresh profile, and a page in it. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { installChromium } from './install';

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: installChromium(() => undefined),
    headless: true,
    args: [
      // Root may not run Chromium's sandbox; the only page it opens is ours.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
    ],
  });
}

export async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  return context.newPage();
}
