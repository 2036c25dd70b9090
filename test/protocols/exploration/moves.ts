import { nonce } from '../../../src/core/ids.ts';
import { beginSource } from '../../../src/protocols/migration/source-step.ts';
import type { SourceTimer } from '../../../src/protocols/migration/source.ts';
import type { TargetTimer } from '../../../src/protocols/migration/target.ts';
import type { RegisterRow } from '../../../src/protocols/ownership/register.ts';
import type { Model } from './explorer.ts';
import { Cluster } from './cluster.ts';
import type { Actor } from './cluster.ts';
import { offerFailure } from './offers.ts';
import type { Offer } from './offers.ts';
import { offerCalls } from './store-moves.ts';
import { offerWork } from './work-moves.ts';
import { realSteps } from './machines.ts';
import type { Steps } from './machines.ts';
import {
  at,
  cargo,
  decode,
  encode,
  firstWorld,
  hosts,
  incarnationOf,
  left,
  migrationNamed,
  placeOf,
  shared,
  Tables,
} from './world.ts';
import type { Bounds, Numbers, StoreCall } from './world.ts';

/** What a test may break in the world itself. */
export interface Weather {
  /** A renewal succeeds although the lease was ended. */
  readonly renewsAfterEnd: boolean;
}

const actors: readonly Actor[] = ['ownership', 'source', 'target'];
const sourceTimers: readonly SourceTimer[] = ['prepare', 'transfer', 'resume', 'commit'];
const targetTimers: readonly TargetTimer[] = ['reservation', 'commit'];

/** Three hosts, one execution, and everything that may happen to them within the bounds. */
export class ClusterModel implements Model {
  readonly initial: string;
  readonly #tables: Tables;
  readonly #bounds: Bounds;
  readonly #weather: Weather;
  readonly phasesMet = new Set<string>();

  constructor(bounds: Bounds, steps: Steps = realSteps, weather: Weather = { renewsAfterEnd: false }) {
    this.#tables = new Tables(steps);
    this.#bounds = bounds;
    this.#weather = weather;
    this.initial = encode(firstWorld(this.#tables, bounds));
  }

  violation(state: string): string | null {
    const violated = state.charCodeAt(shared.violation);
    if (violated !== 0) return this.#tables.texts.value(violated);
    const cluster = this.#cluster(decode(state));
    const acting = hosts.filter((host) => cluster.mayAct(host) && cluster.lane(host)?.running === true);
    return acting.length > 1 ? `two copies may act: on hosts ${acting.join(' and ')}` : null;
  }

  isGood(state: string): boolean {
    return this.#tables.rows.value(state.charCodeAt(shared.row)).standing.phase === 'settled';
  }

  successors(state: string, visit: (label: string, next: string, fair: boolean) => void): void {
    const world = decode(state);
    const now = this.#cluster(world);
    const offer: Offer = (label, fair, change) => {
      const cluster = this.#cluster([...world]);
      change(cluster);
      this.#forgetTheDead(cluster);
      visit(label, encode(cluster.world), fair);
    };
    if (this.isGood(state)) return;
    this.#offerMessages(now, offer);
    for (const host of hosts) {
      this.#offerLease(now, host, offer);
      offerCalls(now, host, offer, this.#tables, this.#bounds);
      if (now.get(at(host, 'up')) === 0) continue;
      offerWork(now, host, offer, this.#tables);
      this.#offerTimers(now, host, offer);
      this.#offerSweep(now, host, offer);
      this.#offerRestarts(now, host, offer);
      this.#offerMigration(now, host, offer);
    }
  }

  /** Every phase of every machine that was met. */
  phases(): ReadonlySet<string> {
    for (const [name, machine] of [
      ['ownership', this.#tables.ownership],
      ['source', this.#tables.source],
      ['target', this.#tables.target],
    ] as const) {
      for (let id = 1; id <= machine.states.size; id += 1) {
        this.phasesMet.add(`${name} ${machine.states.value(id).phase}`);
      }
    }
    return this.phasesMet;
  }

  #cluster(world: Numbers): Cluster {
    return new Cluster(world, this.#tables, this.#bounds);
  }

  /** Two worlds are one if they differ only in what can never have an effect. */
  #forgetTheDead(cluster: Cluster): void {
    for (const host of hosts) {
      const calls = cluster.calls(host);
      // The revision of a late swap has passed.
      const isDead = (call: StoreCall) =>
        call.kind === 'swap' && call.stage === 'ghost' && call.expected !== cluster.get(shared.row);
      if (calls.some(isDead))
        cluster.setCalls(
          host,
          calls.filter((call) => !isDead(call)),
        );
    }
    const messages = cluster.messages();
    const alive = messages.filter((id) => cluster.isAddressed(cluster.message(id)));
    if (alive.length < messages.length) cluster.setMessages(alive);
  }

  #offerMessages(now: Cluster, offer: Offer): void {
    for (const id of now.messages()) {
      const message = now.message(id);
      const label = `${message.kind} ${message.passage.migration}${'digest' in message ? ` ${message.digest}` : ''}`;
      const without = (cluster: Cluster) => cluster.setMessages(cluster.messages().filter((at) => at !== id));
      offer(`deliver ${label}`, true, (cluster) => {
        without(cluster);
        cluster.deliver(message, false);
      });
      offerFailure(now, 'restarts', `deliver ${label}, actor dies after saving`, offer, (cluster) => {
        without(cluster);
        cluster.deliver(message, true);
      });
      offerFailure(now, 'duplicates', `deliver ${label}, keep a duplicate`, offer, (cluster) =>
        cluster.deliver(message, false),
      );
      offerFailure(now, 'losses', `lose ${label}`, offer, without);
    }
  }

  #offerLease(now: Cluster, host: number, offer: Offer): void {
    const current = now.get(at(host, 'incarnation'));
    const isUp = now.get(at(host, 'up')) === 1;
    const isExpired = now.get(at(host, 'expired')) === 1;
    const ended = now.get(at(host, 'ended'));
    const isEnded = (ended & (1 << current)) !== 0;
    const name = incarnationOf(host, current);
    if (isUp && !isExpired) {
      offerFailure(now, 'expiries', `${name} cannot renew, its lease runs out`, offer, (cluster) => {
        cluster.world[at(host, 'expired')] = 1;
      });
    }
    if (isUp && isExpired && (!isEnded || this.#weather.renewsAfterEnd)) {
      offer(`${name} renews`, true, (cluster) => {
        cluster.world[at(host, 'expired')] = 0;
      });
    }
    if (isUp && isEnded) {
      offer(`${name} learns that its lease has ended, and exits`, true, (cluster) => cluster.stop(host));
    }
    for (let count = 1; count <= current; count += 1) {
      // Rule 2: nobody ends a lease that its holder may still believe in.
      const mayEnd = (ended & (1 << count)) === 0 && (count < current || !isUp || isExpired);
      if (!mayEnd) continue;
      offer(`the lease of ${incarnationOf(host, count)} is ended`, true, (cluster) => {
        cluster.world[at(host, 'ended')] = ended | (1 << count);
      });
    }
    if (isUp) {
      offerFailure(now, 'crashes', `${name} crashes`, offer, (cluster) => cluster.stop(host));
    } else {
      offerFailure(now, 'reboots', `host ${host} starts again`, offer, (cluster) =>
        this.#reboot(cluster, host, current + 1),
      );
    }
  }

  #reboot(cluster: Cluster, host: number, count: number): void {
    cluster.world[at(host, 'up')] = 1;
    cluster.world[at(host, 'incarnation')] = count;
    const self = incarnationOf(host, count);
    const { execution } = cluster.row();
    const state = this.#tables.ownership.states.id({ execution, self, phase: 'absent', pointer: null });
    cluster.world[at(host, 'ownership')] = state;
    cluster.world[at(host, 'ownershipSaved')] = state;
  }

  #offerTimers(now: Cluster, host: number, offer: Offer): void {
    const name = now.self(host);
    const source = now.source(host);
    const target = now.target(host);
    if (source !== null && source.phase !== 'done') {
      for (const timer of sourceTimers) {
        offer(`${name}'s ${timer} timer fires`, true, (cluster) =>
          cluster.happen({ to: 'source', host, event: { kind: 'timedOut', timer } }),
        );
      }
      offerFailure(now, 'cancels', `${name}'s move is cancelled`, offer, (cluster) =>
        cluster.happen({ to: 'source', host, event: { kind: 'cancelled', reason: 'asked' } }),
      );
      if (this.#isEnded(now, source.passage.target)) {
        offer(`${name} sees the target's lease ended`, true, (cluster) =>
          cluster.happen({ to: 'source', host, event: { kind: 'targetEnded' } }),
        );
      }
    }
    if (target !== null && target.phase !== 'done') {
      for (const timer of targetTimers) {
        offer(`${name}'s ${timer} timer fires`, true, (cluster) =>
          cluster.happen({ to: 'target', host, event: { kind: 'timedOut', timer } }),
        );
      }
      if (this.#isEnded(now, target.passage.source)) {
        offer(`${name} sees the source's lease ended`, true, (cluster) =>
          cluster.happen({ to: 'target', host, event: { kind: 'sourceEnded' } }),
        );
      }
    }
    if (now.calls(host).some((call) => call.stage !== 'ghost')) return;
    offer(`${name} retries`, true, (cluster) =>
      cluster.happen({ to: 'ownership', host, event: { kind: 'retryDue', nonce: nonce(`${name} retry`) } }),
    );
  }

  #isEnded(now: Cluster, incarnation: RegisterRow['owner']): boolean {
    const { host, count } = placeOf(incarnation);
    return (now.get(at(host, 'ended')) & (1 << count)) !== 0;
  }

  /** Rule 4: only after the owner's lease was read as ended, and only while the own lease is live. */
  #offerSweep(now: Cluster, host: number, offer: Offer): void {
    const row = now.row();
    const { owner, epoch, generation } = row;
    if (row.standing.phase !== 'live' || !now.mayAct(host) || !this.#isEnded(now, owner)) return;
    offer(`${now.self(host)} sweeps what ${owner} left`, true, (cluster) => {
      const fresh = nonce(`${now.self(host)} sweep ${epoch}`);
      const event = { kind: 'ownerEnded', owner, epoch, generation, nonce: fresh } as const;
      cluster.happen({ to: 'ownership', host, event });
    });
  }

  #offerRestarts(now: Cluster, host: number, offer: Offer): void {
    if (now.get(left('restarts')) === 0) return;
    const name = now.self(host);
    for (const actor of actors) {
      if (now.get(at(host, actor)) === 0) continue;
      offerFailure(now, 'restarts', `${name}'s ${actor} actor is restarted`, offer, (cluster) =>
        cluster.restart(host, actor),
      );
    }
    for (const actor of ['source', 'target'] as const) {
      const machine = now[actor](host);
      if (machine === null || machine.phase === 'done') continue;
      const { migration } = machine.passage;
      offerFailure(now, 'restarts', `${name}'s ${actor} supervisor gives up`, offer, (cluster) => {
        cluster.world[at(host, actor)] = 0;
        cluster.world[at(host, `${actor}Saved`)] = 0;
        const fresh = nonce(`${name} failed ${migration}`);
        cluster.happen({
          to: 'ownership',
          host,
          event: { kind: 'migrationFailed', migration, nonce: fresh },
        });
      });
    }
  }

  #offerMigration(now: Cluster, host: number, offer: Offer): void {
    const own = now.ownership(host);
    const source = now.source(host);
    const isFree = source === null || source.phase === 'done';
    if (own.phase !== 'running' || !isFree || now.get(left('migrations')) === 0) return;
    const to = host === 1 ? 0 : 1;
    if (now.get(at(to, 'up')) === 0) return;
    const id = `m${now.get(left('migrations'))}`;
    offer(`${now.self(host)} starts move ${id} to ${now.self(to)}`, false, (cluster) => {
      cluster.spend('migrations');
      const { execution, epoch, generation } = own.tenure;
      const passage = {
        migration: migrationNamed(id),
        execution,
        source: now.self(host),
        target: now.self(to),
        epoch,
        generation,
      };
      const begun = beginSource(passage, cargo, 2);
      cluster.beginSource(host, this.#tables.source.states.id(begun.state), begun.effects);
    });
  }
}
