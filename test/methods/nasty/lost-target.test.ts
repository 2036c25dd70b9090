import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Fleet, quickLeases, scripted, turn } from '../../faults/fleet.ts';

const clockwork = fileURLToPath(new URL('fixtures/clockwork.ts', import.meta.url));
const acts = 300;

function result(): unknown {
  let sum = 0;
  for (let iteration = 1; iteration <= acts; iteration += 1) {
    const n = iteration * 100;
    sum += (n * (n + 1)) / 2;
  }
  return [sum, [...Array.from({ length: acts }, () => 1), acts]];
}

test(
  'a target that dies after it has received everything: exactly one copy goes on, no effect and no timer is repeated',
  { timeout: 60_000 },
  async (context) => {
    await turn(context);
    const fleet = await Fleet.start(context, {
      racks: 1,
      hostsPerRack: 3,
      settings: [...scripted, ...quickLeases],
      environment: { 'r1-h2': { GODWIT_HOLD_AT: 'target:resume' } },
    });
    const pack = await fleet.cluster.deploy(clockwork);
    const execution = await fleet.startMethod(pack, 'clockwork', [fleet.witness, acts], 'r1-h1');
    await fleet.acted(execution, 20);
    const move = await fleet.moveUntilHeld(execution, 'r1-h2', 'target:resume');
    fleet.signal('r1-h2', 'SIGKILL');
    await move.end;
    const sofar = await fleet.acted(execution, 21);
    await fleet.acted(execution, sofar.length + 10);
    await fleet.move(execution, 'r1-h3');
    expect(await fleet.cluster.outcome(execution)).toEqual(result());
    expect(fleet.verdicts([{ execution, acts }])).toEqual([{ execution, acts, late: 0, faults: [] }]);
  },
);
