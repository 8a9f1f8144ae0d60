/**
 * Draws docs/page.png: the page of a running service with the answers to a sample. `npm run docs:page` runs it beside
 * `npm start`; `-- URL` names another service.
 */
import { join } from 'node:path';

import { HTTP_PORT } from '../service/contract';
import { launchBrowser } from './browser';
import { ROOT } from './documents';

/** Wide enough for both cards beside the image. */
const VIEWPORT = { width: 1080, height: 640 };
/** The bars grow for 0.3 s. */
const BARS_MS = 1_000;

async function draw(url: string): Promise<void> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' });
    await page.goto(url);
    // The first answers after a start are slow: show the second ones.
    for (let i = 0; i < 2; i++) {
      await page.locator('#samples button').nth(2).click();
      await page.locator('#comparison').filter({ hasText: 'times faster' }).waitFor();
    }
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
