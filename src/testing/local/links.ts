import { Worker } from 'node:worker_threads';
import { builtEntry } from '../../entries.ts';
import type { LinkAnswer, LinkOrder, NumberedOrder } from './link-orders.ts';
import type { LinkRule } from './link-rules.ts';
import { soundLink } from './link-rules.ts';
import { RealClusterError } from './real-cluster-error.ts';

interface Waiting {
  readonly resolve: (ports: readonly number[]) => void;
  readonly reject: (error: Error) => void;
}

/** The links of one local cluster: proxies on loopback, one for each place that is reached. */
export class Links {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #rules = new Map<string, LinkRule>();
  #number = 0;

  constructor() {
    this.#worker = new Worker(builtEntry('testing/local/links-thread'), { name: 'links', execArgv: [] });
    // It ends with the program that uses it, but not before an answer that is waited for.
    this.#worker.unref();
    this.#worker.on('message', ({ number, ports, failure }: LinkAnswer) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (this.#waiting.size === 0) this.#worker.unref();
      if (failure === null) waiting?.resolve(ports);
      else waiting?.reject(new RealClusterError(`The links of the cluster: ${failure}.`));
    });
    const gone = (why: string): void => {
      for (const { reject } of this.#waiting.values())
        reject(new RealClusterError(`The links are gone: ${why}.`));
      this.#waiting.clear();
    };
    this.#worker.on('error', (error: Error) => gone(error.message));
    this.#worker.on('exit', () => gone('the cluster was ended'));
  }

  /** @returns where the others reach a host from now on */
  async openHost(host: string): Promise<{ readonly host: string; readonly port: number }> {
    const [port = 0] = await this.#carryOut({ kind: 'openHost', host });
    return { host: '127.0.0.1', port };
  }

  /** @returns for each server, in their order, where one host reaches it from now on: `host:port` */
  async openStore(host: string, servers: readonly string[]): Promise<readonly string[]> {
    const ports = await this.#carryOut({ kind: 'openStore', host, servers });
    return ports.map((port) => `127.0.0.1:${port}`);
  }

  async target(host: string, address: string): Promise<void> {
    await this.#carryOut({ kind: 'target', host, address });
  }

  /** Changes what one link does from now on, one way. */
  async change(from: string, to: string, change: Partial<LinkRule>): Promise<void> {
    const key = `${from} ${to}`;
    const rule = { ...soundLink, ...this.#rules.get(key), ...change };
    this.#rules.set(key, rule);
    await this.#carryOut({ kind: 'rule', from, to, rule });
  }

  /** Makes every link sound. */
  async healAll(): Promise<void> {
    for (const key of this.#rules.keys()) {
      const [from = '', to = ''] = key.split(' ');
      await this.change(from, to, soundLink);
    }
  }

  async breakConnections(a: string, b: string): Promise<void> {
    await this.#carryOut({ kind: 'break', between: [a, b] });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #carryOut(order: LinkOrder): Promise<readonly number[]> {
    this.#number += 1;
    const message: NumberedOrder = { number: this.#number, order };
    return new Promise((resolve, reject) => {
      this.#worker.ref();
      this.#waiting.set(message.number, { resolve, reject });
      this.#worker.postMessage(message);
    });
  }
}
