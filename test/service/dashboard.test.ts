import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { REQUEST_TIMEOUT_MS } from '../../service/contract';
import { createMetrics } from '../../service/metrics';

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const dashboard = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'docs', 'grafana-dashboard.json'), 'utf8'),
) as {
  panels: readonly Panel[];
  templating: { list: readonly { type: string; query: string }[] };
};

const FUNCTIONS = ['rate', 'increase', 'sum', 'histogram_quantile'];
/** Labels that Prometheus adds, or that its histograms have. */
const SCRAPE_LABELS = ['instance', 'le'];

/** Metrics by the names that a scrape gives them, with their labels. */
const scraped = new Map<string, readonly string[]>();
const { registry } = createMetrics(new Map());
for (const metric of registry.getMetricsAsArray()) {
  const { name, labelNames = [] } = metric as { name: string; labelNames?: readonly string[] };
  const isHistogram = 'buckets' in metric;
  const suffixes = isHistogram ? ['_bucket', '_sum', '_count'] : [''];
  for (const suffix of suffixes) scraped.set(name + suffix, labelNames);
}

/** Names in an expression that are neither functions, labels nor keywords, and the labels that it mentions. */
function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const labels: string[] = [];
  const bare = expr
    .replace(/\{([^}]*)\}/g, (_all, matchers: string) => {
      labels.push(...matchers.split(',').map((matcher) => /^\s*(\w+)\s*(?:=~|!~|!=|=)/.exec(matcher)![1]!));
      return '';
    })
    .replace(/\bby\s*\(([^)]*)\)/g, (_all, list: string) => {
      labels.push(...list.split(',').map((label) => label.trim()));
      return '';
    })
    .replace(/\[[^\]]*\]/g, '');
  const called = [...bare.matchAll(/([a-z_]\w*)\s*\(/gi)].map(([, name]) => name!);
  expect(FUNCTIONS).toEqual(expect.arrayContaining(called));
  const metrics = [...bare.matchAll(/\b[a-z_]\w*\b(?!\s*\()/gi)].map(([name]) => name);
  return { metrics, labels };
}

const targets = dashboard.panels.flatMap((panel) =>
  panel.targets.map(({ expr, legendFormat }) => ({ title: panel.title, expr, legendFormat })),
);

test.each(targets)(
  '$title: $expr asks for metrics and labels that the service has',
  ({ expr, legendFormat }) => {
    const { metrics, labels } = namesIn(expr);
    expect(metrics.length).toBeGreaterThan(0);
    expect([...scraped.keys()]).toEqual(expect.arrayContaining(metrics));
    const known = [...SCRAPE_LABELS, ...metrics.flatMap((name) => scraped.get(name)!)];
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
    expect(known).toEqual(expect.arrayContaining([...labels, ...shown]));
    for (const opening of ['()', '{}', '[]'])
      expect(expr.split(opening[0]!).length).toBe(expr.split(opening[1]!).length);
  },
);

test('its variables use metrics and labels that the service exports', () => {
  const queries = dashboard.templating.list.filter(({ type }) => type === 'query');
  expect(queries.length).toBeGreaterThan(0);
  for (const { query } of queries) {
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query)!;
    expect([...scraped.keys()]).toContain(metric);
    expect([...SCRAPE_LABELS, ...scraped.get(metric!)!]).toContain(label);
  }
});

test('shows every metric of the service', () => {
  const asked = new Set(targets.flatMap(({ expr }) => namesIn(expr).metrics));
  const own = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => /^(inference|cgroup)_/.test(name));
  const shown = (name: string) => [...asked].some((metric) => metric === name || metric === `${name}_bucket`);
  expect(own.filter((name) => !shown(name))).toEqual([]);
});

test('panels have units and do not overlap', () => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const { fieldConfig } of dashboard.panels) expect(fieldConfig.defaults.unit).toMatch(/\w/);
});

test('duration buckets range from 1 ms to the request timeout', async () => {
  const { requestSeconds } = createMetrics(new Map());
  requestSeconds.observe({ model: 'latency' }, 1);
  const { values } = await requestSeconds.get();
  const bounds = values.flatMap(({ labels }) => ('le' in labels ? [labels['le']] : []));
  expect(bounds[0]).toBe(0.001);
  expect(bounds.slice(-2)).toEqual([REQUEST_TIMEOUT_MS / 1000, '+Inf']);
  // A quantile above the last bucket is unknown: a much later deadline needs more buckets.
  const ratios = (bounds.slice(1, -1) as number[]).map((bound, i) => bound / Number(bounds[i]));
  for (const ratio of ratios) {
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThanOrEqual(2.5 + 1e-9);
  }
});
