/**
 * The faults that the suite injects. Pure data: the runner checks that every fault here was run, and docs/reliability.md
 * shows this table.
 */

/** What a fault needs of the machine beyond npm. */
export type Need = 'root' | 'control groups' | 'tfjs-node';

/** One fault of this suite. */
export interface Fault {
  readonly name: string;
  readonly injected: string;
  /** How it is seen, from outside the code that injects it, that the fault happened. */
  readonly happened: string;
  readonly survived: string;
  /** What was measured; each `{name}` is a figure of the run. */
  readonly measured: string;
  readonly needs: readonly Need[];
}

const TOOLS_SURVIVE =
  'each ends with 1 and an error in a sentence; earlier files stay as they were, nothing half written is left';
const TRAINING_SURVIVES =
  'the training ends with an error; the last checkpoint loads, and the resumed training ends with the same weights';

/** Every fault of this suite, by id, in the order of the run. */
export const FAULTS = {
  overload: {
    name: 'overload',
    injected: 'three times the load of which the pod answers each request',
    happened: 'the service refuses requests',
    survived: 'every request is answered or refused with `Retry-After`, no liveness probe fails',
    measured:
      '{due} requests: {right} answered, {refused} refused, {failed} failed; {percentOfPeak} % of the peak; refusals p99 {refusedP99Ms} ms; {failedProbes} of {probes} probes failed',
    needs: [],
  },
  'clients-leave': {
    name: 'clients that leave',
    injected: 'clients disconnect before their answer, beside others that wait',
    happened: 'the metrics count disconnected clients',
    survived: 'no other request fails, nothing stays in the queue',
    measured:
      '{left} clients left, {noticed} noticed before their work was done; {failed} of {due} other requests failed',
    needs: [],
  },
  'slow-clients': {
    name: 'slow headers and bodies',
    injected: '200 connections that send a byte every 200 ms: half of them headers, half of them a body',
    happened: 'the server’s process holds the connections',
    survived: 'each gets 408, no other request fails',
    measured:
      '{answered408} of {slow} got 408, the last after {slowestSeconds} s; {failed} of {due} other requests failed',
    needs: [],
  },
  'large-bodies': {
    name: 'oversized and compressed bodies',
    injected: 'bodies of 100 MB: declared, in chunks, inflated from gzip, in an unknown or damaged encoding',
    happened: 'the bytes have left the client',
    survived: 'each gets its 4xx; the server’s memory does not grow with the bodies',
    measured: '{refused} of {sent} bodies refused; memory of the server’s process +{grownMiB} MiB',
    needs: [],
  },
  'decoder-bombs': {
    name: 'decoder bombs',
    injected:
      'images within 1 MB, of each format, that claim up to 400 million pixels or hide 100 MB beside few',
    happened: 'the images have at most 1 MB and were sent',
    survived: 'each gets 200 or 422 in time, the model process lives, the pod’s memory suffices',
    measured:
      '{bombs} bombs: {decoded} decoded, {refused} refused; slowest {slowestMs} ms; at most {maxMiB} of {limitMiB} MiB; {killed} processes killed',
    needs: ['root', 'control groups'],
  },
  'worker-ends': {
    name: 'a pod’s only model process ends',
    injected: 'SIGKILL and SIGSEGV in turn, under load',
    happened: 'the process is gone',
    survived: 'every failed request gets 503 with `Retry-After`; replaced within the model’s load + 1 s',
    measured:
      '{kills} times; {refused} of {due} requests refused, {failed} without an answer; replaced after at most {replacedMs} ms, of which {loadMs} ms load the model',
    needs: [],
  },
  'one-worker-ends': {
    name: 'one of two model processes ends',
    injected: 'SIGKILL and SIGSEGV in turn, under load',
    happened: 'the process is gone',
    survived: 'only the request in the process fails; the pod stays ready',
    measured: '{kills} times; {failed} of {due} requests failed; {unready} probes found the pod not ready',
    needs: [],
  },
  'worker-stops': {
    name: 'a model process hangs',
    injected: 'SIGSTOP to one of two model processes, under load',
    happened: 'the kernel shows the process as stopped',
    survived: 'only the request in the process fails; the process is replaced',
    measured: '{stops} times; {failed} of {due} requests failed; ended after at most {replacedMs} ms',
    needs: [],
  },
  'memory-limit': {
    name: 'the memory limit is reached',
    injected: 'the limit falls to just above the use, and a large image arrives',
    happened: 'the kernel killed a process of the group',
    survived: 'the server’s process lives and serves again once the limit is back',
    measured: '{killed} processes killed; ready again after {readyMs} ms',
    needs: ['root', 'control groups'],
  },
  descriptors: {
    name: 'no descriptor is free',
    injected: 'more connections than the limit of open files, and the model process is killed meanwhile',
    happened: 'the server’s process has as many files open as its limit',
    survived: 'the server’s process lives and serves again once connections close',
    measured: '{files} files open at a limit of {limit}; ready again after {readyMs} ms',
    needs: ['root'],
  },
  processes: {
    name: 'no process can be started',
    injected: 'no further process is allowed, and the model process is killed',
    happened: 'the kernel refused to start a process',
    survived: 'liveness answers meanwhile; ready again once the limit is back',
    measured: '{refusals} starts refused; ready again after {readyMs} ms',
    needs: ['root', 'control groups'],
  },
  'model-missing': {
    name: 'the model’s file is missing',
    injected: 'the weights are removed and the model process is killed',
    happened: 'the log names the file',
    survived: 'live, not ready, one line in the log; ready without a restart once the file is back',
    measured: 'ready again {readyMs} ms after the repair',
    needs: [],
  },
  'model-flipped': {
    name: 'a bit of the model’s file is flipped',
    injected: 'one bit of the weights is flipped and the model process is killed',
    happened: 'the log names the file and both checksums',
    survived: 'live, not ready, one line in the log; ready without a restart once the file is back',
    measured: 'ready again {readyMs} ms after the repair',
    needs: [],
  },
  'model-truncated': {
    name: 'the model’s file is cut off',
    injected: 'the weights lose their second half and the model process is killed',
    happened: 'the log names the file and both checksums',
    survived: 'live, not ready, one line in the log; ready without a restart once the file is back',
    measured: 'ready again {readyMs} ms after the repair',
    needs: [],
  },
  'cache-disk-full': {
    name: 'the graph cache’s disk is full',
    injected: 'the cache is on a full disk when the service starts',
    happened: 'the disk has no free byte',
    survived: 'ready and right; no temporary file stays behind',
    measured: 'ready after {readyMs} ms; {temporaries} temporary files left',
    needs: ['root'],
  },
  'cache-read-only': {
    name: 'the graph cache’s disk is read-only',
    injected: 'the cache is a folder that does not exist on a read-only disk when the service starts',
    happened: 'the disk refuses a file',
    survived: 'ready and right',
    measured: 'ready after {readyMs} ms',
    needs: ['root'],
  },
  'log-disk-full': {
    name: 'the log’s disk is full',
    injected: 'the log is a file on a disk that fills up under load',
    happened: 'the disk has no free byte',
    survived: 'probes and requests are answered; SIGTERM ends the service with 0',
    measured: '{failed} of {due} requests failed; ended {endedSeconds} s after SIGTERM with {exit}',
    needs: ['root'],
  },
  'log-unread': {
    name: 'nobody reads the log',
    injected: 'the log is a pipe whose reader stands still',
    happened: 'the pipe is full',
    survived: 'probes and requests are answered; SIGTERM ends the service with 0',
    measured: '{failed} of {due} requests failed; ended {endedSeconds} s after SIGTERM with {exit}',
    needs: [],
  },
  'write-killed': {
    name: 'a tool is killed while it writes a file',
    injected: '`kill -9` at random times while a file is replaced over and over',
    happened: 'the process died of the signal, and some deaths left a half-written temporary file',
    survived: 'the file is whole each time: the old one or the new one',
    measured: '{kills} kills, {halves} within a write; {damaged} damaged files',
    needs: [],
  },
  'tools-killed': {
    name: 'a command is killed',
    injected:
      '`kill -9` at random times while a command runs, and again while it writes: synth, pack, export, bench',
    happened: 'the process died of the signal',
    survived: 'each file is missing or whole',
    measured: '{tools} commands killed {kills} times, {writing} within a write; {damaged} damaged files',
    needs: [],
  },
  'tools-disk-full': {
    name: 'a command’s disk is full',
    injected: 'the same commands write to a full disk',
    happened: 'the disk has no free byte',
    survived: TOOLS_SURVIVE,
    measured: '{refused} of {tools} commands ended with an error, {changed} changed a file',
    needs: ['root'],
  },
  'tools-read-only': {
    name: 'a command’s disk is read-only',
    injected: 'the same commands write to a read-only disk',
    happened: 'the disk refuses a file',
    survived: TOOLS_SURVIVE,
    measured: '{refused} of {tools} commands ended with an error, {changed} changed a file',
    needs: ['root'],
  },
  'train-disk-full': {
    name: 'a training’s disk is full',
    injected: 'the disk fills up after the first epoch',
    happened: 'the disk has no free byte',
    survived: TRAINING_SURVIVES,
    measured:
      'ended with {exit}; {kept} of {epochs} epochs kept; {different} files differ from those of an undisturbed training',
    needs: ['root', 'tfjs-node'],
  },
  'train-read-only': {
    name: 'a training’s disk becomes read-only',
    injected: 'the disk is mounted read-only after the first epoch',
    happened: 'the disk refuses a file',
    survived: TRAINING_SURVIVES,
    measured:
      'ended with {exit}; {kept} of {epochs} epochs kept; {different} files differ from those of an undisturbed training',
    needs: ['root', 'tfjs-node'],
  },
  clock: {
    name: 'the clock is set back and forth',
    injected: 'the process’s clock is set back by an hour, then forward, and an API key is revoked meanwhile',
    happened: 'the times in the log step',
    survived: 'no request fails, the revoked key is refused within 5 s',
    measured: '{failed} of {due} requests failed; the revoked key was refused after {revokedMs} ms',
    needs: [],
  },
  soak: {
    name: 'a long load in the pod’s memory',
    injected: '70 % of the peak within the memory limit of the pod',
    happened: 'requests were answered inside the group, and its limit is that of the pod',
    survived:
      'no process is killed or replaced; each request is answered, or refused while the machine is busy with others; memory does not grow',
    measured:
      '{seconds} s, {due} requests: {refused} refused, {failed} failed; at most {maxMiB} of {limitMiB} MiB; {slopeMiB} MiB per 1,000 requests; {killed} processes killed',
    needs: ['root', 'control groups'],
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** Id of a fault of this suite. */
export type FaultId = keyof typeof FAULTS;
