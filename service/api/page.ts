/**
 * The demo page, the API explorer, their static files and the sample images.
 */
import { dirname, join } from 'node:path';

import express, { type RequestHandler, Router } from 'express';

import { PACKAGE_ROOT } from '../../files/package-root';
import { ServiceError } from '../errors';
import { sampleNames } from './sample-names';

const PAGE_DIR = join(PACKAGE_ROOT, 'service', 'page');
/** The files of Swagger UI that the explorer loads; the rest of the package is not served. */
const EXPLORER_FILES = ['swagger-ui-bundle.js', 'swagger-ui.css'];

const file =
  (name: string, root: string): RequestHandler =>
  (_request, response) =>
    response.sendFile(name, { root });

/** Sends the page. */
export const page: RequestHandler = file('index.html', PAGE_DIR);

/** Sends the API explorer. */
export const docs: RequestHandler = file('docs.html', PAGE_DIR);

/** Serves the pages' scripts, style sheets and icon. */
export const pageFiles = (): RequestHandler => express.static(PAGE_DIR, { index: false });

/** Serves the files of Swagger UI. */
export function docsFiles(): RequestHandler {
  const root = dirname(require.resolve('swagger-ui-dist/package.json'));
  const router = Router();
  for (const name of EXPLORER_FILES) router.get(`/${name}`, file(name, root));
  return router;
}

/** Lists the sample images; empty when the folder cannot be read. */
export const samples =
  (samplesDir: string): RequestHandler =>
  (_request, response) =>
    void response.json(sampleNames(samplesDir));

/** What Express says of a file that it could not send. */
type SendError = NodeJS.ErrnoException & { readonly status?: number };

/** Whether the client is gone, so that nobody reads an answer. */
const isClientGone = ({ code, syscall }: SendError) => code === 'ECONNABORTED' || syscall === 'write';

/** Sends one sample image; only listed names are served. */
export const sample =
  (samplesDir: string): RequestHandler =>
  (request, response, next) => {
    const name = sampleNames(samplesDir).find((sampleName) => sampleName === request.params['name']);
    if (name === undefined) {
      next();
      return;
    }
    response.sendFile(name, { root: samplesDir }, (error?: SendError) => {
      if (error?.status === 404)
        next(
          new ServiceError('NOT_FOUND', 'The sample is no longer there; ask for the list of samples again.'),
        );
      else if (error && !isClientGone(error)) next(error);
    });
  };
