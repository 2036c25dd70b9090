import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { hostOf } from '../../core/ids.ts';
import { parseAddress } from '../../wire/address.ts';
import { handshakeHeader, readHello } from '../../wire/handshake.ts';
import type { PassagePorts } from './stream-passage.ts';
import { StreamPassage } from './stream-passage.ts';

/** Whoever is no host of the cluster: clients, tools. */
export const outsider = 'client';
/** A host's first words name it; more than this is none of its. */
const greetingMaxBytes = 16_384;

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly from: string;
}

/**
 * A place where one end is reached: each connection to it runs over the link of whoever opened it. While that link is
 * cut, connections are opened, as far as the caller can see, and nobody answers.
 */
export class Door {
  readonly #server: Server;
  readonly #ports: PassagePorts;
  readonly #to: string;
  readonly #connections = new Set<Connection>();
  /** Wait for the target to be known, or for their link to be healed. */
  readonly #waiting = new Set<() => void>();
  readonly #unlisten: () => void;
  readonly #callers = new Set<Socket>();
  #target: string | null = null;

  /**
   * @param to name of who is reached here
   * @param from name of the only one who comes here; null: who it is says the greeting of godwit's hosts
   */
  constructor(to: string, from: string | null, ports: PassagePorts) {
    this.#to = to;
    this.#ports = ports;
    this.#unlisten = ports.rules.onChange(() => this.#look());
    this.#server = createServer({ noDelay: true }, (client) => {
      this.#callers.add(client);
      client.on('error', () => client.destroy());
      client.once('close', () => this.#callers.delete(client));
      if (from === null) greeting(client, (name, read) => this.#admit(client, name, read));
      else this.#admit(client, from, []);
    });
  }

  /** @returns the port on loopback */
  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where new connections go from now on: `host:port`. */
  set target(address: string) {
    this.#target = address;
    this.#look();
  }

  /** Resets what stands between two ends, if this door is one of them. */
  breakConnections(a: string, b: string): void {
    for (const { client, server, from } of this.#connections) {
      const isBetween = (from === a && this.#to === b) || (from === b && this.#to === a);
      if (!isBetween) continue;
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.#unlisten();
    for (const caller of this.#callers) caller.destroy();
    for (const { server } of this.#connections) server.destroy();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #look(): void {
    for (const attempt of this.#waiting) attempt();
  }

  #admit(client: Socket, from: string, read: readonly Buffer[]): void {
    const attempt = (): void => {
      const { rules } = this.#ports;
      if (!client.destroyed) {
        if (this.#target === null || rules.of(from, this.#to).cut || rules.of(this.#to, from).cut) return;
        this.#join(client, from, this.#target, read);
      }
      this.#waiting.delete(attempt);
    };
    client.pause();
    this.#waiting.add(attempt);
    attempt();
  }

  #join(client: Socket, from: string, target: string, read: readonly Buffer[]): void {
    const address = parseAddress(target);
    if (address === null) return void client.destroy();
    const server = connect({ ...address, noDelay: true });
    const connection = { client, server, from };
    this.#connections.add(connection);
    server.once('close', () => this.#connections.delete(connection));
    const there = new StreamPassage(client, server, { from, to: this.#to }, this.#ports);
    new StreamPassage(server, client, { from: this.#to, to: from }, this.#ports);
    for (const chunk of read) there.take(chunk);
    client.resume();
  }
}

/** Reads who calls, and what was read meanwhile. */
function greeting(client: Socket, found: (name: string, read: readonly Buffer[]) => void): void {
  const read: Buffer[] = [];
  const onData = (chunk: Buffer): void => {
    read.push(chunk);
    const text = Buffer.concat(read).toString('latin1');
    if (!text.includes('\r\n\r\n') && text.length < greetingMaxBytes) return;
    client.off('data', onData);
    const value = new RegExp(`^${handshakeHeader}: *(\\S+)`, 'im').exec(text)?.[1];
    const hello = readHello(value);
    found(hello === null ? outsider : hostOf(hello.from), read);
  };
  client.on('data', onData);
}
