/** One finished call on one key. Times are of one monotonic clock; `outcome` is what the caller learned. */
export interface Observation {
  readonly beganMs: number;
  /** Infinity for a call whose outcome the caller never learned. */
  readonly endedMs: number;
  readonly call:
    | { readonly kind: 'read'; readonly found: number | null }
    | {
        readonly kind: 'cas';
        readonly expected: number | null;
        readonly written: number;
        readonly outcome: 'done' | 'conflict' | 'unknown';
      };
}

/**
 * Wing and Gong's search with memory of the configurations seen (Lowe 2017): is there one order of all calls, in keeping with their real-time
 * order, in which a register with compare-and-set gives each caller what it saw?
 *
 * @param history calls on one key that begins absent (null)
 * @returns null when it is linearizable, else the longest order found, for the message
 */
export function findViolation(history: readonly Observation[]): string | null {
  const calls = history.toSorted((a, b) => a.beganMs - b.beganMs);
  const done = new Set<number>();
  const seen = new Set<string>();
  let longest: number[] = [];
  const order: number[] = [];
  const search = (state: number | null): boolean => {
    if (calls.every((call, index) => done.has(index) || call.endedMs === Infinity)) return true;
    const configuration = `${state}|${[...done].toSorted((a, b) => a - b).join(',')}`;
    if (seen.has(configuration)) return false;
    seen.add(configuration);
    let earliestEndMs = Infinity;
    for (const [index, call] of calls.entries())
      if (!done.has(index)) earliestEndMs = Math.min(earliestEndMs, call.endedMs);
    for (const [index, call] of calls.entries()) {
      if (done.has(index)) continue;
      if (call.beganMs > earliestEndMs) break;
      const next = apply(call.call, state);
      if (next === 'impossible') continue;
      done.add(index);
      order.push(index);
      if (order.length > longest.length) longest = [...order];
      if (search(next.state)) return true;
      done.delete(index);
      order.pop();
    }
    return false;
  };
  if (search(null)) return null;
  return `No order explains this history. Longest found: ${longest.map((index) => JSON.stringify(calls[index])).join('\n')}\nof ${JSON.stringify(calls)}`;
}

function apply(
  call: Observation['call'],
  state: number | null,
): { readonly state: number | null } | 'impossible' {
  if (call.kind === 'read') return call.found === state ? { state } : 'impossible';
  const matches = call.expected === state;
  switch (call.outcome) {
    case 'done':
      return matches ? { state: call.written } : 'impossible';
    case 'conflict':
      return matches ? 'impossible' : { state };
    case 'unknown':
      return { state: matches ? call.written : state };
  }
}
