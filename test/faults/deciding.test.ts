import { describe, test, vi } from 'vitest';
import type { TestContext } from 'vitest';
import { controlSeat } from '../../src/actors/addresses.ts';
import { hostOf, rackName, term } from '../../src/core/ids.ts';
import type { EngineReply, MigrationDirective, OrchestratorReply } from '../../src/protocols/messages.ts';
import type { Work } from './fleet.ts';
import { acts, asJudged, Fleet, flawless, plainRun, quickLeases, turn } from './fleet.ts';

// Promise 8 of docs/semantics.md.

const timeout = 120_000;
const count = 3;
/** Some 20 ms between two acts: what waits for the witness all the time wants no CPU. */
const rounds = 6_000_000;
await plainRun(acts.some, rounds);

/** An orchestrator that looks often, over racks that are full with one busy execution a host; nobody else decides. */
const quickRounds = [
  'lanes=1',
  'affinity.enabled=false',
  'affinity.coolDownMs=1000',
  'monitor.sampleMs=250',
  'monitor.usageMs=500',
  'orchestrator.everyMs=500',
  // Three that mostly compute are more than that of two cores, and one is less, however laden the machine is.
  'orchestrator.utilizationMax=0.55',
  // On a busy machine every rack is far away.
  'orchestrator.latencyMaxMs=10000',
];

interface Skewed {
  readonly fleet: Fleet;
  readonly work: readonly Work[];
  /** The host that carries all of it. */
  readonly loaded: string;
  readonly otherRack: string;
}

/** Two racks of two hosts: the one that does not hold the control seat in its holder's rack carries everything. */
async function skewed(context: TestContext): Promise<Skewed> {
  await turn(context);
  const fleet = await Fleet.start(context, {
    racks: 2,
    hostsPerRack: 2,
    settings: [...quickRounds, ...quickLeases],
    environment: {},
  });
  const { holder } = await fleet.seat(controlSeat, ({ standing }) => standing === 'held');
  const name = hostOf(holder);
  const loaded = name.endsWith('h1') ? name.replace('h1', 'h2') : name.replace('h2', 'h1');
  const otherRack = name.startsWith('r1') ? 'r2' : 'r1';
  const work = await fleet.startWork(
    loaded,
    Array.from({ length: count }, () => acts.some),
    rounds,
  );
  return { fleet, work, loaded, otherRack };
}

async function standing(fleet: Fleet) {
  const orchestrator = fleet.cluster.actor('cluster/orchestrator');
  const reply = await orchestrator.ask<OrchestratorReply>({ kind: 'standing' }, { timeoutMs: 30_000 });
  if (reply.kind !== 'standing') throw new Error(reply.kind);
  return reply.standing;
}

/** Of each execution, how often an order moved it. */
function moves(fleet: Fleet): readonly number[] {
  const counts = new Map<string, Set<string>>();
  for (const { detail } of fleet.events) {
    if (detail.kind !== 'moved' || detail.reason.by !== 'orchestrator') continue;
    const { execution } = detail.tenure;
    counts.set(execution, (counts.get(execution) ?? new Set()).add(detail.migration));
  }
  return [...counts.values()].map((migrations) => migrations.size);
}

describe.concurrent("the control seat's holder", () => {
  test(
    'dies with orders under way: its successor knows them, and what was moved stays',
    { timeout },
    async (context) => {
      const { fleet, work, otherRack } = await skewed(context);
      const former = await fleet.seat(controlSeat, () => true);
      // The order stands in the vault before a host hears of it: whoever sees one, sees a remembered one.
      const { detail } = await fleet.event('moved', ({ reason }) => reason.by === 'orchestrator');
      fleet.signal(hostOf(former.holder), 'SIGKILL');
      const next = await fleet.seat(controlSeat, ({ holder }) => holder !== former.holder);
      context.expect(next.term).toBe(former.term + 1);
      // Until this client has seen that the seat changed hands, it asks the one that is gone.
      const { directives } = await vi.waitFor(
        async () => {
          const found = await standing(fleet);
          context.expect(found).toMatchObject({ holder: hostOf(next.holder), term: next.term });
          // It answers before it has recalled what was ordered.
          context.expect(found.directives).not.toEqual([]);
          return found;
        },
        { timeout: 30_000, interval: 100 },
      );
      const known = directives.find(({ directive }) => directive.parts.includes(detail.tenure.execution));
      context.expect(known?.directive).toMatchObject({ term: former.term, targetRack: otherRack });
      context.expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
      // Bound for its horizon: no order of either term moved it again.
      context.expect(Math.max(...moves(fleet))).toBe(1);
    },
  );

  test(
    'stands still for longer than its lease: what it orders afterwards moves nothing',
    { timeout },
    async (context) => {
      const { fleet, work, loaded, otherRack } = await skewed(context);
      const former = await fleet.seat(controlSeat, () => true);
      const stopped = hostOf(former.holder);
      fleet.signal(stopped, 'SIGSTOP');
      const next = await fleet.seat(controlSeat, ({ holder }) => holder !== former.holder);
      await fleet.event('moved', ({ reason }) => reason.by === 'orchestrator' && reason.term === next.term);
      fleet.signal(stopped, 'SIGCONT');
      await fleet.printed(stopped, '"event":"started"', 2);
      const [first] = work;
      if (first === undefined) throw new Error('there is work');
      // As if its order had been on the way all the while.
      const late: MigrationDirective = {
        directive: 'd-late',
        term: term(former.term),
        componentId: first.execution,
        targetRack: rackName(otherRack),
        migrationStrategy: 'stopAndCopy',
        parts: [first.execution],
        targetHosts: {},
        startInMs: 0,
        horizonMs: 60_000,
        decision: '',
        text: 'a former orchestrator ordered it',
      };
      const engine = fleet.cluster.actor(`host/${loaded}/engine`);
      const answer = await engine.ask<EngineReply>(
        { kind: 'carryOut', directive: late },
        { timeoutMs: 10_000 },
      );
      context.expect(answer).toMatchObject({ kind: 'refused' });
      context.expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
      const byFormer = fleet.events.filter(
        ({ detail }) => detail.kind === 'moved' && detail.reason.term === former.term,
      );
      context.expect(byFormer).toEqual([]);
      context.expect(Math.max(...moves(fleet))).toBe(1);
    },
  );
});
