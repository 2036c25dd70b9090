/** To three decimals. */
export function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** As a person would say it: `0.4 ms`, `812 ms`, `12.5 s`, `4.2 min`. */
export function milliseconds(durationMs: number): string {
  const size = Math.abs(durationMs);
  if (size < 10) return `${Math.round(durationMs * 10) / 10} ms`;
  if (size < 1_000) return `${Math.round(durationMs)} ms`;
  if (size < 120_000) return `${Math.round(durationMs / 100) / 10} s`;
  return `${Math.round(durationMs / 6_000) / 10} min`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 100) / 10} kB`;
  return bytes < 1_000_000_000
    ? `${Math.round(bytes / 100_000) / 10} MB`
    : `${Math.round(bytes / 100_000_000) / 10} GB`;
}

/** The number with its unit, at a readable size. */
export function amount(value: number, unit: string): string {
  if (unit === 'ms') return milliseconds(value);
  if (unit === 'bytes') return bytesText(value);
  return unit === '' ? rounded(value) : `${rounded(value)} ${unit}`;
}
