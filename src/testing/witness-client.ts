import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Act } from './witness-log.ts';

interface Line {
  readonly socket: Socket;
  /** Answers come in the order of the acts. */
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[];
}

const lines = new Map<string, Line>();

/**
 * Tells the witness of an act, from within an effect. Nothing is repeated: a lost answer rejects.
 *
 * @param address `host:port`
 */
export function tellWitness(address: string, act: Act): Promise<void> {
  const line = lines.get(address) ?? open(address);
  return new Promise((resolve, reject) => {
    line.waiting.push({ resolve, reject });
    line.socket.write(`${JSON.stringify(act)}\n`);
  });
}

function open(address: string): Line {
  const at = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
  const line: Line = { socket, waiting: [] };
  lines.set(address, line);
  socket.setNoDelay(true);
  socket.unref();
  const answers = createInterface({ input: socket });
  answers.on('error', () => undefined); // The socket reports it, too.
  answers.on('line', (answer) => {
    const asked = line.waiting.shift();
    if (answer === 'ok') asked?.resolve();
    else asked?.reject(new Error(`The witness at ${address} answered: ${answer}`));
  });
  const end = (why: string): void => {
    lines.delete(address);
    for (const { reject } of line.waiting.splice(0))
      reject(new Error(`The witness at ${address} is gone: ${why}`));
  };
  socket.once('error', (error) => end(error.message));
  socket.once('close', () => end('its connection was closed'));
  return line;
}
