/** The client that gRPC's own library generates from the published protocol. */
import { join } from 'node:path';

import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const PROTO = join(__dirname, '../../service/grpc/open-inference.proto');

/** What a call came to. */
export interface Outcome {
  readonly error?: ServiceError;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the answers are compared, not used
  readonly answer?: any;
  /** Headers of the answer. */
  readonly metadata: Metadata;
}

/** Options of one call. */
export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeoutMs?: number;
  /** Receives the call at once, to cancel it. */
  readonly onCall?: (call: { cancel(): void }) => void;
}

/** Connects; `call` never rejects. */
export function grpcClient(port: number, options: object = {}) {
  const definition = loadSync(PROTO, { keepCase: true, longs: Number, oneofs: true });
  const { GRPCInferenceService } = loadPackageDefinition(definition)['inference'] as Record<
    string,
    ServiceClientConstructor
  >;
  const client: Client = new GRPCInferenceService!(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
    options,
  );
  return {
    close: () => client.close(),
    call: (
      method: string,
      request: object = {},
      { metadata = {}, timeoutMs, onCall }: CallOptions = {},
    ): Promise<Outcome> =>
      new Promise((resolve) => {
        const sent = new Metadata();
        for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
        let received = new Metadata();
        const run = (client as unknown as Record<string, (...args: unknown[]) => never>)[method]!;
        const limits = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
        const call = run.call(client, request, sent, limits, (error: ServiceError | null, answer: unknown) =>
          resolve({ metadata: received, ...(error ? { error } : { answer }) }),
        ) as { on(event: string, listener: (metadata: Metadata) => void): void; cancel(): void };
        call.on('metadata', (headers) => (received = headers));
        onCall?.(call);
      }),
  };
}
