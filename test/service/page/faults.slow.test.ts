import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';

import type { Running } from '../../../service/main';
import { launchBrowser } from '../../../scripts/browser';
import { answered, describeInBrowser, fileOf, hasText, open, textOf } from '../../support/browser';
import { fakeModels, grey, startServer } from '../../support/server';

describeInBrowser('a page whose service has a fault', () => {
  let server: Running & { url: string };
  let browser: Browser;
  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), launchBrowser()]);
    await server.ready;
  });
  afterAll(() => Promise.all([browser.close(), server.stop()]));

  const pickLight = async (page: Page) =>
    page.setInputFiles('#file', fileOf('light.jpg', await grey(0.9).jpeg().toBuffer(), 'image/jpeg'));

  test('a page that opens before the models are loaded waits for them', async () => {
    const slow = await startServer({ modelsDir: fakeModels('slow') });
    const { page } = await open(browser);
    await page.goto(slow.url);
    await hasText(page, '[data-model=latency] .about', 'not loaded yet');
    await hasText(page, '[data-model=latency] .about', 'mobilenetv2');
    await page.context().close();
    await slow.stop();
  });

  test('a page whose facts a proxy refuses says so', async () => {
    const { page, uncaught } = await open(browser);
    await page.route('**/facts.json', (route) => route.fulfill({ status: 403, body: '<h1>Forbidden</h1>' }));
    await page.goto(server.url);
    await hasText(page, '#notice', 'The answer is not from the service: HTTP 403');
    expect(uncaught).toEqual([]);
    await page.context().close();
  });

  test('a page that cannot list the models says so, and recovers', async () => {
    const { page, uncaught } = await open(browser);
    await page.route('**/v2', (route) => route.abort());
    await page.goto(server.url);
    await hasText(page, '#notice', 'The service does not answer');
    await page.unroute('**/v2');
    await hasText(page, '[data-model=latency] .about', 'mobilenetv2');
    expect(await page.locator('#notice').isVisible()).toBe(false);
    expect(uncaught).toEqual([]);
    await page.context().close();
  });

  test('without JavaScript, the page says what it needs and what works without it', async () => {
    const { page } = await open(browser, { javaScriptEnabled: false });
    await page.goto(server.url);
    expect(await page.locator('noscript').innerText()).toMatch(/needs JavaScript.*curl/s);
    await page.context().close();
  });

  test('a click on a sample says that the service has stopped', async () => {
    const { page, uncaught } = await open(browser);
    await page.goto(server.url);
    await page.locator('#samples button').nth(5).waitFor();
    await page.route('**/samples/*', (route) => route.abort());
    await page.locator('#samples button').first().click();
    await hasText(page, '#notice', 'The service does not answer. Check that it runs, then try again.');
    expect(uncaught).toEqual([]);
    await page.context().close();
  });

  test('the error page of a proxy is not shown as a JSON error', async () => {
    const { page } = await open(browser);
    await page.goto(server.url);
    await hasText(page, '[data-model=latency] .about', 'mobilenetv2');
    await page.route('**/v1/classify*', (route) =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }),
    );
    await pickLight(page);
    await hasText(page, '[data-model=latency] .time', 'The answer is not from the service: HTTP 502');
    // A screen reader says it too, with the model that it is about.
    expect(await textOf(page, '[role=status]')).toMatch(/^(accuracy|latency): The answer is not from the se/);
    await page.context().close();
  });

  describe('with an API key', () => {
    let locked: Running & { url: string };
    beforeAll(async () => {
      const apiKeyFile = join(mkdtempSync(join(tmpdir(), 'tandem-key-')), 'keys');
      writeFileSync(apiKeyFile, 'right-key\n');
      locked = await startServer({ apiKeyFile });
      await locked.ready;
    });
    afterAll(() => locked.stop());

    test('with site data blocked, the page works and keeps the key until it is left', async () => {
      const { page, uncaught } = await open(browser);
      await page.addInitScript(`Object.defineProperty(globalThis, 'sessionStorage', {
        get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
      })`);
      await page.goto(locked.url);
      await page.locator('#key').waitFor();
      await page.fill('#key-text', 'right-key');
      await page.click('#key button');
      await hasText(page, '[data-model=latency] .about', 'mobilenetv2');
      await pickLight(page);
      await answered(page);
      expect(uncaught).toEqual([]);
      await page.context().close();
    });

    test('after the key, the focus is on the file field and the sample stays chosen', async () => {
      const { page } = await open(browser);
      await page.goto(locked.url);
      await page.locator('#key').waitFor();
      await page.locator('#samples button').first().click();
      // Drawn only once the sample has come.
      await page.locator('#preview').waitFor();
      await page.fill('#key-text', 'right-key');
      await page.press('#key-text', 'Enter');
      await answered(page);
      expect(await page.evaluate('document.activeElement.id')).toBe('file');
      expect(await page.locator('#samples [aria-pressed=true]').count()).toBe(1);
      await page.context().close();
    });

    test('the page asks for the key, says what is wrong with one, and goes on with the right one', async () => {
      const { page, uncaught } = await open(browser);
      await page.goto(locked.url);
      await page.locator('#key').waitFor();
      await pickLight(page);
      const enter = async (key: string) => {
        await page.fill('#key-text', key);
        await page.click('#key button');
      };
      await enter('wrong-key');
      await hasText(page, '#key-problem', 'The service refused this API key. Enter another one.');
      await enter('ключ');
      await hasText(page, '#key-problem', 'An API key has only visible ASCII characters and no spaces.');
      await page.reload();
      await hasText(page, '#key-problem', 'The service refused this API key.');
      await pickLight(page);
      await enter('right-key');
      await answered(page);
      expect(await page.locator('#key').isVisible()).toBe(false);
      expect(await textOf(page, '#curl')).toContain('-H "authorization: Bearer $API_KEY"');
      expect(uncaught).toEqual([]);
      await page.context().close();
    });
  });
});
