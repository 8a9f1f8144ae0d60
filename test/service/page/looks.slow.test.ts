import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { PAGE_FACTS_FILE, pageFacts } from '../../../scripts/page-facts';
import type { Running } from '../../../service/main';
import { launchBrowser } from '../../../scripts/browser';
import { answered, describeInBrowser, open, textOf } from '../../support/browser';
import { startServer } from '../../support/server';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const styleOf = (page: Page, selector: string, property: string) =>
  page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).${property}`);

/**
 * Relative luminance of a colour such as `rgb(0, 0, 0)`.
 *
 * @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
 */
const luminance = (colour: string): number =>
  [...colour.matchAll(/\d+/g)]
    .map(([channel]) => Number(channel) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + [0.2126, 0.7152, 0.0722][i]! * value, 0);

interface Served {
  readonly architecture: string;
  readonly precision: string;
}

test('the page’s facts are up to date; if not, run `npm run docs`', () => {
  expect(readFileSync(PAGE_FACTS_FILE, 'utf8')).toBe(pageFacts());
});

describeInBrowser('the answered page', () => {
  let server: Running & { url: string };
  let browser: Browser;
  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), launchBrowser()]);
    await server.ready;
  });
  afterAll(() => Promise.all([browser.close(), server.stop()]));

  async function withAnswer(
    options: BrowserContextOptions,
    use: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { page, uncaught } = await open(browser, options);
    await page.goto(server.url);
    await page.locator('#samples button').first().click();
    await answered(page);
    await use(page);
    expect(uncaught).toEqual([]);
    await page.context().close();
  }

  test.each(['light', 'dark'] as const)('axe finds nothing in the %s scheme', (colorScheme) =>
    withAnswer({ colorScheme }, async (page) => {
      await page.evaluate(AXE);
      const violations = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))',
      );
      expect(violations).toEqual([]);
    }),
  );

  test.each([1440, 768, 390])('at %i px the cards stand side by side and nothing is cut off', (width) =>
    withAnswer({ viewport: { width, height: 900 } }, async (page) => {
      const cards = await page.locator('.model').all();
      const [first, second] = await Promise.all(cards.map((card) => card.boundingBox()));
      expect(second!.y).toBe(first!.y);
      expect(second!.x).toBeGreaterThanOrEqual(first!.x + first!.width);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }),
  );

  test('the bars can be seen in forced colours', () =>
    withAnswer({ forcedColors: 'active' }, async (page) => {
      expect(await styleOf(page, '.bar i', 'backgroundColor')).not.toBe(
        await styleOf(page, '.bar', 'backgroundColor'),
      );
    }));

  test('in forced colours the chosen sample differs from the others by more than a colour', () =>
    withAnswer({ forcedColors: 'active' }, async (page) => {
      const [chosen, other] = await Promise.all(
        ['true', 'false'].map((is) => styleOf(page, `#samples [aria-pressed=${is}]`, 'outlineStyle')),
      );
      expect([chosen, other]).toEqual(['solid', 'none']);
    }));

  test.each(['light', 'dark'] as const)(
    'the border of the drop zone has a contrast of at least 3 in the %s scheme',
    (colorScheme) =>
      withAnswer({ colorScheme }, async (page) => {
        const border = luminance(await styleOf(page, '#drop', 'borderTopColor'));
        const ground = luminance(await styleOf(page, 'body', 'backgroundColor'));
        const [dark, light] = [border, ground].sort((a, b) => a - b);
        expect((light! + 0.05) / (dark! + 0.05)).toBeGreaterThanOrEqual(3);
      }),
  );

  test('the live region names the model', () =>
    withAnswer({}, async (page) => {
      expect(await textOf(page, '[role=status]')).toMatch(/^(accuracy|latency): \w+, [\d.]+ %$/);
    }));

  test('the table of pods follows the rate and says what does not fit', () =>
    withAnswer({}, async (page) => {
      const { deployments } = JSON.parse(pageFacts()) as { deployments: { room: number }[] };
      await page.fill('#rate', '1');
      expect(await textOf(page, '#sizes tr:first-child')).toMatch(/^accuracy ?2 ?2\.8 ?2\.8 ?fits$/);
      await page.fill('#rate', '100000');
      expect(await textOf(page, '#sizes tr:first-child td:last-child')).toBe(
        `does not fit: room for ${deployments[0]!.room}`,
      );
    }));

  test('without a rate there is no table, and with the next one it is back', () =>
    withAnswer({}, async (page) => {
      const table = page.locator('#sizing table');
      await page.fill('#rate', '');
      expect(await table.isVisible()).toBe(false);
      await page.fill('#rate', '30');
      expect(await table.isVisible()).toBe(true);
    }));

  test('the table counts the time of inference once for each thread', async () => {
    const { page } = await open(browser);
    for (const [pattern, changes] of [
      ['**/v2/models/*', { threads: 2 }],
      ['**/v1/classify?*', { timeMs: { total: 60, decode: 10, inference: 45 } }],
    ] as const) {
      await page.route(pattern, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ json: { ...((await response.json()) as object), ...changes } });
      });
    }
    await page.goto(server.url);
    await page.locator('#samples button').first().click();
    await answered(page);
    await page.fill('#rate', '30');
    // 100 ms of CPU time: 3 cores in all, of which each pod takes 60 % of its 1.405.
    expect(await textOf(page, '#sizes tr:first-child')).toMatch(/^accuracy ?4 ?5\.6 ?5\.7 ?fits$/);
    expect(await textOf(page, '#of-answers')).toContain('at most');
    await page.context().close();
  });

  test('without a measurement of these models on pods, the table takes the time of the answers and says so', () =>
    withAnswer({}, async (page) => {
      expect(await page.locator('#of-answers').isVisible()).toBe(true);
      expect(await page.locator('#of-pods').isVisible()).toBe(false);
    }));

  test('the table has as many pods as the autoscaler keeps at the CPU time of real pods', async () => {
    const { page } = await open(browser);
    const metadata = (await (await fetch(`${server.url}/v2/models/accuracy`)).json()) as Served;
    const { architecture, precision } = metadata;
    const facts = JSON.parse(pageFacts()) as { deployments: { model: string; measured: object }[] };
    const deployments = facts.deployments.map((deployment) => ({
      ...deployment,
      measured: { architecture, precision, cpuMsPerImage: 100 },
    }));
    await page.route('**/facts.json', (route) => route.fulfill({ json: { ...facts, deployments } }));
    await page.goto(server.url);
    await page.locator('#samples button').first().click();
    await answered(page);
    await page.fill('#rate', '30');
    // 3 cores in all, of which each pod takes 60 % of its 1.405.
    expect(await textOf(page, '#sizes tr:first-child')).toMatch(/^accuracy ?4 ?5\.6 ?5\.7 ?fits$/);
    await page.context().close();
  });

  test('the curl command runs as it is shown', () =>
    withAnswer({}, async (page) => {
      const command = (await page.locator('#curl').textContent())!;
      // Not synchronously: the service is in this process.
      const { stdout } = await promisify(execFile)('bash', ['-c', command]);
      expect(JSON.parse(stdout)).toMatchObject({ model: 'latency', demo: true });
    }));

  test('the links lead somewhere', () =>
    withAnswer({}, async (page) => {
      const links = await page.locator('nav a:visible').all();
      expect(links).toHaveLength(4);
      const paths = await Promise.all(links.map((link) => link.getAttribute('href')));
      for (const path of paths) {
        const { status } = await fetch(new URL(path!, server.url));
        expect([path, status]).toEqual([path, 200]);
      }
    }));

  test('the API explorer shows every path, loads nothing from elsewhere and breaks no rule of its content security policy', async () => {
    const { page, uncaught } = await open(browser);
    const foreign: string[] = [];
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(server.url) && !/^(data|blob):/.test(url)) foreign.push(url);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') uncaught.push(message.text());
    });
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock').nth(15).waitFor();
    expect(await textOf(page, '[id^="operations-"][id$="-classify"]')).toContain('/v1/classify');
    expect([foreign, uncaught]).toEqual([[], []]);
    await page.context().close();
  });
});
