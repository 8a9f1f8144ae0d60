import {
  SESSION_OPTIONS_SCHEMA,
  SESSION_OPTIONS_VERSION,
  sessionOptionsText,
  SETTINGS,
} from '../../../bench/experiments/session-options-document';

test('other settings are compared with the served one turn by turn, so that a slow turn counts for none', () => {
  const text = sessionOptionsText({
    ...{ schema: SESSION_OPTIONS_SCHEMA, version: SESSION_OPTIONS_VERSION },
    startedAt: '2026-11-28T06:00:00.000Z',
    machine: {
      ...{ cpuModel: 'Some CPU', cores: 2, memoryBytes: 1, nodeVersion: 'v22', platform: 'linux x64' },
    },
    comparisons: [
      {
        ...{ model: 'latency', precision: 'int8', threads: 2 },
        settings: SETTINGS.map((setting, i) => ({
          setting,
          // The machine is ten times as slow in the last turn.
          cpuMs: [4, 5, 40].map((ms) => ms * (1 + i)),
          wallMs: [2, 3, 20].map((ms) => ms / (1 + i)),
          pssMebibytes: 90 - 10.2 * i,
        })),
      },
    ],
  });
  expect(text).toContain(
    '| model | precision | threads | as served | spinning | no arena | no memory pattern |',
  );
  expect(text).toContain(
    '| `latency` | int8 | 2 | 5.0 ms, 3.0 ms, 90 MiB | 2.00, 0.50, −10 MiB | 3.00, 0.33, −20 MiB | 4.00, 0.25, −31 MiB |',
  );
  expect(text).toMatch(/Measured on 2026-11-28 on 2 cores of Some CPU/);
});
