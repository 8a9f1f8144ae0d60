/** The demo page in a real browser: Debian's Chromium. Without one, its tests are skipped and say so. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { browserPath, BROWSERS } from '../../scripts/browser';
import { sayAloud } from './aloud';

if (browserPath === undefined) {
  sayAloud(`SKIPPED: these tests need one of ${BROWSERS.join(', ')}; install Debian’s package chromium`);
}

/** `describe` where there is a browser. */
export const describeInBrowser = browserPath === undefined ? describe.skip : describe;

/** A page, and what went wrong in it that no one caught. */
export interface OpenedPage {
  readonly page: Page;
  readonly uncaught: string[];
}

/** Opens an empty page of its own context. */
export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(15_000);
  const uncaught: string[] = [];
  page.on('pageerror', ({ message }) => uncaught.push(message));
  return { page, uncaught };
}

/** A file for the picker. */
export const fileOf = (name: string, buffer: Buffer, mimeType = '') => ({ name, mimeType, buffer });

/** Waits until a part of the page has this text. */
export const hasText = (page: Page, selector: string, text: string | RegExp) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();

/** The text of a part of the page, with plain spaces. */
export const textOf = async (page: Page, selector: string): Promise<string> =>
  ((await page.locator(selector).textContent()) ?? '').replaceAll('\u00a0', ' ').replace(/\s+/g, ' ').trim();

/** Waits for the answers of all cards. */
export const answered = (page: Page) => hasText(page, '#comparison', 'times faster');
