import { connect } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../../src/store/nats/address.ts';
import { NatsLink } from '../../../src/store/nats/link.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { clock, random } from '../ports.ts';
import { findNatsServer, NatsCluster } from './cluster.ts';

const options = storeOptions({ clock, random });
const binary = await findNatsServer();

describe.skipIf(binary === null)('a message that a server did not store', () => {
  test('may still be stored by the others if that server alone has failed', async () => {
    const server = await NatsCluster.start(binary ?? '', { size: 1 });
    onTestFinished(() => server.dispose());
    const link = await NatsLink.open(parseAddress(server.url('x')), options);
    onTestFinished(() => link.close());
    // The errors are those of nats-server 2.10.27, each with what a leader has done by then.
    const errors = [
      // Agreed on with the others, then not written here.
      ['unknown', 503, 10077, 'write /data/msgs/7.blk: no space left on device'],
      // Agreed on, and refused by every server alike.
      ['full', 503, 10077, 'maximum bytes exceeded'],
      // Not agreed on.
      ['refused', 503, 10008, 'JetStream system temporarily unavailable'],
    ] as const;
    const leader = await connect({ servers: server.nodes[0]?.address ?? '' });
    onTestFinished(() => leader.close());
    leader.subscribe('answers.*', {
      callback: (_, message) => {
        const [, code, number, description] = errors[Number(message.subject.split('.')[1])] ?? [];
        message.respond(JSON.stringify({ error: { code, err_code: number, description } }));
      },
    });
    await leader.flush();
    for (const [index, [kind]] of errors.entries()) {
      const answer = await link.publish(`answers.${index}`, new Uint8Array(), true, options.callTimeoutMs);
      expect(answer.kind).toBe(kind);
    }
  });
});
