/**
 * Faults that other suites inject, and those that none does. Pure data: docs/reliability.md shows these tables.
 */

/** Faults that other suites inject: each is tested once. */
export const ELSEWHERE: readonly (readonly [fault: string, survived: string, command: string])[] = [
  [
    'SIGTERM under load, with a balancer that notices a second later',
    '20 restarts, no request fails, exit code 0',
    'npm run test:restarts',
  ],
  [
    'rolling restarts, drains and scaling in, in turn on three real nodes under load (`PODS_REQUESTS=10000`: until 10,000 requests were sent), and pods that the autoscaler adds and removes',
    'no request fails',
    'npm run test:pods',
  ],
  [
    'one of three real nodes loses its network under load',
    'the pod on another node answers every request; once the Service leaves out the lost pod, no request to it fails; the pod is replaced',
    'npm run test:pods',
  ],
  ['a drain of nodes', 'never below the budget of available pods', 'npm run test:cluster'],
  ['10,000 mutated images and requests', 'no crash, no 5xx, no answer after 2 s', 'npm run test:fuzz'],
  [
    'slow, oversized and malformed requests, other formats, polyglots, truncated images',
    'the documented 4xx',
    'npx jest test/service/http/hostile.slow.test.ts',
  ],
  [
    'training killed ten times at random points (`npx tsx test/native/resume.ts --kills 100`: a hundred times) and interrupted once',
    'the last checkpoint loads, and the resumed training ends with the same weights',
    'npm run test:native',
  ],
  [
    'overload with 300 clients that ignore `Retry-After`',
    'throughput stays above 90 % of the peak',
    'npm run bench:overload',
  ],
];

/** What no suite tries, one Markdown sentence or two each. */
export const NOT_TRIED: readonly string[] = [
  '**A node dies**: the requests in its pods are lost, and so is its share of the new requests until the node controller notices, which takes 50 s. 30 s later the pods are replaced.',
  '**The server’s process is killed**: its connections break, and the kubelet starts the container again. At the memory limit the kernel ends a model process first (`service/inference/oom-score.ts`).',
  '**The network drops or delays packets** between the load balancer and the pod.',
  '**A disk returns wrong bytes** after a file’s checksum was read.',
];
