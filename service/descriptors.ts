/**
 * How many connections the limit of open files leaves: a process that has used up its descriptors can start no model
 * process.
 */
import { readFileSync } from 'node:fs';

/**
 * Descriptors that are no client's connection: those of Node, the log, the channels of the model processes, a start of one
 * of them, files being read, and the connections of the metrics port.
 */
export const RESERVED_DESCRIPTORS = 100;

/** Connections of the separate metrics port; part of {@link RESERVED_DESCRIPTORS}. */
export const METRICS_CONNECTIONS = 20;

/** The fewest connections to divide between the ports. */
export const fewestConnections = (hasGrpc: boolean): number => (hasGrpc ? 2 : 1);

/**
 * Divides the connections between the ports: few for gRPC, because each carries many calls.
 *
 * @param maxConnections at least {@link fewestConnections}
 */
export function connectionsOf(maxConnections: number, hasGrpc: boolean): { http: number; grpc: number } {
  const grpc = hasGrpc ? Math.ceil(maxConnections / 10) : 0;
  return { grpc, http: maxConnections - grpc };
}

/** More than balancers open; 5,000 idle ones took 11 KiB each (measured), a tenth of the smallest memory limit for all. */
const DEFAULT_CONNECTIONS = 10_000;
/** The usual limit, where /proc does not tell. */
const USUAL_DESCRIPTORS = 1_024;

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/**
 * The soft limit of open files, which Node raises to the hard limit at its start; Infinity when there is none.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html
 */
export function descriptorLimit(limits = readLimits()): number {
  const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1] ?? String(USUAL_DESCRIPTORS);
  return soft === 'unlimited' ? Infinity : Number(soft);
}

/** The most connections that leave {@link RESERVED_DESCRIPTORS} of a limit; at least one. */
export const mostConnections = (descriptors = descriptorLimit()): number =>
  Math.max(1, descriptors - RESERVED_DESCRIPTORS);

/** Connections to accept unless the environment says otherwise. */
export const defaultConnections = (descriptors = descriptorLimit()): number =>
  Math.min(DEFAULT_CONNECTIONS, mostConnections(descriptors));
