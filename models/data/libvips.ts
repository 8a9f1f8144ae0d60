/**
 * sharp with this project's settings. Loading it takes a tenth of a service's start, so `decode.ts` loads this file at
 * the first image that needs it.
 */
import { isMainThread } from 'node:worker_threads';

import sharp from 'sharp';

// libvips' settings belong to the process: a thread that sets them again briefly blocks JPEG for the other threads.
if (isMainThread) {
  // libvips reads many more formats than we serve. No input bytes can reach a blocked loader.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp'] });
  // Parallel decoding would take CPU time from inference.
  sharp.concurrency(1);
}

export { sharp };
