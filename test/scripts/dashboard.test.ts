import { readFileSync } from 'node:fs';

import { DASHBOARD_FILE, dashboardText } from '../../scripts/dashboard';
import { QUESTIONS } from '../../scripts/dashboard-panels';
import { createMetrics } from '../../service/metrics';
import { CLUSTER_SERIES } from '../support/cluster-metrics';

interface PanelJson {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}
const dashboard = JSON.parse(dashboardText()) as {
  panels: readonly PanelJson[];
  templating: { list: readonly { type: string; query: string }[] };
};

const FUNCTIONS = ['rate', 'increase', 'sum', 'max', 'histogram_quantile', 'vector'];
const KEYWORDS = ['or'];
/** Labels that Prometheus adds, or that its histograms have. */
const SCRAPE_LABELS = ['instance', 'namespace', 'le'];
/** Only engines that are not the default count tensors. */
const NOT_SHOWN = ['inference_worker_tensors'];

/** Metrics by the names that a scrape gives them, with their labels. */
const scraped = new Map<string, readonly string[]>();
const { registry } = createMetrics(new Map());
for (const metric of registry.getMetricsAsArray()) {
  const { name, labelNames = [] } = metric as { name: string; labelNames?: readonly string[] };
  const suffixes = 'buckets' in metric ? ['_bucket', '_sum', '_count'] : [''];
  for (const suffix of suffixes) scraped.set(name + suffix, labelNames);
}
const known = new Map([
  ...scraped,
  ...CLUSTER_SERIES.map(([name, labels]) => [name, Object.keys(labels)] as const),
]);

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
  const called = [...bare.matchAll(/([a-z_]\w*)\(/gi)].map(([, name]) => name!);
  expect(FUNCTIONS).toEqual(expect.arrayContaining(called));
  const names = [...bare.matchAll(/\b[a-z_]\w*\b(?!\()/gi)].map(([name]) => name);
  return { metrics: names.filter((name) => ![...FUNCTIONS, ...KEYWORDS].includes(name)), labels };
}

const panels = QUESTIONS.flatMap(({ panels: own }) => own);
const targets = panels.flatMap(({ title, queries }) => queries.map((query) => ({ title, ...query })));

test('docs/grafana-dashboard.json is up to date; if not, run `npm run docs`', () => {
  expect(readFileSync(DASHBOARD_FILE, 'utf8')).toBe(dashboardText());
});

test.each(targets)('$title: $expr asks for metrics and labels that there are', ({ expr, legend }) => {
  const { metrics, labels } = namesIn(expr);
  expect(metrics.length).toBeGreaterThan(0);
  expect([...known.keys()]).toEqual(expect.arrayContaining(metrics));
  const mayHave = [...SCRAPE_LABELS, ...metrics.flatMap((name) => known.get(name)!)];
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
  expect(mayHave).toEqual(expect.arrayContaining([...labels, ...shown]));
});

test('its variables use metrics and labels that a scrape has', () => {
  const queries = dashboard.templating.list.filter(({ type }) => type === 'query');
  expect(queries.length).toBeGreaterThan(0);
  for (const { query } of queries) {
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query)!;
    expect([...scraped.keys()]).toContain(metric);
    expect([...SCRAPE_LABELS, ...scraped.get(metric!)!]).toContain(label);
  }
});

test('shows every metric of the service that the default engine has', () => {
  const asked = new Set(targets.flatMap(({ expr }) => namesIn(expr).metrics));
  const own = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => /^(inference|cgroup)_/.test(name));
  const shown = (name: string) => [name, `${name}_bucket`, `${name}_sum`].some((metric) => asked.has(metric));
  expect(own.filter((name) => !shown(name))).toEqual(NOT_SHOWN);
});

test('every row is a question, and panels do not overlap', () => {
  for (const { question } of QUESTIONS) expect(question).toMatch(/\?$/);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
});
