import { once } from 'node:events';

import type { Browser, Page } from 'playwright-core';

import { LIMITS } from '../../../service/contract';
import type { Running } from '../../../service/main';
import { launchBrowser } from '../../../scripts/browser';
import { answered, describeInBrowser, fileOf, hasText, open, textOf } from '../../support/browser';
import { grey, startServer } from '../../support/server';

const CLASSIFY = '**/v1/classify*';
const SAMPLES = ['crosses', 'scales', 'spirals', 'triangles', 'weave', 'zigzag'];
const card = (model: string, part = '') => `[data-model=${model}] ${part}`;

describeInBrowser('picking an image', () => {
  let server: Running & { url: string };
  let browser: Browser;
  let page: Page;
  let uncaught: string[];
  let jpeg: Buffer;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), launchBrowser()]);
    await server.ready;
    jpeg = await grey(0.9).jpeg().toBuffer();
  });
  afterAll(() => Promise.all([browser.close(), server.stop()]));

  beforeEach(async () => {
    ({ page, uncaught } = await open(browser));
    await page.goto(server.url);
    await page.locator('#samples button').nth(5).waitFor();
    await hasText(page, card('latency', '.about'), 'mobilenetv2');
  });
  afterEach(async () => {
    expect(uncaught).toEqual([]);
    await page.context().close();
  });

  const pick = (files: Parameters<Page['setInputFiles']>[1]) => page.setInputFiles('#file', files);
  // An event, not a click: it does not wait for the page to come to rest.
  const pickSample = (index: number) => page.locator('#samples button').nth(index).dispatchEvent('click');
  /** Holds requests back until the returned function is called. */
  async function hold(pattern: string): Promise<() => void> {
    const held = new AbortController();
    const released = once(held.signal, 'abort');
    await page.route(pattern, async (route) => {
      await released;
      // The page may have cancelled it.
      await route.continue().catch(() => undefined);
    });
    return () => held.abort();
  }

  /**
   * Drops files on an element as a user does; returns whether the browser was kept from opening them.
   *
   * @param content JavaScript for the files' content
   */
  async function dropOn(selector: string, names: readonly string[], content: string): Promise<boolean> {
    const dataTransfer = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      for (const name of ${JSON.stringify(names)})
        transfer.items.add(new File([new Uint8Array(${content})], name, { type: 'image/jpeg' }));
      addEventListener('drop', (event) => (globalThis.isPrevented = event.defaultPrevented));
      return transfer;
    })()`);
    await page.locator(selector).dispatchEvent('drop', { dataTransfer });
    return page.evaluate<boolean>('isPrevented');
  }
  const bytes = () => JSON.stringify([...jpeg]);

  test('the image takes the place of the hint and is shown whole, also in portrait format', async () => {
    await pick(fileOf('tall.jpg', await grey(0.9, 300).resize(100, 400).jpeg().toBuffer(), 'image/jpeg'));
    await answered(page);
    expect(await page.locator('#hint').isVisible()).toBe(false);
    const [zone, image] = [
      (await page.locator('#drop').boundingBox())!,
      (await page.locator('#preview').boundingBox())!,
    ];
    expect(image.y).toBeGreaterThanOrEqual(zone.y);
    expect(image.y + image.height).toBeLessThanOrEqual(zone.y + zone.height);
    expect(await page.evaluate('getComputedStyle(document.querySelector("#preview")).objectFit')).toBe(
      'contain',
    );
  });

  test('the models are asked at once, and the quick one does not wait for the other', async () => {
    const release = await hold('**/v1/classify?model=accuracy*');
    await pick(fileOf('light.jpg', jpeg, 'image/jpeg'));
    await hasText(page, card('latency', 'li'), 'light');
    expect(await page.locator('[data-model=accuracy]').getAttribute('aria-busy')).toBe('true');
    release();
    await answered(page);
    expect(await textOf(page, '#comparison')).toMatch(
      /^\w+ answered [\d.]+ times faster and agrees with \w+ on this/,
    );
  });

  test('a new image does not stand beside the old answers', async () => {
    await pick(fileOf('light.jpg', jpeg, 'image/jpeg'));
    await answered(page);
    const release = await hold(CLASSIFY);
    await pick(fileOf('dark.jpg', await grey(0.1).jpeg().toBuffer(), 'image/jpeg'));
    await hasText(page, card('latency', '.time'), 'classifying');
    expect(await page.locator('.classes li').count()).toBe(0);
    expect(await textOf(page, '#comparison')).toBe('');
    release();
    await hasText(page, card('latency', 'li:first-child'), 'dark');
  });

  test('the sample that was clicked last wins, however late the earlier one arrives', async () => {
    const release = await hold('**/samples/crosses.jpg');
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.url()));
    await pickSample(0);
    await pickSample(4);
    await answered(page);
    release();
    await page.waitForTimeout(300);
    expect(sent.filter((url) => url.includes('/v1/classify'))).toHaveLength(2);
    const pressed = page.locator('#samples [aria-pressed=true]');
    expect(await pressed.count()).toBe(1);
    expect(await pressed.getAttribute('title')).toBe('weave');
    expect(await textOf(page, '#curl')).toContain('/samples/weave.jpg');
  });

  test('of six quick picks, only the last one’s requests are not aborted', async () => {
    const release = await hold(CLASSIFY);
    let aborted = 0;
    let sent = 0;
    page.on('request', (request) => (sent += Number(request.url().includes('/v1/classify'))));
    page.on('requestfailed', (request) => (aborted += Number(request.url().includes('/v1/classify'))));
    for (const [i, name] of SAMPLES.entries()) {
      await pickSample(i);
      await hasText(page, '#curl', name);
    }
    release();
    await answered(page);
    expect([sent, aborted]).toEqual([12, 10]);
  });

  test('a JPEG whose name has no extension is classified', async () => {
    await pick(fileOf('photo', jpeg));
    await hasText(page, card('latency', 'li'), 'light');
  });

  test.each([
    ['photo.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0'), 'image/heic', 'The image is HEIC; send a JPEG'],
    ['notes.txt', Buffer.from('no image'), 'text/plain', 'is not an image; send'],
    ['broken.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg', 'The image is damaged'],
  ])('%s gets one message, the decoder’s, and no broken image', async (name, bytes, type, sentence) => {
    await pick(fileOf(name, bytes, type));
    await hasText(page, '#notice', sentence);
    expect(await page.locator('.error:visible').count()).toBe(1);
    expect(await page.locator('#preview').isVisible()).toBe(false);
    expect(await page.locator('#hint').isVisible()).toBe(true);
  });

  test('an image above the limit is refused before it is sent, and the limit is named', async () => {
    expect(await textOf(page, '#hint')).toContain(`up to ${LIMITS.imageBytes / 2 ** 20} MiB`);
    let sent = 0;
    page.on('request', (request) => (sent += Number(request.method() === 'POST')));
    await dropOn('#drop', ['large.jpg'], '30 * 2 ** 20');
    await hasText(page, '#notice', 'The image has 30 MiB; choose one of at most 10 MiB.');
    expect(sent).toBe(0);
  });

  test.each(['#drop', 'footer'])(
    'a file that is dropped on %s is classified, not opened',
    async (selector) => {
      expect(await dropOn(selector, ['light.jpg'], bytes())).toBe(true);
      await hasText(page, card('latency', 'li'), 'light');
    },
  );

  test('of two dropped files, the page says which one it classifies', async () => {
    await dropOn('#drop', ['first.jpg', 'second.jpg'], bytes());
    await hasText(page, '#notice', 'Only first.jpg of 2 files is classified.');
    await answered(page);
  });

  test('of two dropped files the first of which is too large, the page does not say that it is classified', async () => {
    await dropOn('#drop', ['large.jpg', 'second.jpg'], '30 * 2 ** 20');
    await hasText(page, '#notice', 'The image has 30 MiB; choose one of at most 10 MiB.');
  });

  test('the table of pods goes with the answers that it was made of', async () => {
    await pick(fileOf('light.jpg', jpeg, 'image/jpeg'));
    await page.locator('#sizing').waitFor();
    await pick(fileOf('notes.txt', Buffer.from('no image'), 'text/plain'));
    await hasText(page, '#notice', 'is not an image');
    expect(await page.locator('#sizing').isVisible()).toBe(false);
  });

  test('answers that come before the metadata get their table and what the sample shows too', async () => {
    // The fake models know the class `light`.
    await page.route('**/samples', (route) => route.fulfill({ json: ['light.jpg'] }));
    await page.route('**/samples/light.jpg', (route) => route.fulfill({ body: jpeg }));
    const release = await hold('**/v2/models/*');
    await page.reload();
    await page.locator('.model').nth(1).waitFor();
    await page.locator('#samples button').click();
    await answered(page);
    expect(await page.locator('#sizing').isVisible()).toBe(false);
    release();
    await page.locator('#sizing').waitFor();
    expect(await textOf(page, '#comparison')).toMatch(/ It shows light\.$/);
  });

  test('the file field keeps its name when the image takes the place of the hint', async () => {
    await pick(fileOf('light.jpg', jpeg, 'image/jpeg'));
    await page.locator('#preview').waitFor();
    expect(await page.locator('#file').ariaSnapshot()).toContain('Drop, paste or pick an image');
  });
});
