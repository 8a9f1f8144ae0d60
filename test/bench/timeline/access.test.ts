import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { ACCESS, withRemedy } from '../../../bench/timeline/access';
import { ROOT } from '../../../scripts/documents';
import { fencedBlocks } from '../../support/markdown';

interface Role {
  readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

test('the Role in docs/twin.md has the rights that explain needs, and no others', () => {
  const [text] = fencedBlocks(readFileSync(join(ROOT, 'docs/twin.md'), 'utf8'), 'yaml');
  const granted = (parse(text!) as Role).rules.flatMap(({ apiGroups, resources, verbs }) =>
    verbs.flatMap((verb) =>
      resources.map((resource) => `${verb} ${[resource, ...apiGroups].filter(Boolean).join('.')}`),
    ),
  );
  const needed = Object.values(ACCESS).flatMap(({ verb, resource }) =>
    resource.split(', ').map((each) => `${verb} ${each}`),
  );
  expect(granted.sort()).toEqual(needed.sort());
});

test('an error without a known remedy keeps its message', () => {
  expect(withRemedy(new Error('status 502: no route'), 'podMetrics', 'shop/web').message).toBe(
    'cannot list pods.metrics.k8s.io: status 502: no route',
  );
});
