/**
 * The form of names and references that Kubernetes accepts. Pure functions.
 */
const HOST_LABEL = '[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?';
const HOST = String.raw`(?:${HOST_LABEL}(?:\.${HOST_LABEL})*|\[[a-fA-F0-9:]+\])(?::\d+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const TAG = String.raw`\w[-\w.]{0,127}`;
const OTHER_ALGORITHM = '(?!sha(?:256|384|512):)[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*';
const DIGEST =
  'sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|' + `${OTHER_ALGORITHM}:[0-9a-fA-F]{32,}`;

/**
 * The grammar of container image names.
 *
 * @see https://pkg.go.dev/github.com/distribution/reference
 */
const IMAGE = new RegExp(`^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::${TAG})?(?:@(?:${DIGEST}))?$`);

const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_SUBDOMAIN_WORDS =
  'at most 253 of a-z, 0-9, - and ., each part starting and ending with a letter or digit';

const DNS_LABEL = [
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'at most 63 of a-z, 0-9 and -, not starting or ending with -',
] as const;

/** The form of each text, as a pattern and in words. */
const FORMS = {
  // A Service's name (DNS-1035 label): the strictest rule among the objects that share the name.
  name: [
    /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'at most 63 of a-z, 0-9 and -, starting with a letter and not ending with -',
  ],
  appName: [
    /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/,
    'at most 63 of A-Z, a-z, 0-9, -, _ and ., starting and ending with a letter or digit',
  ],
  namespace: DNS_LABEL,
  // The service refuses other names of models, and a label's value may have no comma.
  model: DNS_LABEL,
  image: [
    IMAGE,
    '[host[:port]/]name[:tag][@digest] with the name in lower case, such as registry.example/tandem:1 or ' +
      'registry.example/tandem@sha256: and 64 hex digits',
  ],
  imagePullSecret: [DNS_SUBDOMAIN, DNS_SUBDOMAIN_WORDS],
  apiKeySecret: [DNS_SUBDOMAIN, DNS_SUBDOMAIN_WORDS],
  priorityClassName: [DNS_SUBDOMAIN, DNS_SUBDOMAIN_WORDS],
  // A Service's name and a dot come before it, and a host has at most 253 characters.
  domain: [
    /^(?=.{1,189}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    DNS_SUBDOMAIN_WORDS.replace('253', '189'),
  ],
  gateway: [
    /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/)?[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/,
    'the name of a Gateway, or its namespace, a slash and its name',
  ],
  // No user and password: manifests are no place for secrets.
  prometheusUrl: [
    /^https?:\/\/[-.a-z0-9]+(:\d{1,5})?(\/[-\w./~]*)?$/,
    'a URL without user and password, such as http://prometheus.monitoring:9090',
  ],
  ingressClass: [DNS_SUBDOMAIN, DNS_SUBDOMAIN_WORDS],
  tlsSecret: [DNS_SUBDOMAIN, DNS_SUBDOMAIN_WORDS],
} as const satisfies Readonly<Record<string, readonly [RegExp, string]>>;

/** A text with a form. */
export type TextField = keyof typeof FORMS;
export const TEXT_FIELDS = Object.keys(FORMS) as readonly TextField[];

/** A value as an error shows it. */
export const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/**
 * Refuses a text that Kubernetes would refuse.
 *
 * @param label what the error calls the text, such as the variable that it comes from
 * @throws Error naming the label, the form and the value
 */
export function checkText(label: string, field: TextField, value: unknown): asserts value is string {
  const [pattern, form] = FORMS[field];
  if (typeof value === 'string' && pattern.test(value)) return;
  throw new Error(`${label} must be ${form}, received ${typeof value === 'string' ? value : shown(value)}`);
}
