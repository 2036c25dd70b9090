import { fileURLToPath } from 'node:url';
import { startRealCluster } from 'godwit/testing';
import { expect, onTestFinished, test } from 'vitest';

const parcels = 400;

test('a move in the middle of a partition, and a killed host, cost no parcel and deliver none twice', async () => {
  const cluster = await startRealCluster({
    hostsPerRack: 3,
    // Short leases, so that a loss is noticed within two seconds; nothing moves by itself.
    settings: ['lease.termMs=1500', 'lease.marginMs=300', 'lease.renewMs=250', 'affinity.enabled=false'],
  });
  onTestFinished(() => cluster.end());
  const file = fileURLToPath(new URL('deliveries.ts', import.meta.url));
  const pack = await cluster.client.deploy(file);
  const execution = await cluster.start(pack, 'deliver', [cluster.witness, parcels], 'r1-h1');

  // The link breaks before the move is asked for, so neither host hears of the other until it is healed.
  await cluster.seen.acted(execution, 20);
  await cluster.cut('r1-h1', 'r1-h2');
  const move = cluster.move(execution, 'r1-h2').catch((error: unknown) => error);
  await cluster.seen.acted(execution, 60);
  await cluster.heal('r1-h1', 'r1-h2');
  await move;

  // Wherever it is by now, that host dies.
  const executions = await cluster.client.executions();
  await cluster.kill(executions.find((one) => one.execution === execution)?.host ?? 'nowhere');
  const { detail } = await cluster.seen.event('recovered', ({ tenure }) => tenure.execution === execution);
  expect(detail.tenure.generation).toBe(2);

  expect(await cluster.client.outcome(execution)).toBe(parcels);
  // The witness knows the order of all deliveries, and what each recovery may have begun again.
  expect(cluster.verdicts([{ execution, acts: parcels }])).toMatchObject([{ faults: [] }]);
}, 60_000);
