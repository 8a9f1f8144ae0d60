/**
 * Draws docs/page.png: the page of a running service with the answers to a sample that the slower model alone classifies
 * correctly, for that is what its time buys. `npm run docs:page` runs it beside `npm start`; `-- URL` names another service.
 */
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import { HTTP_PORT } from '../service/contract';
import { launchBrowser } from './browser';
import { ROOT } from './documents';

/** Wide enough for both cards beside the image. */
const VIEWPORT = { width: 1080, height: 640 };
/** The bars grow for 0.3 s. */
const BARS_MS = 1_000;

/** Classifies the sample of a number; returns the sentence that compares the models. */
async function classify(page: Page, sample: number): Promise<string> {
  await page.locator('#samples button').nth(sample).click();
  const comparison = page.locator('#comparison').filter({ hasText: 'times faster' });
  await comparison.waitFor();
  return comparison.innerText();
}

/** @throws Error if the slower model is never the only one that is right */
async function sampleOfTheTrade(page: Page): Promise<number> {
  await page.locator('#samples button').first().waitFor();
  const count = await page.locator('#samples button').count();
  for (let sample = 0; sample < count; sample++) {
    if (/instead of (\w+)\. It shows \1\.$/.test(await classify(page, sample))) return sample;
  }
  throw new Error(`${page.url()} has no sample that the slower model alone classifies correctly`);
}

async function draw(url: string): Promise<void> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' });
    await page.goto(url);
    // The first answers after a start are slow: the search has made these.
    await classify(page, await sampleOfTheTrade(page));
    await page.waitForTimeout(BARS_MS);
    await page.screenshot({ path: join(ROOT, 'docs', 'page.png'), fullPage: true });
  } finally {
    await browser.close();
  }
}

draw(process.argv[2] ?? `http://localhost:${HTTP_PORT}`).catch((error: unknown) => {
  console.error(`error: ${(error as Error).message}`);
  process.exit(1);
});
