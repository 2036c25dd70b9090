import { expect, test } from 'vitest';
import { address } from '../../src/actors/addresses.ts';
import { RemoteAskError, UnreachableActorError } from '../../src/actors/exchange.ts';
import type { ActorAddress } from '../../src/core/ids.ts';
import { Strays } from '../../src/actors/strays.ts';
import { actorAddress, epoch, executionId, generation, hostName, rackName } from '../../src/core/ids.ts';
import type { ExecutionReply, RackReply } from '../../src/protocols/messages.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { ClusterWorld, laneOf } from './cluster-world.ts';

async function three(seed: number) {
  const world = new ClusterWorld(seed);
  const settings = { affinity: { enabled: false } };
  const one = await world.start('h1', { settings });
  const two = await world.start('h2', { settings });
  const third = await world.start('h3', { settings });
  return { world, one, two, third };
}

test('an ask follows an execution that moves meanwhile', async () => {
  const { world, one, two, third } = await three(1);
  const execution = await world.run(one);
  await world.advance(500);
  const replies: Promise<ExecutionReply>[] = [];
  const moved = world.move(third, execution, two);
  for (let count = 0; count < 40; count += 1) {
    replies.push(
      third.exchange.ask<ExecutionReply>(
        address.execution(execution),
        { kind: 'post', body: new Uint8Array([count]) },
        5_000,
      ),
    );
    await world.advance(0.5);
  }
  expect(await world.settle(moved, 5_000)).toMatchObject({ kind: 'moved' });
  for (const reply of await world.settle(Promise.all(replies), 6_000)) expect(reply.kind).toBe('posted');
  const at = (host: typeof one): number =>
    laneOf(host).commands.filter(({ kind }) => kind === 'deliver').length;
  expect(at(one) + at(two)).toBe(40);
  expect(Math.min(at(one), at(two))).toBeGreaterThan(0);
});

test('addresses that name nothing say so, at once or by the deadline', async () => {
  const { world, one } = await three(2);
  await world.advance(500);
  const ask = (to: ActorAddress): Promise<unknown> =>
    world.settle(one.exchange.ask(to, { kind: 'describe' }, 1_000), 2_000);
  await expect(ask(address.execution(executionId('x-none')))).rejects.toThrow('there is no such execution');
  await expect(ask(address.host(hostName('h9')))).rejects.toThrow('the hosts that are up are h1, h2, h3');
  await expect(ask(actorAddress('nonsense'))).rejects.toBeInstanceOf(UnreachableActorError);
  await expect(ask(actorAddress('host/h2/cellar'))).rejects.toThrow('was not found within 1000 ms');
});

test('one that has ended says how', async () => {
  const { world, one, two } = await three(3);
  const execution = await world.run(one, { until: 5 });
  await world.advance(2_000);
  const asked = two.exchange.ask(address.execution(execution), { kind: 'inspect' }, 1_000);
  await expect(world.settle(asked, 2_000)).rejects.toThrow('it has ended: it returned');
});

test('an answer that is lost ends the question by its deadline, and nothing stays open', async () => {
  const { world, one, two } = await three(4);
  const execution = await world.run(two);
  await world.advance(500);
  world.network.loses = (from, to) => from === two && to === one;
  const startedMs = world.clock.monotonicMs();
  const asked = one.exchange.ask(address.execution(execution), { kind: 'describe' }, 700);
  await expect(world.settle(asked, 2_000)).rejects.toBeInstanceOf(RemoteAskError);
  expect(world.clock.monotonicMs() - startedMs).toBeCloseTo(700, 0);
});

test('a link that ended fails the questions that were on it', async () => {
  const { world, one, two } = await three(5);
  const execution = await world.run(two);
  await world.advance(500);
  world.network.loses = () => true;
  const asked = one.exchange.ask(address.execution(execution), { kind: 'describe' }, 10_000);
  asked.catch(() => undefined);
  await world.advance(5);
  one.exchange.peerDown(two.identity.incarnation, 'lost');
  await expect(world.settle(asked, 100)).rejects.toThrow(
    `the link to ${two.identity.incarnation} ended (lost)`,
  );
});

test('a rack’s actor answers from another host', async () => {
  const { world, third } = await three(6);
  await world.advance(3_500);
  const asked = third.exchange.ask<RackReply>(
    address.rack(rackName('r1')),
    { kind: 'candidates', limit: 2 },
    1_000,
  );
  const reply = await world.settle(asked, 2_000);
  expect(reply).toMatchObject({ kind: 'offered', rack: 'r1', term: 1 });
  expect(reply.kind === 'offered' && reply.hosts.length).toBe(2);
});

test('what is told to an execution that has left is forwarded, and never to an epoch that it has seen', async () => {
  const { world, one, two, third } = await three(7);
  const execution = await world.run(one);
  await world.advance(500);
  const moved = world.move(one, execution, two);
  expect(await world.settle(moved, 5_000)).toMatchObject({ kind: 'moved' });
  await world.advance(1_000);
  const delivered = (): number => laneOf(two).commands.filter(({ kind }) => kind === 'deliver').length;
  const packet = {
    kind: 'message',
    from: { execution: executionId('x-sender'), epoch: 1, generation: 1 },
    to: execution,
    number: 1,
    body: new Uint8Array(),
    subject: 'user',
  };
  const before = delivered();
  const toFormerOwner = (atEpoch: number): void => {
    const message = { kind: 'packet', packet, atEpoch };
    third.exchange.tellIncarnation(one.identity.incarnation, address.execution(execution), message);
  };
  toFormerOwner(1);
  await world.advance(200);
  expect(delivered() - before).toBe(1);
  toFormerOwner(2);
  await world.advance(200);
  expect(delivered() - before).toBe(1);
});

test('messages that meet an execution on its way wait for it, and none has to be sent again', async () => {
  const { world, one, two, third } = await three(8);
  const execution = await world.run(one);
  await world.advance(500);
  const moved = world.move(third, execution, two);
  for (let number = 1; number <= 40; number += 1) {
    const from = { execution: executionId('x-sender'), epoch: epoch(1), generation: generation(1) };
    const body = new Uint8Array();
    const packet = { kind: 'message', from, to: execution, number, body, subject: 'user' } as const;
    third.exchange.tell(
      address.execution(execution),
      { kind: 'packet', packet, atEpoch: epoch(0) },
      'batched',
    );
    await world.advance(0.5);
  }
  expect(await world.settle(moved, 5_000)).toMatchObject({ kind: 'moved' });
  await world.advance(20);
  const at = (host: typeof one): number =>
    laneOf(host).commands.filter(({ kind }) => kind === 'deliver').length;
  expect(at(one) + at(two)).toBe(40);
  expect(Math.min(at(one), at(two))).toBeGreaterThan(0);
});

test('what waits for an execution is bounded, and forgotten once its sender has sent it again', () => {
  const clock = new SimulatedClock();
  const strays = new Strays(clock);
  const stray = (to: string, bytes: number) => {
    const from = { execution: executionId('x-sender'), epoch: epoch(1), generation: generation(1) };
    const body = new Uint8Array(bytes);
    const packet = { kind: 'message', from, to: executionId(to), number: 1, body, subject: 'user' } as const;
    return { kind: 'packet', packet, atEpoch: epoch(0) } as const;
  };
  strays.hold(stray('x-1', 600_000));
  strays.hold(stray('x-2', 300_000));
  strays.hold(stray('x-3', 300_000));
  expect(strays.receivers).toEqual(['x-2', 'x-3']);
  expect(strays.take(executionId('x-2')).length).toBe(1);
  expect(strays.take(executionId('x-2'))).toEqual([]);
  clock.advance(1_001);
  strays.hold(stray('x-3', 5));
  expect(strays.take(executionId('x-3')).map(({ packet }) => 'body' in packet && packet.body.length)).toEqual(
    [5],
  );
  expect(strays.receivers).toEqual([]);
});
