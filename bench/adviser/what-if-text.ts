/** A what-if in words. Pure. */
import { percent } from '../../charts/percent';
import { grouped, list } from '../evidence/words';
import type { Band } from '../twin/bands';
import { type Change, CHANGES } from './change';
import { MIN_INSIDE_SHARE, type WhatIf } from './what-if';

/** `target=70 and window=60`. */
export const changeText = (change: Change): string =>
  list(
    Object.entries(CHANGES).flatMap(([name, { field }]) =>
      change[field] === undefined ? [] : [`${name}=${change[field]}`],
    ),
  );

const bandText = ({ low, median, high }: Band, format: (value: number) => string) =>
  `${format(median)} (${format(low)} to ${format(high)})`;
const hours = (value: number) => value.toFixed(3);
const whole = (value: number) => grouped(Math.round(value));

const changeOf = (before: number, after: number, noun: string) => {
  if (before === 0) return `${whole(after)} ${noun}`;
  const share = after / before - 1;
  const sign = share < 0 ? '−' : '+';
  return `${sign}${Math.abs(100 * share).toFixed(0)} % ${noun}`;
};

/** `−12 % core-hours and +3 % late requests`. */
export function savedText({ asRecorded, changed }: WhatIf & Required<Pick<WhatIf, 'changed'>>): string {
  return list([
    changeOf(asRecorded.coreHours.median, changed.coreHours.median, 'core-hours'),
    changeOf(asRecorded.late.median, changed.late.median, 'late requests'),
  ]);
}

/** The answer in lines; without a comparison where the twin is too far from the record. */
export function whatIfText(answer: WhatIf): string {
  const { asRecorded, changed, insideShare, recordedLate, change, seeds } = answer;
  const residual =
    `Simulated as recorded, ${seeds} seeds: the recorded ready pods are inside the 90 % band ` +
    `${percent(insideShare)} of the time.`;
  if (changed === undefined) {
    return (
      `${residual}\nThat is less than ${percent(MIN_INSIDE_SHARE)}, so no change is simulated: it would tell about ` +
      'the twin, not about this run.'
    );
  }
  const rows = [
    ['', 'simulated as recorded', `simulated with ${changeText(change)}`],
    ...(
      [
        ['pod-hours', 'podHours', hours],
        ['core-hours requested', 'coreHours', hours],
        ['late requests', 'late', whole],
      ] as const
    ).map(([name, field, format]) => [
      name,
      bandText(asRecorded[field], format),
      bandText(changed[field], format),
    ]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    residual,
    `The record has ${grouped(recordedLate)} late requests.`,
    '',
    ...rows.map(([name, before, after]) =>
      `  ${name!.padEnd(widths[0]!)}  ${before!.padEnd(widths[1]!)}  ${after!}`.trimEnd(),
    ),
  ].join('\n');
}
