/**
 * Refuses options of the pods and Services that Kubernetes would refuse, or that would undo what the construct sets. Pure
 * functions.
 */
import { ENV, HTTP_PORT, REQUEST_TIMEOUT_MS } from '../../service/contract';
import { TEMPORARY_FILES } from './deployment-defaults';
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

/** Variables that the construct sets, each with what sets it. */
const OWN_VARIABLES: Readonly<Record<string, string>> = {
  [ENV.port]: 'the Service',
  [ENV.models]: 'model',
  [ENV.cpuLimitMillis]: 'resources.limits.cpu',
  [ENV.apiKeyFile]: 'apiKeySecret',
  [ENV.metricsPort]: 'metricsPort',
};

/** Refuses variables with a name that Kubernetes would refuse, and those that the construct sets. */
export function checkEnv(label: string, variables: Pairs): void {
  for (const name of Object.keys(variables)) {
    if (!VARIABLE.test(name))
      throw new Error(
        `${label}: a name must be of A-Z, a-z, 0-9, -, _ and ., not starting with a digit, received ${name}`,
      );
    if (Object.hasOwn(OWN_VARIABLES, name))
      throw new Error(`${label} must not hold ${name}, which ${OWN_VARIABLES[name]!} sets: leave it out`);
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
