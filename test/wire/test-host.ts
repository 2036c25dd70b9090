import { createHash, randomBytes } from 'node:crypto';
import type { HostIdentity } from '../../src/core/execution.ts';
import {
  actorAddress,
  hostOf,
  incarnationId,
  type IncarnationId,
  rackName,
  snapshotDigest,
  type SnapshotDigest,
} from '../../src/core/ids.ts';
import type { Random } from '../../src/core/ports.ts';
import type { Envelope, LinkEnd, Wire } from '../../src/wire/contract.ts';
import { openWire } from '../../src/wire/open.ts';
import { wireDefaults, type WirePorts, type WireSettings } from '../../src/wire/settings.ts';
import { SteppedClock } from './stepped-clock.ts';

export const clusterSecret = Buffer.from('a secret that all hosts of the cluster know');

export const systemRandom: Random = {
  next: () => randomBytes(4).readUInt32BE() / 2 ** 32,
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};

export type TestEvent =
  | { readonly kind: 'envelope'; readonly peer: IncarnationId; readonly envelope: Envelope }
  | { readonly kind: 'up'; readonly peer: IncarnationId }
  | { readonly kind: 'down'; readonly peer: IncarnationId; readonly reason: LinkEnd }
  | { readonly kind: 'dialFailed'; readonly peer: IncarnationId; readonly reason: LinkEnd }
  | { readonly kind: 'drained'; readonly peer: IncarnationId }
  | { readonly kind: 'roundTrip'; readonly peer: IncarnationId; readonly roundTripMs: number }
  | { readonly kind: 'refused'; readonly remote: string; readonly reason: LinkEnd };

export interface TestHostOptions {
  readonly secret: Uint8Array;
  readonly settings: Partial<WireSettings>;
  readonly mayOpen: () => boolean;
  readonly listens: boolean;
}

/** A wire on real sockets with a clock of its own, and a record of what it told its listener. */
export class TestHost {
  readonly clock = new SteppedClock();
  readonly events: TestEvent[] = [];
  readonly ports: WirePorts;
  readonly wire: Wire;
  address = '';
  /** Called from within the listener. */
  react: (event: TestEvent) => void = () => undefined;
  #waiting: { readonly matches: () => boolean; readonly resolve: () => void }[] = [];

  static async open(incarnation: string, options: Partial<TestHostOptions> = {}): Promise<TestHost> {
    const host = new TestHost(incarnation, options);
    if (options.listens !== false) host.address = (await host.wire.listen('127.0.0.1', 0, null)).address;
    return host;
  }

  private constructor(incarnation: string, options: Partial<TestHostOptions>) {
    this.ports = {
      self: incarnationId(incarnation),
      secret: options.secret ?? clusterSecret,
      clock: this.clock,
      random: systemRandom,
      mayOpen: options.mayOpen ?? (() => true),
      settings: { ...wireDefaults, ...options.settings },
      listener: {
        onEnvelope: (peer, envelope) => this.#record({ kind: 'envelope', peer, envelope }),
        onUp: (peer) => this.#record({ kind: 'up', peer }),
        onDown: (peer, reason) => this.#record({ kind: 'down', peer, reason }),
        onDialFailed: (peer, reason) => this.#record({ kind: 'dialFailed', peer, reason }),
        onDrained: (peer) => this.#record({ kind: 'drained', peer }),
        onRoundTrip: (peer, roundTripMs) => this.#record({ kind: 'roundTrip', peer, roundTripMs }),
        onRefused: (remote, reason) => this.#record({ kind: 'refused', remote, reason }),
      },
    };
    this.wire = openWire(this.ports);
  }

  get self(): IncarnationId {
    return this.ports.self;
  }

  get identity(): HostIdentity {
    return this.at(this.address);
  }

  /** This host as a peer sees it that is told another address, a proxy's for example. */
  at(address: string): HostIdentity {
    return { name: hostOf(this.self), incarnation: this.self, rack: rackName('r1'), address };
  }

  of<Kind extends TestEvent['kind']>(kind: Kind): Extract<TestEvent, { readonly kind: Kind }>[] {
    return this.events.filter(
      (event): event is Extract<TestEvent, { readonly kind: Kind }> => event.kind === kind,
    );
  }

  /** The numbers of the messages that have arrived, in order. */
  get numbers(): number[] {
    return this.of('envelope').map(({ envelope }) => Number(Reflect.get(envelope.message, 'number')));
  }

  /** Waits until at least `count` events of a kind are on record; returns the last of these. */
  async until<Kind extends TestEvent['kind']>(
    kind: Kind,
    count = 1,
  ): Promise<Extract<TestEvent, { readonly kind: Kind }>> {
    await this.untilTrue(() => this.of(kind).length >= count);
    const event = this.of(kind)[count - 1];
    if (event === undefined) throw new Error(`no ${kind} on record`);
    return event;
  }

  /** Looks again after each event. */
  async untilTrue(matches: () => boolean): Promise<void> {
    if (matches()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ matches, resolve }));
  }

  #record(event: TestEvent): void {
    this.events.push(event);
    this.react(event);
    this.#waiting = this.#waiting.filter(({ matches, resolve }) => {
      if (!matches()) return true;
      resolve();
      return false;
    });
  }
}

export function numbered(number: number, extra: object = {}): Envelope {
  return {
    to: actorAddress('host/b/test'),
    from: actorAddress('host/a/test'),
    correlation: null,
    message: { kind: 'numbered', number, ...extra } as { readonly kind: string },
  };
}

export function digestOf(bytes: Uint8Array): SnapshotDigest {
  return snapshotDigest(createHash('sha256').update(bytes).digest('hex'));
}

const opened: TestHost[] = [];

/** Opens a host that `stopHosts` stops. */
export async function openHost(
  incarnation: string,
  options: Partial<TestHostOptions> = {},
): Promise<TestHost> {
  const host = await TestHost.open(incarnation, options);
  opened.push(host);
  return host;
}

/** Stops all hosts of a test, with time enough for connections that do not close by themselves. */
export async function stopHosts(): Promise<void> {
  const hosts = opened.splice(0);
  const stopped = hosts.map((host) => host.wire.stop());
  for (const host of hosts) host.clock.advance(10_000);
  await Promise.all(stopped);
}

/** One turn of the event loop. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
