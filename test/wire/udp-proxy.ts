import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseAddress } from '../../src/wire/address.ts';

/** What happens to one datagram: lost, or passed on after a while. */
export type Fate = { readonly kind: 'lost' } | { readonly kind: 'delayed'; readonly ms: number };

/**
 * A stretch of network between two UDP ports, with an end of its own for each: what comes in at one end leaves from the
 * other.
 */
export class UdpProxy {
  readonly #ends: readonly [Socket, Socket];
  readonly #fate: (bytes: Buffer) => Fate;
  readonly #delay: (ms: number, run: () => void) => void;
  /** All that came, for tests that repeat or forge it. */
  readonly seen: Buffer[] = [];
  #wake: () => void = () => undefined;

  /**
   * @param a address of one host's probes; the other host is told `addressFor(0)` instead
   * @param delay runs something later: a test without sleeps gives the clock of its choice
   */
  static async open(
    a: string,
    b: string,
    fate: (bytes: Buffer) => Fate,
    delay: (ms: number, run: () => void) => void,
  ): Promise<UdpProxy> {
    const ends = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const end of ends) {
      end.bind(0, '127.0.0.1');
      await once(end, 'listening');
    }
    return new UdpProxy(ends, [a, b], fate, delay);
  }

  private constructor(
    ends: readonly [Socket, Socket],
    targets: readonly [string, string],
    fate: (bytes: Buffer) => Fate,
    delay: (ms: number, run: () => void) => void,
  ) {
    this.#ends = ends;
    this.#fate = fate;
    this.#delay = delay;
    // What comes in at the end that stands for `a` is meant for `a`, and leaves from the end that stands for `b`.
    ends[0].on('message', (bytes) => this.#pass(bytes, ends[1], targets[0]));
    ends[1].on('message', (bytes) => this.#pass(bytes, ends[0], targets[1]));
  }

  /** Where whoever wants to reach `a` (0) or `b` (1) sends to. */
  addressFor(side: 0 | 1): string {
    return `127.0.0.1:${this.#ends[side].address().port}`;
  }

  /** Waits until so many datagrams have come in all. */
  async until(count: number): Promise<void> {
    while (this.seen.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    for (const end of this.#ends) end.close();
  }

  #pass(bytes: Buffer, out: Socket, target: string): void {
    this.seen.push(bytes);
    const fate = this.#fate(bytes);
    const to = parseAddress(target);
    if (to === null) throw new Error(`${target} is no address`);
    if (fate.kind === 'delayed') {
      this.#delay(fate.ms, () => out.send(bytes, to.port, to.host, () => undefined));
    }
    this.#wake();
  }
}
