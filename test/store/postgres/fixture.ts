import { Client } from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { storeOptions } from '../../../src/store/options.ts';
import type { StoreOptions } from '../../../src/store/options.ts';
import type { Store } from '../../../src/store/contract.ts';
import { clock, random } from '../ports.ts';
import { PostgresServer } from './server.ts';

export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
export const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
export const options: StoreOptions = { ...storeOptions({ clock, random }), callTimeoutMs: 30_000 };

export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

let schemas = 0;

/** A store of its own on a server, what uses it, and its administrator. All of it ends with the test. */
export class Schema {
  readonly name: string;
  readonly #server: PostgresServer;
  readonly #stores: Store[] = [];
  readonly #administrators: Client[] = [];

  constructor(server: PostgresServer) {
    schemas += 1;
    this.name = `store_${process.pid}_${schemas}`;
    this.#server = server;
  }

  get url(): string {
    return this.#server.url(this.name);
  }

  async open(changed: Partial<StoreOptions> = {}, url = this.url): Promise<Store> {
    const store = await openStore(url, { ...options, ...changed });
    this.#stores.push(store);
    return store;
  }

  /** Somebody who speaks SQL to the server, and finds the tables without naming their schema. */
  async administrator(): Promise<Client> {
    const client = new Client({ connectionString: this.#server.url('').replace(/\?.*$/, '') });
    // The server may be killed under it.
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`SET search_path TO "${this.name}"`);
    this.#administrators.push(client);
    return client;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#administrators.map((client) => client.end().catch(() => undefined)));
    await Promise.all(this.#stores.map((store) => store.close()));
  }
}

/** A server for the tests of one suite, and stores of their own on it, which end with each test. */
export function ownServer(): { readonly server: () => PostgresServer; readonly fresh: () => Schema } {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 180_000);
  afterAll(() => server.dispose());

  const begun: Schema[] = [];
  afterEach(async () => {
    await Promise.all(begun.splice(0).map((schema) => schema.dispose()));
  });
  return {
    server: () => server,
    fresh: () => {
      const schema = new Schema(server);
      begun.push(schema);
      return schema;
    },
  };
}

/** Resolves when the condition holds, asked again after each answer of the server. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}
