/**
 * The demo page, its static files and its sample images.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import express, { type RequestHandler } from 'express';

import { PACKAGE_ROOT } from '../../files/package-root';

const PAGE_DIR = join(PACKAGE_ROOT, 'service', 'page');

const sampleNames = (samplesDir: string): string[] =>
  existsSync(samplesDir)
    ? readdirSync(samplesDir)
        .filter((file) => file.endsWith('.jpg'))
        .sort()
    : [];

/** Sends the page. */
export const page: RequestHandler = (_request, response) =>
  response.sendFile('index.html', { root: PAGE_DIR });

/** Serves the page's script, style sheet and icon. */
export const pageFiles = (): RequestHandler => express.static(PAGE_DIR, { index: false });

/** Lists the sample images; empty when the folder is missing. */
export const samples =
  (samplesDir: string): RequestHandler =>
  (_request, response) =>
    void response.json(sampleNames(samplesDir));

/** Sends one sample image; only listed names are served. */
export const sample =
  (samplesDir: string): RequestHandler =>
  (request, response, next) => {
    const name = sampleNames(samplesDir).find((file) => file === request.params['name']);
    if (name === undefined) next();
    else response.sendFile(name, { root: samplesDir });
  };
