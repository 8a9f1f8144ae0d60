/**
 * What the demo page knows of the project, as JSON: `npm run docs` writes it. The service may not import infra/, and so
 * serves this file; `tandem fit` reads the measured memory from it.
 */
import { join } from 'node:path';

import { readEvidence } from '../bench/evidence/evidence';

import { resourcesOn } from '../infra/allocation';
import { CLUSTER } from '../infra/scheduler/cluster';
import { parseCpuMillis, parseMemoryBytes } from '../infra/quantity';
import { roomFor } from '../infra/scheduler/scheduling';
import { DEFAULT_SETTINGS } from '../infra/settings';
import { VARIANTS } from '../infra/variants';
import { IMAGE_MEDIA_TYPES } from '../models/data/image-formats';
import { LIMITS } from '../service/contract';
import { ROOT } from './documents';
import { measuredPodOf } from './measured-pods';

/** The file that the page fetches. */
export const PAGE_FACTS_FILE = join(ROOT, 'service', 'page', 'facts.json');

/** The file's text. */
export function pageFacts(): string {
  const evidence = readEvidence(join(ROOT, 'docs', 'experiment', 'data'));
  const deployments = VARIANTS.flatMap((variant) => {
    const { scaling } = variant;
    if (scaling.kind !== 'hpa') return [];
    const resources = resourcesOn(DEFAULT_SETTINGS.basis, variant);
    const { cpu, memory } = resources.requests;
    const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
    const measured = measuredPodOf(evidence, variant.model);
    return [
      {
        model: variant.model,
        variant: variant.name,
        requests: { cpuMillis: parseCpuMillis(cpu), memoryBytes: parseMemoryBytes(memory) },
        ...{ minReplicas, maxReplicas, targetCpuPercent },
        room: roomFor(resources, CLUSTER),
        ...(measured && { measured }),
      },
    ];
  });
  const facts = { maxImageBytes: LIMITS.imageBytes, mediaTypes: IMAGE_MEDIA_TYPES, deployments };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}
