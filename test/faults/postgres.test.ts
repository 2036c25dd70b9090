import { afterAll, beforeAll, describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { PostgresServer } from '../store/postgres/server.ts';
import { connect } from '../../src/cluster.ts';
import { Schema, until } from '../store/postgres/fixture.ts';
import { leaseDefaults } from '../../src/protocols/lease/timing.ts';
import { acts, asJudged, Fleet, flawless, quickLeases, scripted } from './fleet.ts';
import { describeWithPostgres } from '../store/postgres/describe.ts';

describeWithPostgres('hosts on PostgreSQL', () => {
  // Promise 9 of docs/semantics.md.

  let server: PostgresServer;
  beforeAll(async () => {
    // Recovers from a crash as it is shipped, file by file.
    server = await PostgresServer.start({ recovery_init_sync_method: 'fsync' });
  }, 180_000);
  afterAll(() => server.dispose());

  /** As `godwit host` has it without a setting. */
  const leaseTermMs = leaseDefaults.termMs;

  /** So that the work lasts several times as long as a lease, also where nothing else runs. */
  const longRounds = 2_500_000;

  /** Two hosts that share nothing but the database, with the leases that godwit is shipped with. */
  function fleetOn(context: TestContext, schema: string): Promise<Fleet> {
    const shape = { racks: 1, hostsPerRack: 2, settings: scripted, environment: {} };
    return Fleet.start(context, { ...shape, store: server.url(schema) });
  }

  /** What the hosts themselves said. */
  function report(fleet: Fleet, what: string, stallMs: number): { freezes: number; takeovers: number } {
    const count = (kind: string): number => fleet.events.filter(({ detail }) => detail.kind === kind).length;
    const told = { freezes: count('hostFrozen'), takeovers: count('leaseEnded') + count('recovered') };
    const { freezes, takeovers } = told;
    console.log(
      `${what}: lease term ${leaseTermMs} ms, stall ${Math.round(stallMs)} ms, freezes ${freezes}, takeovers ${takeovers}`,
    );
    return told;
  }

  describe('PostgreSQL goes away under load', () => {
    test.for(['fast', 'killed'] as const)(
      'a restart (%s) costs no lease, and nothing is lost or doubled',
      { timeout: 120_000 },
      async (how, context) => {
        const fleet = await fleetOn(context, `restart_${how}`);
        const work = [
          ...(await fleet.startWork('r1-h1', [acts.some, acts.some])),
          ...(await fleet.startWork('r1-h2', [acts.some])),
        ];
        for (const { execution } of work) await fleet.acted(execution, 30);
        const fromMs = performance.now();
        await server.restart(how);
        const stallMs = performance.now() - fromMs;
        context.expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
        const { freezes, takeovers } = report(fleet, `restarted (${how})`, stallMs);
        context.expect(takeovers).toBe(0);
        // A freeze is what is owed when the store is away for longer than that.
        if (stallMs < leaseTermMs / 2) context.expect(freezes).toBe(0);
      },
    );

    test(
      'one that stays away freezes all in time, and all go on when it is back',
      { timeout: 120_000 },
      async (context) => {
        const fleet = await fleetOn(context, 'away');
        const work = await fleet.startWork('r1-h1', [acts.many], longRounds);
        for (const { execution } of work) await fleet.acted(execution, 5);
        const fromMs = performance.now();
        const goOn = await server.freeze();
        // Whatever was renewed was sent by now. The hosts' clock is this process's: they stand on one machine.
        const stoppedMs = Date.now();
        for (const name of ['r1-h1', 'r1-h2']) {
          const { event } = await fleet.event('hostFrozen', (_, { host }) => host === name);
          context.expect(event.wallMs - stoppedMs).toBeLessThan(leaseTermMs);
        }
        const stillAt = fleet.log().length;
        await goOn();
        const stallMs = performance.now() - fromMs;
        for (const name of ['r1-h1', 'r1-h2'])
          await fleet.event('hostThawed', (_, { host }) => host === name);
        context.expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
        context.expect(fleet.log().length).toBeGreaterThan(stillAt);
        const { freezes, takeovers } = report(fleet, 'stopped until both hosts froze', stallMs);
        context.expect({ freezes, takeovers }).toEqual({ freezes: 2, takeovers: 0 });
      },
    );
  });

  test(
    'a database that is set back to a copy of it ends all hosts, which come back and go on from the copy',
    { timeout: 120_000 },
    async (context) => {
      const schema = new Schema(server);
      const shape = { racks: 1, hostsPerRack: 2, settings: [...scripted, ...quickLeases], environment: {} };
      const fleet = await Fleet.start(context, { ...shape, store: schema.url });
      const [work] = await fleet.startWork('r1-h1', [acts.some]);
      if (work === undefined) throw new Error('there is work');
      await fleet.acted(work.execution, 20);
      const administrator = await schema.administrator();
      const tables = ['registry_head', 'registry_rows', 'vault_values', 'vault_objects', 'vault_chunks'];
      const inOne = (statements: readonly string[]): Promise<unknown> =>
        administrator.query(['BEGIN ISOLATION LEVEL REPEATABLE READ', ...statements, 'COMMIT'].join(';'));
      await inOne(tables.map((table) => `CREATE TABLE kept_${table} AS TABLE ${table}`));
      // Both hosts renew their leases meanwhile, so that each has seen more than the copy knows.
      await until(async () => {
        const { rows } = await administrator.query<{ ahead: string }>(
          'SELECT now.revision - kept.revision AS ahead FROM registry_head AS now, kept_registry_head AS kept',
        );
        return Number(rows[0]?.ahead) >= 8;
      });
      await inOne([
        `LOCK TABLE ${tables.join(', ')}`,
        ...tables.toReversed().map((table) => `DELETE FROM ${table}`),
        ...tables.map((table) => `INSERT INTO ${table} SELECT * FROM kept_${table}`),
      ]);
      for (const host of ['r1-h1', 'r1-h2']) {
        await fleet.printed(host, '"reason":"storeLost"');
        await fleet.printed(host, '"event":"started"', 2);
      }
      const cluster = await connect(fleet.location);
      context.expect(await cluster.outcome(work.execution)).toEqual(work.expected);
      await cluster.close();
      await schema.dispose();
    },
  );
});
