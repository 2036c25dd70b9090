import { Directory } from '../../actors/directory.ts';
import { AddressExchange } from '../../actors/exchange.ts';
import type { Bytes, Table, Tables } from '../../actors/ports.ts';
import { NotFoundError } from '../../cluster-errors.ts';
import type { HostIdentity } from '../../core/execution.ts';
import { hostName, incarnationId, rackName } from '../../core/ids.ts';
import { Machine } from '../../simulator/cluster/machine.ts';
import type { NetworkEnd } from '../../simulator/cluster/network.ts';
import type { SimulatedTable } from '../../simulator/cluster/store.ts';
import type { World } from '../../simulator/cluster/world.ts';

/**
 * A program outside of a simulated cluster, on a machine of its own. Its links are as good as those of hosts; what it reads in the
 * store it reads at once, whatever the store does to hosts: so what a test learns is what is.
 */
export class TestClient {
  readonly tables: Tables;
  readonly vault: Bytes;
  readonly directory = new Directory();
  readonly exchange: AddressExchange;
  readonly #end: NetworkEnd & { alive: boolean };
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    const machine = new Machine(world.clock, world.clock.monotonicMs());
    const random = world.random.fork();
    const identity: HostIdentity = {
      name: hostName('client'),
      incarnation: incarnationId(`client.${random.hex(4)}`),
      rack: rackName('outside'),
      address: 'client:1',
    };
    const { leases, registers, seats, values } = world.store;
    this.tables = { leases: tableOf(leases), registers: tableOf(registers), seats: tableOf(seats) };
    this.vault = {
      put: async (key, bytes) => void values.set(key, bytes.slice()),
      get: async (key) => values.get(key)?.slice() ?? null,
      delete: async (key) => void values.delete(key),
      list: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
    };
    this.#end = {
      identity,
      machine,
      alive: true,
      mayOpen: () => true,
      silenceMaxMs: Infinity,
      receive: (from, envelope) => this.exchange.receive(from, envelope),
      peerDown: (peer, why) => this.exchange.peerDown(peer, why),
    };
    const links = world.network.links(this.#end);
    this.exchange = new AddressExchange({
      self: identity.incarnation,
      clock: machine.mainClock,
      random,
      directory: this.directory,
      tables: this.tables,
      links: () => links,
      lookup: () => null,
      askLocal: () => Promise.reject(new NotFoundError('A client has no actors.')),
      onUnclaimed: () => false,
    });
    world.network.join(this.#end);
    this.directory.start(this.tables);
  }

  close(): void {
    this.directory.stop();
    this.#end.alive = false;
    this.#end.machine.end();
    this.#world.network.leave(this.#end);
  }
}

/** A table without the network before it. */
function tableOf<Row>(table: SimulatedTable<Row>): Table<Row> {
  return {
    get: async (id) => table.rows.get(id) ?? null,
    list: async () => [...table.rows.values()],
    cas: async (id, expectedRevision, row) => table.swap(id, expectedRevision, row),
    delete: async (id, expectedRevision) => table.remove(id, expectedRevision),
    watch: (listener) => {
      listener({ complete: true, rows: [...table.rows.values()], removed: [] });
      return table.onChange((id, found) =>
        listener(
          found === null
            ? { complete: false, rows: [], removed: [id] }
            : { complete: false, rows: [found], removed: [] },
        ),
      );
    },
  };
}
