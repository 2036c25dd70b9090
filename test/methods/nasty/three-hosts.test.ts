import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { ExecutionId } from '../../../src/core/ids.ts';
import { Fleet, quickLeases, scripted, turn } from '../../faults/fleet.ts';
import { observe } from './fixtures/family.ts';
import type { Seen } from './fixtures/family.ts';

const family = fileURLToPath(new URL('fixtures/family.ts', import.meta.url));
const hosts = ['r1-h1', 'r1-h2', 'r1-h3'] as const;

/** What plain promises come to that settle in the order of `seen`: each by itself, or the first two in one turn. */
async function natively(seen: readonly Seen[], together: boolean): Promise<readonly Seen[]> {
  const settle: ((ended: Seen[1], value: unknown) => void)[] = [];
  const results = hosts.map(
    () =>
      new Promise<string>((resolve, reject) => {
        settle.push((ended, value) =>
          ended === 'threw' ? reject(new RangeError(String(value))) : resolve(String(value)),
        );
      }),
  );
  const observed = observe(results);
  const ends = seen.filter(([what]) => what.startsWith('child '));
  for (const [at, [what, ended, value]] of ends.entries()) {
    settle[Number(what.slice(6)) - 1]?.(ended, value);
    if (at > 0 || !together) await new Promise((resolve) => setImmediate(resolve));
  }
  return observed;
}

test(
  'combinators over children on three hosts, while the parent moves, one returns and another throws',
  { timeout: 60_000 },
  async (context) => {
    await turn(context);
    const settings = [...scripted, ...quickLeases];
    const fleet = await Fleet.start(context, { racks: 1, hostsPerRack: 3, settings, environment: {} });
    const pack = await fleet.cluster.deploy(family);
    const parent = await fleet.startMethod(pack, 'parent', [fleet.witness, hosts.length], 'r1-h1');
    await fleet.acted(parent, 1);
    const children: ExecutionId[] = [];
    for (const host of hosts) {
      const { detail } = await fleet.event(
        'executionStarted',
        ({ method, tenure }) => method.endsWith('#child') && !children.includes(tenure.execution),
      );
      children.push(detail.tenure.execution);
      await fleet.acted(detail.tenure.execution, 1);
      if (children.length > 1) await fleet.move(detail.tenure.execution, host);
    }
    const tell = async (at: number, order: string): Promise<void> => {
      const teller = await fleet.startMethod(pack, 'tell', [children[at], order], 'r1-h1');
      await fleet.cluster.outcome(teller);
    };

    // The parent goes round and round; meanwhile one child throws, on the third host, and another returns, on the first.
    const lives = [parent, ...children].map((execution) => ({ execution, acts: 1 }));
    let going = true;
    let moves = 0;
    const journey = (async () => {
      for (; going || moves < 4; moves += 1) await fleet.move(parent, hosts[(moves + 1) % 3] as string);
    })();
    await Promise.all([tell(2, 'throw'), tell(0, 'return')]);
    going = false;
    await journey;
    await tell(1, 'return');

    const seen = (await fleet.cluster.outcome(parent)) as readonly Seen[];
    expect([await natively(seen, false), await natively(seen, true)]).toContainEqual(seen);
    expect(seen.filter(([what, ended]) => what.startsWith('child ') && ended === 'threw').length).toBe(1);
    expect(seen.length).toBe(hosts.length + 4);
    expect(fleet.verdicts(lives).flatMap(({ faults }) => faults)).toEqual([]);
    // Nothing was left unhandled, on any host.
    expect(fleet.lines.filter(({ line }) => /unhandled/i.test(line))).toEqual([]);
  },
);
