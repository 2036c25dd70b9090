import type { RemoteInfo, Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { formatAddress, parseAddress } from '../../wire/address.ts';
import { outsider } from './host-door.ts';
import type { PassagePorts } from './stream-passage.ts';

/** Senders that are remembered at once, each with a socket of its own; the oldest is forgotten first. */
const sendersMax = 256;

/** Passes datagrams on to one host, and its answers back, each over the link between the two. */
export class DatagramDoor {
  readonly #socket = createSocket('udp4');
  readonly #ports: PassagePorts;
  readonly #to: string;
  readonly #nameOf: (source: string) => string | null;
  /** By the sender's address: from where its datagrams reach the host. */
  readonly #senders = new Map<string, Socket>();
  #target: string | null = null;

  /** @param nameOf the host that sends from an address; null for nobody's */
  constructor(to: string, nameOf: (source: string) => string | null, ports: PassagePorts) {
    this.#to = to;
    this.#nameOf = nameOf;
    this.#ports = ports;
    this.#socket.on('error', () => undefined); // What cannot be delivered is lost.
    this.#socket.on('message', (bytes, source) => this.#arrived(bytes, source));
  }

  /** Takes the same port number as the door for connections. */
  async open(port: number): Promise<void> {
    this.#socket.bind(port, '127.0.0.1');
    await once(this.#socket, 'listening');
  }

  set target(address: string) {
    this.#target = address;
  }

  close(): void {
    this.#socket.close();
    for (const sender of this.#senders.values()) sender.close();
    this.#senders.clear();
  }

  #arrived(bytes: Buffer, source: RemoteInfo): void {
    const target = this.#target === null ? null : parseAddress(this.#target);
    if (target === null) return;
    const from = this.#nameOf(formatAddress(source.address, source.port)) ?? outsider;
    const sender = this.#sender(source, from);
    this.#pass(from, this.#to, () => sender.send(bytes, target.port, target.host, () => undefined));
  }

  #sender(source: RemoteInfo, from: string): Socket {
    const key = formatAddress(source.address, source.port);
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const sender = createSocket('udp4');
    sender.on('error', () => undefined);
    sender.on('message', (bytes) =>
      this.#pass(this.#to, from, () =>
        this.#socket.send(bytes, source.port, source.address, () => undefined),
      ),
    );
    this.#senders.set(key, sender);
    for (const [oldest, socket] of this.#senders) {
      if (this.#senders.size <= sendersMax) break;
      this.#senders.delete(oldest);
      socket.close();
    }
    return sender;
  }

  #pass(from: string, to: string, send: () => void): void {
    const { rules, clock, random } = this.#ports;
    const { cut, delayMs, lossRatio } = rules.of(from, to);
    if (cut || random.next() < lossRatio) return;
    if (delayMs === 0) return send();
    clock.after(delayMs, () => {
      // It may have been closed meanwhile.
      if (!rules.of(from, to).cut && this.#senders.size > 0) send();
    });
  }
}
