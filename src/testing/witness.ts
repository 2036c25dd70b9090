import { closeSync, openSync, writeSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { SystemClock } from '../clock.ts';
import type { Act } from './witness-log.ts';
import { parseAct } from './witness-log.ts';

const clock = new SystemClock();

/** A witness that listens. */
export interface Witness {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Logs what executions say that they do, in the order in which it arrives and with the time, and removes no duplicates. An act is
 * acknowledged when it has been handed to the operating system, so the log survives a kill of the witness.
 *
 * One line of JSON per act, each answered by one line: `ok`, or `refused` and why.
 *
 * @param file the log, appended to
 * @param onAct told of each act when it arrives
 */
export function startWitness(file: string, onAct: (act: Act) => void = () => undefined): Promise<Witness> {
  const log = openSync(file, 'a', 0o600);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.on('error', () => socket.destroy());
    lines.on('line', (line) => {
      const act = parseAct(line);
      if (act !== null) {
        writeSync(log, `${JSON.stringify({ ...act, atMs: clock.wallMs() })}\n`);
        onAct(act);
      }
      if (socket.writable) socket.write(act === null ? 'refused: no act\n' : 'ok\n');
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        return reject(new Error('The witness listens on no port.'));
      resolve({
        address: `127.0.0.1:${address.port}`,
        close: () =>
          new Promise((closed) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => {
              closeSync(log);
              closed();
            });
          }),
      });
    });
  });
}
