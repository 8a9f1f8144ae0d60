/** Runs kubectl, which supports every sign-in method of a kubeconfig. */
import { execFile } from 'node:child_process';

import { noProgram } from '../timeline/api-reader';

/** Runs kubectl with arguments and standard input; rejects with kubectl's own message. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** A generator prints its document to its log, in base64 of 19 bytes per request: room for millions of requests. */
const MAX_OUTPUT_BYTES = 128 * 1024 * 1024;

/**
 * @param command the program and its first arguments, such as `kubectl --kubeconfig FILE`
 * @param timeoutMs longest time of one call
 * @param signal ends the call in progress
 */
export const kubectlOf =
  ([program, ...leading]: readonly [string, ...string[]], timeoutMs: number, signal?: AbortSignal): Kubectl =>
  (args, input) =>
    new Promise((resolve, reject) => {
      const options = {
        maxBuffer: MAX_OUTPUT_BYTES,
        timeout: timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      };
      const child = execFile(program, [...leading, ...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.code === 'ENOENT') reject(noProgram(program, error));
        else
          reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
      });
      // kubectl may end before it reads its input; its own message says why.
      child.stdin!.on('error', () => undefined).end(input);
    });
