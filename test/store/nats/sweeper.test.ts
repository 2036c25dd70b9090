import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../../src/store/nats/address.ts';
import { Changes } from '../../../src/store/nats/changes.ts';
import { encodeFrame } from '../../../src/store/nats/frame.ts';
import { Ledger } from '../../../src/store/nats/ledger.ts';
import { NatsLink } from '../../../src/store/nats/link.ts';
import { prepareStreams } from '../../../src/store/nats/streams.ts';
import { Subjects } from '../../../src/store/nats/subjects.ts';
import { retireAfterMs, Sweeper } from '../../../src/store/nats/sweeper.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { clock, random } from '../ports.ts';
import { findNatsServer, NatsCluster } from './cluster.ts';

const options = storeOptions({ clock, random });
const binary = await findNatsServer();
const subjects = new Subjects('x');

/** A session's parts, as a store has them. */
async function session(url: string) {
  const address = parseAddress(url);
  const link = await NatsLink.open(address, options);
  await prepareStreams(link, address, subjects, options);
  const ledger = new Ledger(link, subjects, url, options);
  ledger.start();
  await ledger.read('opening', () => undefined);
  const changes = new Changes(ledger, link, subjects, url, options);
  onTestFinished(async () => {
    await ledger.close();
    await link.close();
  });
  /** The store's clock goes forward by what a change says that its writer knew. */
  const advance = async (ms: number): Promise<void> => {
    const clockMs = ledger.view.clockMs + ms;
    const frame = {
      nonce: random.hex(16),
      predecessor: 0,
      kind: 'put',
      parts: 0,
      sentAtMs: ledger.serverMs,
      clockMs,
    } as const;
    const subject = subjects.successor('rows', `clock-${random.hex(4)}`, 0);
    await link.publish(subject, encodeFrame(frame, new Uint8Array()), true, options.callTimeoutMs);
  };
  const stands = async (filter: string): Promise<readonly string[]> => {
    const reply = await link.ask<{
      readonly state: { readonly subjects?: Readonly<Record<string, number>> };
    }>('STREAM.INFO.x', { subjects_filter: filter }, options.callTimeoutMs);
    if (reply.kind !== 'answered') throw new Error(reply.reason);
    return Object.keys(reply.body.state.subjects ?? {});
  };
  return { ledger, changes, sweeper: new Sweeper(ledger, link, subjects, options), advance, stands };
}

describe.skipIf(binary === null)('what is deleted', () => {
  test('leaves a marker, then a retirement, then nothing, and all sessions agree', async () => {
    const server = await NatsCluster.start(binary ?? '', { size: 1 });
    onTestFinished(() => server.dispose());
    const [mine, other] = [await session(server.url('x')), await session(server.url('x'))];
    const created = await mine.changes.swap('create', 'rows', 'a', 0, new Uint8Array([1]));
    if (created.kind !== 'done') throw new Error('it was absent');
    await mine.changes.swap('delete', 'rows', 'a', created.head.revision, null);
    await mine.sweeper.housekeep();
    expect((await mine.stands('x.r.a.*')).length).toBe(2);

    await mine.advance(retireAfterMs + 1);
    await mine.sweeper.housekeep();
    expect(await mine.stands('x.r.a.*')).toEqual([]);
    expect((await mine.stands('x.g.*')).length).toBe(1);
    const again = await other.changes.swap('create', 'rows', 'a', 0, new Uint8Array([2]));
    expect(again.kind).toBe('done');

    await other.advance(retireAfterMs + 1);
    await other.sweeper.housekeep();
    expect(await mine.stands('x.g.*')).toEqual([]);
    const late = await session(server.url('x'));
    for (const { ledger } of [mine, other, late]) {
      expect(await ledger.read('look', (view) => [...(view.row('rows', 'a')?.value ?? [])])).toEqual([2]);
    }
  });
});
