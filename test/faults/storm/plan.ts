import type { Random } from '../../../src/core/ports.ts';
import type { StoreKind } from '../matrix/cases.ts';

/** One fault: from `atMs` on, for `forMs`. Times count from the storm's beginning. */
export type Blow = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'kill' | 'stop' | 'isolate'; readonly host: string }
  | { readonly kind: 'cut' | 'cutOneWay' | 'break'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'disturb';
      readonly from: string;
      readonly to: string;
      readonly delayMs: number;
      readonly lossRatio: number;
    }
  | { readonly kind: 'storeAway' }
);

/** A storm needs somewhere to blow from: so many hosts are let alone at any time. */
const soundHosts = 2;
const firstMs = 3_000;
const pauseMs = { least: 800, more: 3_200 };
/** Below, around and far beyond the lease that the hosts have. */
const lastsMs = { least: 200, more: 9_800 };

/** Draws all faults of a storm: the same seed, the same faults at the same times. */
export function planStorm(
  random: Random,
  hosts: readonly string[],
  store: StoreKind,
  lengthMs: number,
): readonly Blow[] {
  const blows: Blow[] = [];
  const busyUntilMs = new Map<string, number>();
  let storeUntilMs = 0;
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random.next() * items.length)] as Item;
  const hostKinds = store === 'lmdb' ? (['kill', 'stop'] as const) : (['kill', 'stop', 'isolate'] as const);
  const kinds = [...hostKinds, ...hostKinds, 'cut', 'cutOneWay', 'break', 'disturb', 'storeAway'] as const;
  for (
    let atMs = firstMs;
    atMs < lengthMs;
    atMs += Math.round(pauseMs.least + random.next() * pauseMs.more)
  ) {
    const kind = pick(kinds);
    const forMs = Math.round(lastsMs.least + random.next() ** 2 * lastsMs.more);
    const sound = hosts.filter((host) => (busyUntilMs.get(host) ?? 0) <= atMs);
    const from = pick(hosts);
    const to = pick(hosts.filter((host) => host !== from));
    if (kind === 'kill' || kind === 'stop' || kind === 'isolate') {
      if (sound.length <= soundHosts) continue;
      const host = pick(sound);
      busyUntilMs.set(host, atMs + forMs);
      blows.push({ atMs, forMs, kind, host });
    } else if (kind === 'storeAway') {
      if (store === 'lmdb' || storeUntilMs > atMs) continue;
      storeUntilMs = atMs + forMs;
      blows.push({ atMs, forMs, kind });
    } else if (kind === 'disturb') {
      const delayMs = Math.round(random.next() * 300);
      blows.push({ atMs, forMs, kind, from, to, delayMs, lossRatio: random.next() * 0.2 });
    } else blows.push({ atMs, forMs, kind, from, to });
  }
  return blows;
}

export function blowText(blow: Blow): string {
  const where = 'host' in blow ? ` ${blow.host}` : 'from' in blow ? ` ${blow.from} ${blow.to}` : '';
  const how =
    blow.kind === 'disturb' ? `, ${blow.delayMs} ms, ${(blow.lossRatio * 100).toFixed(0)} % lost` : '';
  return `${(blow.atMs / 1_000).toFixed(1)} s: ${blow.kind}${where} for ${(blow.forMs / 1_000).toFixed(1)} s${how}`;
}
