/** A made-up document: every server of the full form, with rates that follow from one CPU time per image. */
import type { PeersDocument, Visit } from '../../../bench/peers/peers-document';
import { planOf, type PlannedVisit } from '../../../bench/peers/plan';
import { SERVER_NAMES, type ServerName } from '../../../bench/peers/servers';

const ROUNDS = 3;

/** CPU time per image, milliseconds, in the second of three rounds. */
export type CpuMs = (planned: PlannedVisit) => number;

/** MobileNetV2 in ten milliseconds, twice as fast at int8; ResNet101V2 takes ten times as long. */
export const evenCpuMs: CpuMs = ({ model, precision }) =>
  (model === 'latency' ? 10 : 100) / (precision === 'int8' ? 2 : 1);

function visit(planned: PlannedVisit, round: number, cpuMs: number): Visit {
  const { loads, ...served } = planned;
  // A neighbour disturbs the first round, and all servers alike.
  const disturbed = cpuMs * (round === 1 ? 1.5 : 1);
  return {
    ...served,
    round,
    readyMs: 900,
    pssMebibytes: 120,
    loads: loads.map(({ image, clients, seconds }) => {
      const cpuMsPerImage = disturbed * (image === 'large' ? 2 : 1);
      const perSecond = planned.limitMillis / cpuMsPerImage;
      return {
        ...{ image, clients, seconds, cpuMsPerImage, perSecond, clientCpuShare: 0.1 },
        images: Math.round(perSecond * seconds),
        ...{ p50Ms: (1000 * clients) / perSecond, p90Ms: (1100 * clients) / perSecond },
      };
    }),
  };
}

/** A document whose servers take the given CPU time. */
export function syntheticDocument(
  cpuMs: CpuMs = evenCpuMs,
  missing: readonly ServerName[] = ['openvino-f32', 'express'],
): PeersDocument {
  const plan = planOf('full').filter(({ server }) => !missing.includes(server));
  const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);
  return {
    ...{ schema: 'tandem.peers', version: 1, form: 'full', rounds: ROUNDS, hasBfloat16: false },
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:30:00.000Z',
    commit: 'c'.repeat(40),
    machine: {
      ...{ cpuModel: 'SYNTHETIC', cores: 2, memoryBytes: 2 ** 34 },
      ...{ nodeVersion: 'v22.0.0', platform: 'linux x64' },
    },
    images: {
      small: { widthPixels: 320, heightPixels: 240, bytes: [20_000, 30_000] },
      large: { widthPixels: 1152, heightPixels: 864, bytes: [140_000] },
    },
    multiplyAdds: { accuracy: 7_000_000_000, latency: 300_000_000 },
    peakGflops: rounds.map(() => 100),
    packages: Object.fromEntries(
      SERVER_NAMES.map((name) => [name, `${name} 0.1.0`]),
    ) as PeersDocument['packages'],
    skipped: [{ what: 'Express, tfjs-node', why: 'tfjs-node is not built' }],
    engines: rounds.flatMap((round) =>
      (['accuracy', 'latency'] as const).flatMap((model) =>
        (['fp32', 'int8'] as const).map((precision) => {
          const ms = (model === 'latency' ? 8 : 95) / (precision === 'int8' ? 2 : 1);
          return { round, model, precision, images: 100, cpuMs: ms, wallMs: ms };
        }),
      ),
    ),
    visits: rounds.flatMap((round) => plan.map((planned) => visit(planned, round, cpuMs(planned)))),
  };
}
