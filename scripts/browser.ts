/**
 * A Chromium of this machine, for the page's picture and its tests. playwright-core brings none along.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { type Browser, chromium } from 'playwright-core';

/** Names of the program, the one of Debian's package `chromium` first. */
export const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'] as const;

/** Path of the first of {@link BROWSERS} on the PATH. */
export const browserPath: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => BROWSERS.map((program) => join(folder, program)))
  .find((program) => existsSync(program));

/** The sandbox needs privileges that containers and root do not have; the pages are our own. */
const ARGUMENTS = ['--no-sandbox'];

/**
 * Starts the browser without a window.
 *
 * @throws Error if there is none
 */
export function launchBrowser(): Promise<Browser> {
  if (browserPath === undefined) {
    throw new Error(`one of ${BROWSERS.join(', ')} must be on the PATH: install Debian’s package chromium`);
  }
  return chromium.launch({ executablePath: browserPath, args: ARGUMENTS });
}
