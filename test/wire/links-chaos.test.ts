import { expect, test } from 'vitest';
import { Proxy } from './proxy.ts';
import { numbered, openHost, stopHosts, type TestHost, turn } from './test-host.ts';

/** Mulberry32: the faults of a seed are the same each time, though the sockets' timing is not. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

/** Links come up and go down in turn, and envelopes arrive only in between. */
function isAlternating(end: TestHost): boolean {
  let up = false;
  return end.events.every(({ kind }) => {
    if (kind !== 'up' && kind !== 'down') return kind !== 'envelope' || up;
    const changes = up !== (kind === 'up');
    up = kind === 'up';
    return changes;
  });
}

const seeds = Array.from({ length: 16 }, (_, index) => index + 1);

test.each(seeds)(
  'cut, held and crossing links keep order, repeat nothing, and come back (SEED=%i)',
  async (seed) => {
    const roll = dice(seed);
    const ends = [await openHost('a.1'), await openHost('b.1')] as const;
    const proxies = [await Proxy.open(ends[1].address), await Proxy.open(ends[0].address)] as const;
    const sent = [0, 0];
    const connect = (): void => {
      ends[0].wire.links.connect(ends[1].at(proxies[0].address));
      ends[1].wire.links.connect(ends[0].at(proxies[1].address));
    };
    const send = (from: 0 | 1): void => {
      const to = ends[1 - from] as TestHost;
      const outcome = ends[from].wire.links.send(
        to.self,
        numbered(sent[from] ?? 0),
        roll(2) === 0 ? 'urgent' : 'batched',
      );
      if (outcome === 'queued') sent[from] = (sent[from] ?? 0) + 1;
    };
    const step = async (): Promise<void> => {
      for (const end of ends) end.clock.advance(1);
      await turn();
    };

    connect();
    for (let round = 0; round < 300; round += 1) {
      const fault = roll(20);
      const proxy = proxies[roll(2) as 0 | 1];
      if (fault === 0) proxy.cut();
      if (fault === 1) proxy.hold(roll(2) === 0 ? ['toServer'] : ['toServer', 'toClient']);
      if (fault === 2) proxy.release();
      if (fault === 3) ends[roll(2) as 0 | 1].clock.standStill(4000);
      if (fault === 4) connect();
      for (let count = roll(4); count > 0; count -= 1) send(roll(2) as 0 | 1);
      await step();
    }

    for (const proxy of proxies) proxy.release();
    send(0);
    send(1);
    const arrived = (index: 0 | 1): boolean => ends[1 - index]?.numbers.at(-1) === (sent[index] ?? 0) - 1;
    while (!arrived(0) || !arrived(1)) {
      await step();
      // Whatever was on its way with a link that broke is lost; a later message finds the new link.
      if (
        ends.every((end) => end.wire.links.status().every(({ queuedCount }) => queuedCount === 0)) &&
        roll(50) === 0
      ) {
        send(0);
        send(1);
      }
    }

    for (const end of ends) {
      expect(isRising(end.numbers), end.numbers.join(' ')).toBe(true);
      expect(isAlternating(end)).toBe(true);
    }
    await stopHosts();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  },
);
