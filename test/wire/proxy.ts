import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'toServer' | 'toClient';

/** A TCP proxy on loopback that can cut, hold back and corrupt what passes. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #held: (() => void)[] = [];
  #holding: readonly Direction[] = [];
  connections = 0;
  refuses = false;
  /** Sees each chunk, and returns what is passed on. */
  alter: (direction: Direction, chunk: Buffer) => Buffer = (_direction, chunk) => chunk;

  static async open(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(target: string) {
    const port = Number(target.slice(target.lastIndexOf(':') + 1));
    this.#server = createServer((client) => {
      this.connections += 1;
      if (this.refuses) return void client.destroy();
      const server = connect(port, '127.0.0.1');
      const pair = [client, server] as const;
      this.#pairs.add(pair);
      this.#join(client, server, 'toServer');
      this.#join(server, client, 'toClient');
      client.on('close', () => this.#pairs.delete(pair));
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection that stands. */
  cut(): void {
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Keeps back whatever comes from now on. */
  hold(directions: readonly Direction[] = ['toServer', 'toClient']): void {
    this.#holding = directions;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  release(): void {
    this.#holding = [];
    for (const pass of this.#held.splice(0)) pass();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(from: Socket, to: Socket, direction: Direction): void {
    const pass = (act: () => void): void => {
      if (this.#holding.includes(direction)) this.#held.push(act);
      else act();
    };
    // One for all that was kept back: when that is let go, it is more than the other side takes at once.
    to.on('drain', () => from.resume());
    from.on('data', (chunk: Buffer) =>
      pass(() => {
        if (!to.write(this.alter(direction, chunk))) from.pause();
      }),
    );
    from.on('end', () => pass(() => to.end()));
    from.on('error', () => to.destroy());
    // What was sent before an orderly end still has to arrive.
    from.on('close', () => pass(() => from.readableEnded || to.destroy()));
  }
}
