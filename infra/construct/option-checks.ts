/**
 * Refuses options of the pods and Services that Kubernetes would refuse, or that would undo what the construct sets. Pure
 * functions.
 */
import { ENV, HOST_ALL, HTTP_PORT, REQUEST_TIMEOUT_MS } from '../../service/contract';
import type { k8s } from './cdk8s-plus';
import { NODE_SELECTOR, TEMPORARY_FILES } from './deployment-defaults';
import { ARCHITECTURES, HPA_DIRECTIONS } from './inference-service-props';
import { parseMemoryBytes } from '../quantity';

type Pairs = Readonly<Record<string, string>>;

const SUBDOMAIN = String.raw`[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*`;
const NAME = String.raw`[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?`;

/** A key of a label or an annotation: a name of at most 63 characters, after a domain and a slash or alone. */
const KEY = new RegExp(`^(?:(?=[^/]{1,253}/)${SUBDOMAIN}/)?${NAME}$`);
const LABEL_VALUE = new RegExp(`^(?:${NAME})?$`);

/**
 * Refuses annotations whose keys Kubernetes would refuse.
 *
 * @param label what the error calls the pairs, such as the variable that they come from
 */
export function checkAnnotations(label: string, pairs: Pairs): void {
  for (const key of Object.keys(pairs)) {
    if (KEY.test(key)) continue;
    throw new Error(
      `${label}: a key must be at most 63 of A-Z, a-z, 0-9, -, _ and ., optionally after a domain and a slash, ` +
        `received ${key}`,
    );
  }
}

/** Refuses labels whose keys or values Kubernetes would refuse; the same holds for a node selector. */
export function checkLabels(label: string, pairs: Pairs): void {
  checkAnnotations(label, pairs);
  for (const [key, value] of Object.entries(pairs)) {
    if (LABEL_VALUE.test(value)) continue;
    throw new Error(
      `${label}: the value of ${key} must be at most 63 of A-Z, a-z, 0-9, -, _ and ., starting and ending with a letter ` +
        `or digit, received ${value}`,
    );
  }
}

/** Refuses a node selector as {@link checkLabels} does, and one by which the pods would run where the image cannot. */
export function checkNodeSelector(label: string, pairs: Pairs): void {
  checkLabels(label, pairs);
  for (const [key, value] of Object.entries(NODE_SELECTOR)) {
    if ((pairs[key] ?? value) === value) continue;
    throw new Error(
      `${label}: ${key} must be ${value}, for which the container image is built, received ${pairs[key]!}: leave it out`,
    );
  }
}

/** Effects of a taint. */
export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
const EVICTING: (typeof TAINT_EFFECTS)[number] = 'NoExecute';
const TOLERATION_OPERATORS: readonly string[] = ['Exists', 'Equal'];

/**
 * Refuses tolerations that Kubernetes would refuse with the whole pod.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/core/validation/validation.go (ValidateTolerations)
 */
export function checkTolerations(label: string, tolerations: readonly k8s.Toleration[]): void {
  const effects: readonly string[] = TAINT_EFFECTS;
  tolerations.forEach(({ key, value, effect, tolerationSeconds, ...rest }, index) => {
    const operator = rest.operator || 'Equal';
    const refuse = (field: string, must: string, received: string | undefined) => {
      throw new Error(`${label}[${index}].${field} must be ${must}, received ${received || 'none'}`);
    };
    if (effect && !effects.includes(effect))
      refuse('effect', `${effects.join(', ')} or left out for every effect`, effect);
    if (!TOLERATION_OPERATORS.includes(operator))
      refuse('operator', TOLERATION_OPERATORS.join(' or '), operator);
    if (!key && operator !== 'Exists') refuse('operator', 'Exists for every key, or give a key', operator);
    if (value && operator === 'Exists') refuse('value', 'left out with the operator Exists', value);
    if (tolerationSeconds !== undefined && effect !== EVICTING)
      refuse('effect', `${EVICTING} with tolerationSeconds, or leave those out`, effect);
    if (key) checkLabels(`${label}[${index}]`, { [key]: value ?? '' });
  });
}

/** Refuses a list of architectures that is empty or holds one that no node of Kubernetes has. */
export function checkArchitectures(label: string, architectures: readonly string[]): void {
  const known: readonly string[] = ARCHITECTURES;
  if (architectures.length > 0 && architectures.every((each) => known.includes(each))) return;
  throw new Error(
    `${label} must be one or more of ${ARCHITECTURES.join(', ')}, received ${architectures.join(', ') || 'none'}`,
  );
}

/** Labels that the construct sets and selects by. */
const OWN_LABELS = ['name', 'instance', 'component', 'part-of', 'managed-by', 'version'].map(
  (label) => `app.kubernetes.io/${label}`,
);

/** Refuses labels of an object as {@link checkLabels} does, and those that the construct sets. */
export function checkAddedLabels(label: string, pairs: Pairs): void {
  checkLabels(label, pairs);
  const own = Object.keys(pairs).find((key) => OWN_LABELS.includes(key));
  if (own !== undefined)
    throw new Error(`${label} must not hold ${own}, which the manifests set: choose another key`);
}

const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Variables that the construct decides, each with why. */
const OWN_VARIABLES: Readonly<Record<string, string>> = {
  [ENV.port]: 'the Service sets',
  [ENV.models]: 'model sets',
  [ENV.cpuLimitMillis]: 'resources.limits.cpu sets',
  [ENV.apiKeyFile]: 'apiKeySecret sets',
  [ENV.metricsPort]: 'metricsPort sets',
};

/** Refuses an address to listen on that the probes and the Service, which call the address of the pod, would not reach. */
function checkHost(label: string, address: string): void {
  if (HOST_ALL.includes(address)) return;
  throw new Error(
    `${label}: ${ENV.host} must be ${HOST_ALL.join(' or ')}, all interfaces, since the probes and the Service call the ` +
      `address of the pod, received ${address || 'nothing'}: leave it out`,
  );
}

/** Refuses variables with a name that Kubernetes would refuse, and those that the construct decides. */
export function checkEnv(label: string, variables: Pairs): void {
  for (const [name, value] of Object.entries(variables)) {
    if (!VARIABLE.test(name))
      throw new Error(
        `${label}: a name must be of A-Z, a-z, 0-9, -, _ and ., not starting with a digit, received ${name}`,
      );
    if (Object.hasOwn(OWN_VARIABLES, name))
      throw new Error(`${label} must not hold ${name}, which ${OWN_VARIABLES[name]!}: leave it out`);
    if (name === ENV.host) checkHost(label, value);
  }
}

const MAX_PORT = 65_535;
/** Ports below need a privilege that the pods do not have on every node. */
const MIN_PORT = 1024;

/** Refuses a port of the metrics that the service could not listen on. */
export function checkMetricsPort(label: string, port: number): void {
  if (Number.isInteger(port) && port >= MIN_PORT && port <= MAX_PORT && port !== HTTP_PORT) return;
  throw new Error(
    `${label} must be a whole number from ${MIN_PORT} to ${MAX_PORT} other than ${HTTP_PORT}, where the service listens, ` +
      `received ${port}`,
  );
}

/** Refuses an amount of ephemeral storage that is none, or less than the pod's temporary files may take. */
export function checkEphemeralStorage(label: string, text: string): void {
  const { mountPath, size } = TEMPORARY_FILES;
  let bytes = 0;
  try {
    bytes = parseMemoryBytes(text);
  } catch {
    // The error below gives an example.
  }
  if (bytes >= parseMemoryBytes(size)) return;
  throw new Error(
    `${label} must be a quantity of at least ${size}, which the pod may write to ${mountPath}, such as 256Mi, received ${text}`,
  );
}

const isDirection = (text: string) => HPA_DIRECTIONS.some((each) => each === text);

/** Refuses tolerances of another direction, and those that Kubernetes would round or that stop the autoscaler. */
export function checkHpaTolerance(label: string, percents: Readonly<Record<string, number>>): void {
  for (const [direction, percent] of Object.entries(percents)) {
    if (!isDirection(direction))
      throw new Error(`${label} must hold ${HPA_DIRECTIONS.join(' and ')} only, received ${direction}`);
    const isTenth = Math.abs(10 * percent - Math.round(10 * percent)) < 1e-9;
    if (!isTenth || percent < 0 || percent >= 100)
      throw new Error(
        `${label}: ${direction} must be a percentage from 0 to 99.9 with at most one decimal, received ${percent}`,
      );
  }
}

/** Refuses a target that no request could wait for. */
export function checkQueueWaitTarget(label: string, targetMs: number): void {
  if (Number.isInteger(targetMs) && targetMs >= 1 && targetMs <= REQUEST_TIMEOUT_MS) return;
  throw new Error(
    `${label} must be a whole number of milliseconds from 1 to ${REQUEST_TIMEOUT_MS}, after which a request ends, ` +
      `received ${targetMs}`,
  );
}
