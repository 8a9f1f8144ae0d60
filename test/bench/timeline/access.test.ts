import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { ACCESS, TIMELINE_ACCESS, withRemedy } from '../../../bench/timeline/access';
import { ROOT } from '../../../scripts/documents';
import { fencedBlocks } from '../../support/markdown';

interface Role {
  readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

test.each([
  ['docs/twin.md', 'explain', ACCESS],
  ['docs/benchmarking.md', 'timeline', TIMELINE_ACCESS],
])('the Role in %s has the rights that %s needs, and no others', (page, _, access) => {
  const [text] = fencedBlocks(readFileSync(join(ROOT, page), 'utf8'), 'yaml');
  const granted = (parse(text!) as Role).rules.flatMap(({ apiGroups, resources, verbs }) =>
    verbs.flatMap((verb) =>
      resources.map((resource) => `${verb} ${[resource, ...apiGroups].filter(Boolean).join('.')}`),
    ),
  );
  const needed = Object.values(access).flatMap(({ verb, resource }) =>
    resource.split(', ').map((each) => `${verb} ${each}`),
  );
  expect(granted.sort()).toEqual(needed.sort());
});

test('an error without a known remedy keeps its message', () => {
  expect(withRemedy(new Error('status 502: no route'), 'podMetrics', 'shop/web').message).toBe(
    'cannot list pods.metrics.k8s.io: status 502: no route',
  );
});
