import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { SystemClock } from '../clock.ts';
import type { Act } from './witness-log.ts';
import { parseAct, parseWitnessLog } from './witness-log.ts';

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
 * It honours the fencing token, as an effect's target is asked to: an act of an older generation than has acted already is logged, as
 * refused, and its sender is told so.
 *
 * One line of JSON per act, each answered by one line: `ok`, or `refused` and why.
 *
 * @param file the log, appended to
 * @param onAct told of each act when it arrives
 */
export function startWitness(file: string, onAct: (act: Act) => void = () => undefined): Promise<Witness> {
  const log = openSync(file, 'a', 0o600);
  const generations = new Map<string, number>();
  for (const { execution, generation } of parseWitnessLog(readFileSync(file, 'utf8')))
    generations.set(execution, Math.max(generation, generations.get(execution) ?? 0));
  const take = (act: Act): string => {
    const newest = generations.get(act.execution) ?? 0;
    const isRefused = act.generation < newest;
    if (!isRefused) generations.set(act.execution, act.generation);
    const fate = isRefused ? { refused: true } : {};
    writeSync(log, `${JSON.stringify({ ...act, atMs: clock.wallMs(), ...fate })}\n`);
    return isRefused ? `refused: generation ${act.generation} is over, ${newest} has acted` : 'ok';
  };
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.on('error', () => socket.destroy());
    lines.on('line', (line) => {
      const act = parseAct(line);
      const answer = act === null ? 'refused: no act' : take(act);
      if (act !== null) onAct(act);
      if (socket.writable) socket.write(`${answer}\n`);
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
