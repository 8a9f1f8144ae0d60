import { App, Chart, Testing } from 'cdk8s';

import { InferenceService, type InferenceServiceProps } from '../../../infra/construct/inference-service';
import { LoadGenerator, type LoadGeneratorProps } from '../../../infra/construct/load-generator';
import type { Manifest } from '../../support/manifests';

const PROPS: LoadGeneratorProps = {
  service: 'latency-hpa',
  namespace: 'tandem',
  image: 'images.example/tandem:2',
  args: ['--url', 'http://10.96.0.7/v1/classify?model=latency', '--load', 'poisson:20:60s', '--json'],
  images: { 'weave.jpg': Buffer.from('jpeg') },
  pods: 3,
  durationSeconds: 60,
};

function synth(changes: Partial<LoadGeneratorProps> = {}): Manifest[] {
  const chart = new Chart(new App(), 'chart');
  new LoadGenerator(chart, 'load', { ...PROPS, ...changes });
  return Testing.synth(chart);
}

const of = (kind: string, manifests = synth()): Manifest => manifests.find((each) => each.kind === kind);

/** The Deployment of the service to which the load goes. */
function serviceDeployment(changes: Partial<InferenceServiceProps> = {}): Manifest {
  const chart = new Chart(new App(), 'chart');
  new InferenceService(chart, 'latency-hpa', {
    ...{ model: 'latency', image: 'tandem:1', scaling: { kind: 'fixed', replicas: 1 } },
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
    ...changes,
  });
  return of('Deployment', Testing.synth(chart));
}

test('the manifests are as recorded', () => {
  expect(synth()).toMatchSnapshot();
});

test('the Job runs each shard once, is bounded in time and goes away after it', () => {
  const { spec } = of('Job');
  expect(spec).toMatchObject({
    ...{ completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimit: 0 },
    ...{ activeDeadlineSeconds: 360, ttlSecondsAfterFinished: 600 },
  });
  expect(spec.template.spec.restartPolicy).toBe('Never');
  const [container] = spec.template.spec.containers;
  expect(container.args[0]).toContain('--shard "$((JOB_COMPLETION_INDEX + 1))/3"');
  expect(container.args.slice(2)).toEqual(PROPS.args);
  expect(container.resources.requests).toEqual(container.resources.limits);
});

test.each([
  {},
  { architectures: ['arm64'] },
  { nodeSelector: { disk: 'ssd' } },
  { tolerations: [{ key: 'spot', operator: 'Exists' }] },
] as const)('with %j the pods run on the nodes on which those of the service may', (props) => {
  const { nodeSelector, affinity, tolerations } = serviceDeployment(props).spec.template.spec;
  const { spec } = of('Job', synth(props)).spec.template;
  expect(spec).toMatchObject({ nodeSelector, affinity });
  const afterLostNode = serviceDeployment().spec.template.spec.tolerations;
  expect([...afterLostNode, ...(spec.tolerations ?? [])]).toEqual(tolerations);
});

test('the pods meet the Pod Security Standard "restricted"', () => {
  const { spec } = of('Job').spec.template;
  expect(spec.securityContext).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(spec.containers[0].securityContext).toMatchObject({
    ...{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
  });
  expect(spec.volumes.map((volume: Manifest) => Object.keys(volume).find((key) => key !== 'name'))).toEqual([
    'configMap',
    'emptyDir',
  ]);
});

test.each([{}, { appName: 'birds' }])(
  'with %j the pods may reach the service’s pods and nothing else, and nothing may reach them',
  (props) => {
    const { spec } = of('NetworkPolicy', synth(props));
    const { spec: deployment } = serviceDeployment(props);
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.ingress).toBeUndefined();
    expect(spec.egress).toEqual([
      {
        to: [{ podSelector: deployment.selector }],
        ports: [{ port: deployment.template.spec.containers[0].ports[0].containerPort, protocol: 'TCP' }],
      },
    ]);
    expect(of('Job', synth(props)).spec.template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
    expect(deployment.selector.matchLabels).not.toEqual(spec.podSelector.matchLabels);
  },
);

test.each([
  ['pods must be a whole number from 1 to 50, received 0', { pods: 0 }],
  ['pods must be a whole number from 1 to 50, received 1.5', { pods: 1.5 }],
  ['durationSeconds must be a whole number from 1 to 14400, received 14401', { durationSeconds: 14_401 }],
  [
    'send fewer images, received 819200',
    { images: { a: Buffer.alloc(400 * 1024), b: Buffer.alloc(400 * 1024) } },
  ],
  ['received "my photo.jpg"', { images: { 'my photo.jpg': Buffer.from('jpeg') } }],
  ['userIds must be one of image, cluster, received clusterr', { userIds: 'clusterr' as 'cluster' }],
  ['received ".."', { images: { '..': Buffer.from('jpeg') } }],
  ['service must have at most 56 characters for 10 pod(s)', { service: 'a'.repeat(57), pods: 10 }],
  ['service must have at most 55 characters for 11 pod(s)', { service: 'a'.repeat(56), pods: 11 }],
  ['service must be at most 63 of a-z, 0-9 and -, starting with a letter', { service: 'Birds' }],
  ['received My Image', { image: 'My Image' }],
  ['appName must be at most 63 of', { appName: '-' }],
  ['namespace must be at most 63 of', { namespace: 'Shop' }],
  ['imagePullSecret must be at most 253 of', { imagePullSecret: 'A_b' }],
  ['nodeSelector: kubernetes.io/os must be linux', { nodeSelector: { 'kubernetes.io/os': 'windows' } }],
  ['tolerations[0].operator must be Exists or Equal', { tolerations: [{ key: 'a', operator: 'Is' }] }],
  ['architectures must be one or more of', { architectures: [] }],
])('refuses: %s', (message, changes) => {
  expect(() => synth(changes)).toThrow(message);
});

test.each([
  [
    'service must be at most 63 of a-z, 0-9 and -, starting with a letter and not ending with -, received nothing',
    'service',
  ],
  ['image must be [host[:port]/]name[:tag][@digest]', 'image'],
  ['args must be a list, those of tandem bench load, received nothing', 'args'],
  ['images must be an object of bytes by file name, received nothing', 'images'],
  ['pods must be a whole number from 1 to 50, received undefined', 'pods'],
  ['durationSeconds must be a whole number from 1 to 14400, received undefined', 'durationSeconds'],
])('an app in JavaScript that leaves a prop out reads: %s', (message, prop) => {
  expect(() => synth({ [prop]: undefined })).toThrow(message);
});

test('an image that is no bytes is refused', () => {
  const images = { 'robin.jpg': 'robin.jpg' as unknown as Uint8Array };
  expect(() => synth({ images })).toThrow('images must hold bytes, such as those of readFileSync');
});

test.each([
  [10, 56],
  [11, 55],
])('the name of each of %i pods has at most 63 characters with a service of %i', (pods, length) => {
  const service = 'a'.repeat(length);
  const { metadata } = of('Job', synth({ service, pods }));
  expect(`${metadata.name}-${pods - 1}`).toHaveLength(63);
});
