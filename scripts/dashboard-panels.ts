/**
 * The panels of the Grafana dashboard, by the question that they answer.
 */
import {
  ALL_FAILURES,
  ANSWERS,
  by,
  CLUSTER_NEEDS,
  CPU_TARGET,
  CPU_USED,
  figure,
  hpa,
  mean,
  MEMORY_USED,
  OURS,
  quantile,
  rate,
  STEPS,
  TIMES,
} from './dashboard-queries';

/** One line of a chart, or one tile. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A panel; `tile` shows the present values only. */
export interface Panel {
  readonly kind: 'tile' | 'chart';
  readonly title: string;
  readonly meaning: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** From this value on a tile is red. */
  readonly redFrom?: number;
  readonly queries: readonly Query[];
}

/** A row of panels. */
export interface Question {
  readonly question: string;
  readonly panels: readonly Panel[];
}

/** The rows of the dashboard. */
export const QUESTIONS: readonly Question[] = [
  {
    question: 'Is it answering?',
    panels: [
      {
        ...{ kind: 'tile', title: 'Instances that are ready', unit: 'short' },
        meaning: 'Instances whose model is loaded and warmed up.',
        queries: [{ expr: by('model', `inference_worker_ready${OURS}`), legend: '{{model}}' }],
      },
      {
        ...{ kind: 'tile', title: 'Answers per second', unit: 'reqps' },
        meaning: 'Inference requests that returned probabilities.',
        queries: [{ expr: by('model', ANSWERS), legend: '{{model}}' }],
      },
      {
        ...{ kind: 'tile', title: 'Error share', unit: 'percentunit', redFrom: 0.01 },
        meaning:
          'Share of inference requests that were refused or failed; clients that disconnected do not count.',
        queries: [{ expr: `${ALL_FAILURES} / (${ALL_FAILURES} + sum(${ANSWERS}))`, legend: 'errors' }],
      },
      {
        ...{ kind: 'tile', title: 'Restarts in an hour', unit: 'short', redFrom: 1 },
        meaning: 'Restarts of the model processes.',
        queries: [
          {
            expr: `sum(increase(inference_worker_restarts_total${OURS}[1h])) or vector(0)`,
            legend: 'restarts',
          },
        ],
      },
      {
        ...{ kind: 'chart', title: 'Answers', unit: 'reqps' },
        meaning: 'Inference requests that returned probabilities.',
        queries: [{ expr: by('model', ANSWERS), legend: '{{model}}' }],
      },
      {
        ...{ kind: 'chart', title: 'Errors, by code', unit: 'reqps' },
        meaning:
          'OVERLOADED: the queue was full. CLIENT_GONE: the client disconnected. Empty until the first error.',
        queries: [
          { expr: by('model, reason', rate('inference_rejected_total')), legend: '{{model}} {{reason}}' },
        ],
      },
      {
        ...{ kind: 'chart', title: 'Models that run', unit: 'short' },
        meaning: 'Instances by model, version, engine and precision: two versions while an update rolls out.',
        queries: [
          {
            expr: by('model, version, engine, precision', `inference_model_info${OURS}`),
            legend: '{{model}} {{version}}, {{engine}} {{precision}}',
          },
        ],
      },
      {
        ...{ kind: 'chart', title: 'Lost or refused, an hour', unit: 'short' },
        meaning:
          'Connections that were refused, lines of the log that were lost, errors of the API key file.',
        queries: [
          ['connections_refused', 'connections refused'],
          ['log_lines_lost', 'lines of the log lost'],
          ['api_key_file_errors', 'errors of the API key file'],
        ].map(([metric, legend]) => ({
          expr: `sum(increase(inference_${metric!}_total${OURS}[1h]))`,
          legend: legend!,
        })),
      },
    ],
  },
  {
    question: 'Is it slow?',
    panels: [
      ...([TIMES[0], TIMES[2]] as const).map(([name, share]): Panel => ({
        ...{ kind: 'tile', title: `Latency, ${name}`, unit: 's' },
        meaning: 'From the complete request body to the answer.',
        queries: [{ expr: quantile(share, 'inference_request_duration_seconds'), legend: '{{model}}' }],
      })),
      {
        ...{ kind: 'chart', title: 'Latency', unit: 's' },
        meaning: 'From the complete request body to the answer.',
        queries: TIMES.map(([name, share]) => ({
          expr: quantile(share, 'inference_request_duration_seconds'),
          legend: `{{model}} ${name}`,
        })),
      },
      {
        ...{ kind: 'chart', title: 'Where the time goes', unit: 's' },
        meaning: 'Mean time of each step. A queue that grows means: too few pods.',
        queries: STEPS.map(([name, metric]) => ({ expr: mean(metric), legend: `{{model}} ${name}` })),
      },
      {
        ...{ kind: 'chart', title: 'In flight', unit: 'short' },
        meaning: 'Inference requests that wait or run.',
        queries: [{ expr: by('model', `inference_in_flight${OURS}`), legend: '{{model}}' }],
      },
      {
        ...{ kind: 'chart', title: 'Images per run', unit: 'short' },
        meaning: 'Mean number of images that one run of the model takes.',
        queries: [{ expr: mean('inference_batch_size'), legend: '{{model}}' }],
      },
    ],
  },
  {
    question: 'Is it near its limit?',
    panels: [
      {
        ...{ kind: 'tile', title: 'CPU of the busiest pod', unit: 'percentunit', redFrom: 0.9 },
        meaning: `Share of its CPU limit. ${CLUSTER_NEEDS}`,
        queries: [{ expr: `max(${CPU_USED} / ${figure('limits', 'cpu')})`, legend: 'of its limit' }],
      },
      {
        ...{ kind: 'tile', title: 'Memory of the fullest pod', unit: 'percentunit', redFrom: 0.9 },
        meaning: `Share of its memory limit. ${CLUSTER_NEEDS}`,
        queries: [{ expr: `max(${MEMORY_USED} / ${figure('limits', 'memory')})`, legend: 'of its limit' }],
      },
      ...(
        [
          ['CPU', 'cpu', 'short', CPU_USED, 'Cores of each pod'],
          ['Memory', 'memory', 'bytes', MEMORY_USED, 'Working set of each pod'],
        ] as const
      ).map(([name, resource, unit, used, what]): Panel => ({
        ...{ kind: 'chart', title: `${name} against request and limit`, unit },
        meaning: `${what}, with the highest request and limit. ${CLUSTER_NEEDS}`,
        queries: [
          { expr: used, legend: '{{pod}}' },
          { expr: `max(${figure('requests', resource)})`, legend: 'request' },
          { expr: `max(${figure('limits', resource)})`, legend: 'limit' },
        ],
      })),
      {
        ...{ kind: 'chart', title: 'CPU throttling', unit: 'percentunit' },
        meaning: 'Share of the periods in which the CPU limit stopped the container, and of the time.',
        queries: [
          {
            expr: `${by('instance', rate('cgroup_cpu_throttled_periods_total'))} / ${by('instance', rate('cgroup_cpu_periods_total'))}`,
            legend: '{{instance}} periods',
          },
          {
            expr: by('instance', rate('cgroup_cpu_throttled_seconds_total')),
            legend: '{{instance}} time',
          },
        ],
      },
      {
        ...{ kind: 'chart', title: 'Memory by process', unit: 'bytes' },
        meaning: 'Resident memory of the HTTP process, and of the processes of each model.',
        queries: [
          { expr: `process_resident_memory_bytes${OURS}`, legend: '{{instance}} HTTP' },
          { expr: `inference_worker_resident_memory_bytes${OURS}`, legend: '{{instance}} {{model}}' },
        ],
      },
      {
        ...{ kind: 'chart', title: 'The HTTP process', unit: 's' },
        meaning: 'How late its event loop is, which also answers the probes, and its CPU time per second.',
        queries: [
          { expr: `nodejs_eventloop_lag_p99_seconds${OURS}`, legend: '{{instance}} event loop lag, p99' },
          { expr: rate('process_cpu_seconds_total'), legend: '{{instance}} CPU' },
        ],
      },
    ],
  },
  {
    question: 'What does the autoscaler do?',
    panels: [
      {
        ...{ kind: 'tile', title: 'Replicas', unit: 'short' },
        meaning: `Pods that each autoscaler counts. ${CLUSTER_NEEDS}`,
        queries: [{ expr: hpa('status_current_replicas'), legend: '{{horizontalpodautoscaler}}' }],
      },
      {
        ...{ kind: 'tile', title: 'At its maximum', unit: 'percentunit', redFrom: 1 },
        meaning: `Replicas as a share of maxReplicas: at 100 % it cannot add any. ${CLUSTER_NEEDS}`,
        queries: [
          {
            expr: `${hpa('status_current_replicas')} / ${hpa('spec_max_replicas')}`,
            legend: '{{horizontalpodautoscaler}}',
          },
        ],
      },
      {
        ...{ kind: 'chart', title: 'Replicas against their bounds', unit: 'short' },
        meaning: `Pods that there are, that the autoscaler wants, and its bounds. ${CLUSTER_NEEDS}`,
        queries: [
          ['status_current_replicas', 'now'],
          ['status_desired_replicas', 'wanted'],
          ['spec_min_replicas', 'min'],
          ['spec_max_replicas', 'max'],
        ].map(([metric, legend]) => ({
          expr: hpa(metric!),
          legend: `{{horizontalpodautoscaler}} ${legend!}`,
        })),
      },
      {
        ...{ kind: 'chart', title: 'CPU against the target', unit: 'percent' },
        meaning: `CPU in percent of the request, as the autoscaler sees it, and its target. ${CLUSTER_NEEDS}`,
        queries: [
          { expr: hpa('status_target_metric', CPU_TARGET), legend: '{{horizontalpodautoscaler}} now' },
          { expr: hpa('spec_target_metric', CPU_TARGET), legend: '{{horizontalpodautoscaler}} target' },
        ],
      },
    ],
  },
];
