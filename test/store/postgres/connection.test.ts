import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Connection } from '../../../src/store/postgres/connection.ts';
import type { Query } from '../../../src/store/postgres/connection.ts';
import { parsePostgresUrl } from '../../../src/store/postgres/url.ts';

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.from(`${type}0000`);
  head.writeUInt32BE(4 + body.byteLength, 1);
  return Buffer.concat([head, body]);
};
const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', Buffer.from('I'));
const refusal = (severity: string, code: string): Buffer =>
  message('E', Buffer.from(`S${severity}\0V${severity}\0C${code}\0MNo space left on device\0\0`));
const rolledBack = message('C', Buffer.from('ROLLBACK\0'));

/** A server that refuses everything but a rollback, and ends the session with that when it is `over`. */
async function refusing(severity: string, code: string, over: boolean): Promise<Connection> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(Buffer.concat([authenticated, ready]));
      socket.on('data', (asked) => {
        if (asked.includes('ROLLBACK')) socket.write(Buffer.concat([rolledBack, ready]));
        else if (over) socket.end(refusal(severity, code));
        else socket.write(Buffer.concat([refusal(severity, code), ready]));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const target = parsePostgresUrl(`postgres://somebody@127.0.0.1:${port}/database`);
  const [address] = target.servers;
  if (address === undefined) throw new Error('the URL names one');
  const connection = await Connection.open(target, address, new AbortController().signal);
  onTestFinished(() => connection.destroy('the test is over'));
  return connection;
}

const queries: readonly (readonly [string, Query])[] = [
  ['a transaction', 'BEGIN; SELECT 1; COMMIT'],
  ['a statement with parameters', { text: 'SELECT $1', values: ['1'] }],
];

test.each(queries)('%s that is refused was not done', async (_, query) => {
  const connection = await refusing('ERROR', '53100', false);
  expect(await connection.run(query)).toMatchObject({ kind: 'refused', code: '53100' });
  expect(connection.lostReason).toBeNull();
});

// A log that cannot be written on ends the whole server, under the number of a full disk: with the commit in the log already, or not.
test.each(queries)('of %s that ends the session nobody knows what became', async (_, query) => {
  const connection = await refusing('PANIC', '53100', true);
  expect(await connection.run(query)).toEqual({ kind: 'lost', reason: 'No space left on device' });
  expect(connection.lostReason).not.toBeNull();
});
