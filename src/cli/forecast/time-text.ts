const secondMs = 1000;

/** Units of times that are plain numbers, as milliseconds. */
export const epochUnitsMs = { s: secondMs, ms: 1, us: 1e-3, ns: 1e-6 } as const;

export type EpochUnit = keyof typeof epochUnitsMs;

const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|millis(?:econds?)?)$/, 1],
  [/^(?:|s|secs?|seconds?)$/, secondMs],
  [/^(?:m|mins?|minutes?)$/, 60 * secondMs],
  [/^(?:h|hours?)$/, 3600 * secondMs],
  [/^(?:d|days?)$/, 86_400 * secondMs],
];

/** `5m`, `30 s`, `1h`, `250ms`, `1d`; a plain number is seconds. @returns milliseconds, null when it is none of these */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unitMs = units.find(([pattern]) => pattern.test((match?.[2] ?? '-').toLowerCase()))?.[1];
  const durationMs = Number(match?.[1]) * (unitMs ?? Number.NaN);
  return durationMs > 0 ? durationMs : null;
}

/** The largest unit that gives a whole number: `5m`. */
export function durationText(durationMs: number): string {
  for (const [unit, unitMs] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}

/** By size: a number of seconds since 1970 has at most 11 digits, of milliseconds 14, of microseconds 17. */
export function epochUnitOf(largest: number): EpochUnit {
  if (largest < 1e11) return 's';
  if (largest < 1e14) return 'ms';
  return largest < 1e17 ? 'us' : 'ns';
}

const dateTime =
  /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;

/**
 * A date with or without a time of day, in UTC unless it names its zone: `2026-03-01`, `2026-03-01 08:05:00`,
 * `2026-03-01T08:05:00.250+01:00`.
 *
 * @returns milliseconds since 1970, null when it is no date
 */
export function parseDateTime(text: string): number | null {
  const match = dateTime.exec(text.trim());
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const fractionMs = Number(`0.${match[7] ?? '0'}`) * secondMs;
  const isReal =
    month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 25 && minute < 60 && second < 61;
  if (!isReal) return null;
  return Date.UTC(year, month - 1, day, hour, minute, second) + fractionMs - zoneMs(match[8] ?? 'Z');
}

function zoneMs(zone: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (match === null) return 0;
  const minutes = 60 * Number(match[2]) + Number(match[3]);
  return (match[1] === '-' ? -1 : 1) * minutes * 60 * secondMs;
}

/** `2026-03-01 08:05:00`, in UTC; with milliseconds where there are some. */
export function dateTimeText(atMs: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime())) return String(atMs);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/(?:\.000)?Z$/, '');
}
