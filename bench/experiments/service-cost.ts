/**
 * What a running service costs: CPU time and memory of its processes, and the times of its answers. Linux.
 */
import { readFileSync } from 'node:fs';

import { PATHS } from '../../service/contract';
import { summarize } from '../load/documents';
import { runLoad } from '../load/generator';
import type { ServiceProcess } from './service-process';

/** Ticks per second of /proc's times; fixed in every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** CPU time of a process with its threads, milliseconds. */
function cpuMs(processId: number): number {
  // The command's name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Memory of a process, with its share of what it shares, MiB. */
export const pssMebibytes = (processId: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8'))![1]) / 1024;

const urlOf = ({ url }: ServiceProcess) => `${url}${PATHS.classify}`;

/** Posts one image from several clients, each of which waits for its answer. */
const closedLoad = (service: ServiceProcess, file: string, clients: number, seconds: number) =>
  runLoad({
    url: urlOf(service),
    ...{ load: `closed:${clients}:${seconds}s`, connections: `kept:${clients}`, images: [{ file }] },
  });

/** Makes the service's first images, which are slow. */
export async function warmUp(service: ServiceProcess, file: string, clients: number, seconds: number) {
  await closedLoad(service, file, clients, seconds);
}

/** What a service costs under load. */
export interface LoadCost {
  readonly perSecond: number;
  /** CPU time per image of the process that answers HTTP. */
  readonly serverMs: number;
  /** CPU time per image of the model processes. */
  readonly modelMs: number;
  readonly cpuMs: number;
  /** Of all its processes. */
  readonly pssMebibytes: number;
}

/**
 * Rate, CPU time and memory with several clients at once.
 *
 * @throws Error unless every image is answered
 */
export async function costUnderLoad(
  service: ServiceProcess,
  file: string,
  clients: number,
  seconds: number,
): Promise<LoadCost> {
  const processes = service.workers();
  const before = [cpuMs(service.processId), sum(processes.map(cpuMs))] as const;
  const summary = summarize(await closedLoad(service, file, clients, seconds));
  const images = summary.outcomes.right;
  if (images === 0 || images !== summary.due)
    throw new Error(`every image must be answered, received ${JSON.stringify(summary.outcomes)}`);
  const serverMs = (cpuMs(service.processId) - before[0]) / images;
  const modelMs = (sum(processes.map(cpuMs)) - before[1]) / images;
  return {
    ...{ perSecond: summary.throughputPerSecond, serverMs, modelMs, cpuMs: serverMs + modelMs },
    pssMebibytes: sum([service.processId, ...processes].map(pssMebibytes)),
  };
}

/** Times of one client's answers, milliseconds. */
export interface OneClientTimes {
  readonly oneClientMs: readonly number[];
  readonly decodeMs: readonly number[];
  readonly inferenceMs: readonly number[];
}

/** Times with one client, which waits for each answer. */
export async function oneClientTimes(
  service: ServiceProcess,
  file: string,
  seconds: number,
): Promise<OneClientTimes> {
  const body = readFileSync(file);
  const headers = { 'content-type': 'image/jpeg' };
  const end = performance.now() + 1000 * seconds;
  const [oneClientMs, decodeMs, inferenceMs]: number[][] = [[], [], []];
  while (performance.now() < end) {
    const started = performance.now();
    const response = await fetch(urlOf(service), { method: 'POST', headers, body });
    const { timeMs } = (await response.json()) as { timeMs: { decode: number; inference: number } };
    oneClientMs!.push(performance.now() - started);
    decodeMs!.push(timeMs.decode);
    inferenceMs!.push(timeMs.inference);
  }
  return { oneClientMs: oneClientMs!, decodeMs: decodeMs!, inferenceMs: inferenceMs! };
}
