/**
 * The Grafana dashboard as JSON, from its panels: `npm run docs` writes it.
 *
 * @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
 */
import { join } from 'node:path';

import { type Panel, QUESTIONS } from './dashboard-panels';
import { ROOT } from './documents';

/** The file to import into Grafana. */
export const DASHBOARD_FILE = join(ROOT, 'docs', 'grafana-dashboard.json');

/** Width of a dashboard in Grafana's cells. */
const GRID_WIDTH = 24;
/** Width and height of each kind of panel. */
const SIZES = { tile: { w: 6, h: 4 }, chart: { w: 12, h: 8 } } as const;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const ALL = { text: 'All', value: '$__all' };

const variable = (name: string, label: string, query: string) => ({
  ...{ name, label, type: 'query', query, datasource: DATASOURCE, refresh: 2 },
  ...{ includeAll: true, multi: true, current: ALL },
});

const thresholds = (redFrom: number | undefined) => ({
  mode: 'absolute',
  steps: [
    { color: 'green', value: null },
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ],
});

const LOOKS = {
  tile: {
    type: 'stat',
    options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', textMode: 'auto' },
  },
  chart: {
    type: 'timeseries',
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },
} as const;

const panelJson = ({ kind, title, meaning, unit, redFrom, queries }: Panel) => ({
  ...LOOKS[kind],
  title,
  description: meaning,
  datasource: DATASOURCE,
  fieldConfig: {
    defaults: {
      ...{ unit, min: 0 },
      ...(kind === 'tile'
        ? { thresholds: thresholds(redFrom) }
        : { custom: { fillOpacity: 10, showPoints: 'never' } }),
    },
    overrides: [],
  },
  targets: queries.map(({ expr, legend }, i) => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + i),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
  })),
});

/** Puts panels beside each other from `y` on; a panel that no longer fits, or is of another kind, begins a new line. */
function laidOut(panels: readonly Panel[], y: number) {
  let [x, top, height, before] = [0, y, 0, panels[0]!.kind];
  const placed = panels.map((panel) => {
    const { w, h } = SIZES[panel.kind];
    if (x + w > GRID_WIDTH || panel.kind !== before) [x, top] = [0, top + height];
    const gridPos = { x, y: top, w, h };
    [x, height, before] = [x + w, h, panel.kind];
    return { ...panelJson(panel), gridPos };
  });
  return { placed, end: top + height };
}

/** The file's text. */
export function dashboardText(): string {
  let y = 0;
  const panels = QUESTIONS.flatMap(({ question, panels: own }) => {
    const row = { type: 'row', title: question, collapsed: false, gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 } };
    const { placed, end } = laidOut(own, y + 1);
    y = end;
    return [row, ...placed];
  }).map((panel, i) => ({ id: i + 1, ...panel }));
  const dashboard = {
    ...{ title: 'Tandem', uid: 'tandem', tags: ['tandem'] },
    description:
      'Is Tandem’s service answering, is it slow, is it near its limit, what does its autoscaler do?',
    ...{ timezone: 'browser', schemaVersion: 39, version: 2, editable: true, refresh: '30s' },
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
        {
          ...variable('instance', 'Instance', 'label_values(inference_worker_ready, instance)'),
          allValue: '.*',
        },
        variable('namespace', 'Namespace', 'label_values(inference_worker_ready, namespace)'),
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
