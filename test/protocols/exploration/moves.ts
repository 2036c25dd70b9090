import { nonce } from '../../../src/core/ids.ts';
import { beginSource } from '../../../src/protocols/migration/source-step.ts';
import type { SourceTimer } from '../../../src/protocols/migration/source.ts';
import type { TargetTimer } from '../../../src/protocols/migration/target.ts';
import type { RegisterRow } from '../../../src/protocols/ownership/register.ts';
import type { Model } from './explorer.ts';
import { Cluster } from './cluster.ts';
import type { Actor } from './cluster.ts';
import { realSteps } from './machines.ts';
import type { Steps } from './machines.ts';
import {
  at,
  cargo,
  decode,
  digestOf,
  encode,
  firstWorld,
  hosts,
  incarnationOf,
  isOpen,
  left,
  migrationNamed,
  placeOf,
  shared,
  Tables,
} from './world.ts';
import type { Bounded, Bounds, ClosedCall, Numbers, OpenCall, StoreCall } from './world.ts';

/** What a test may break in the world itself. */
export interface Weather {
  /** A renewal succeeds although the lease was ended. */
  readonly renewsAfterEnd: boolean;
}

type Change = (cluster: Cluster) => void;
type Offer = (label: string, fair: boolean, change: Change) => void;

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
      this.#offerCalls(now, host, offer);
      if (now.get(at(host, 'up')) === 0) continue;
      this.#offerWork(now, host, offer);
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
      this.#offerFailure(now, 'restarts', `deliver ${label}, actor dies after saving`, offer, (cluster) => {
        without(cluster);
        cluster.deliver(message, true);
      });
      this.#offerFailure(now, 'duplicates', `deliver ${label}, keep a duplicate`, offer, (cluster) =>
        cluster.deliver(message, false),
      );
      this.#offerFailure(now, 'losses', `lose ${label}`, offer, without);
    }
  }

  #offerFailure(now: Cluster, name: Bounded, label: string, offer: Offer, change: Change): void {
    if (now.get(left(name)) === 0) return;
    offer(label, false, (cluster) => {
      cluster.spend(name);
      change(cluster);
    });
  }

  #offerLease(now: Cluster, host: number, offer: Offer): void {
    const current = now.get(at(host, 'incarnation'));
    const isUp = now.get(at(host, 'up')) === 1;
    const isExpired = now.get(at(host, 'expired')) === 1;
    const ended = now.get(at(host, 'ended'));
    const isEnded = (ended & (1 << current)) !== 0;
    const name = incarnationOf(host, current);
    if (isUp && !isExpired) {
      this.#offerFailure(now, 'expiries', `${name} cannot renew, its lease runs out`, offer, (cluster) => {
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
      this.#offerFailure(now, 'crashes', `${name} crashes`, offer, (cluster) => cluster.stop(host));
    } else {
      this.#offerFailure(now, 'reboots', `host ${host} starts again`, offer, (cluster) =>
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

  #offerCalls(now: Cluster, host: number, offer: Offer): void {
    const name = now.self(host);
    const calls = now.calls(host);
    for (const call of calls) {
      const others = calls.filter((other) => other !== call);
      const become = (next: StoreCall): Change => {
        return (cluster) => cluster.setCalls(host, [...others, next]);
      };
      const fail: Change = (cluster) => {
        const ghosts =
          call.kind === 'swap' && call.stage === 'sent' ? [{ ...call, stage: 'ghost' } as const] : [];
        cluster.setCalls(host, [...others, ...ghosts]);
        cluster.happen({ to: 'ownership', host, event: { kind: 'storeFailed' } });
      };
      if (isOpen(call)) {
        this.#offerStore(now, host, call, others, offer, become);
        if (call.stage === 'sent')
          this.#offerFailure(now, 'ambiguities', `${name}'s ${call.kind} times out`, offer, fail);
        continue;
      }
      this.#offerAnswer(now, host, call, others, offer);
      this.#offerFailure(now, 'ambiguities', `the answer to ${name}'s ${call.kind} is lost`, offer, fail);
    }
  }

  #offerStore(
    now: Cluster,
    host: number,
    call: OpenCall,
    others: readonly StoreCall[],
    offer: Offer,
    become: (next: StoreCall) => Change,
  ): void {
    const name = now.self(host);
    const row = now.get(shared.row);
    if (call.kind === 'read' && !this.#bounds.slowReads) {
      const event = { kind: 'found', row: this.#tables.rows.value(row), revision: row } as const;
      offer(`${name} reads the register`, true, (cluster) => {
        cluster.setCalls(host, others);
        cluster.happen({ to: 'ownership', host, event });
      });
      this.#offerFailure(
        now,
        'restarts',
        `${name} reads the register, actor dies after saving`,
        offer,
        (cluster) => {
          cluster.setCalls(host, others);
          cluster.happenCut({ to: 'ownership', host, event });
        },
      );
      return;
    }
    if (call.kind === 'read') {
      offer(`the store reads for ${name}`, true, become({ kind: 'read', stage: 'answered', row }));
      return;
    }
    const { token, expected } = call;
    if (expected !== row) {
      offer(
        `the store refuses ${name}'s swap ${token}`,
        true,
        become({ kind: 'swap', stage: 'refused', token }),
      );
      return;
    }
    const label = `the store does ${name}'s ${call.stage === 'ghost' ? 'late ' : ''}swap ${token}`;
    offer(label, call.stage === 'sent', (cluster) => {
      this.#swap(cluster, host, call.row);
      const answered: StoreCall[] = call.stage === 'ghost' ? [] : [{ kind: 'swap', stage: 'done', token }];
      cluster.setCalls(host, [...others, ...answered]);
    });
  }

  #swap(cluster: Cluster, host: number, id: number): void {
    const before = cluster.row();
    const after = this.#tables.rows.value(id);
    judgeSwap(cluster, before, after, host);
    cluster.world[shared.row] = id;
  }

  #offerAnswer(
    now: Cluster,
    host: number,
    call: ClosedCall,
    others: readonly StoreCall[],
    offer: Offer,
  ): void {
    const name = now.self(host);
    const event =
      call.kind === 'read'
        ? ({ kind: 'found', row: this.#tables.rows.value(call.row), revision: call.row } as const)
        : ({ kind: call.stage === 'done' ? 'swapped' : 'swapRefused', token: call.token } as const);
    const label = `${name} hears ${event.kind}${call.kind === 'swap' ? ` ${call.token}` : ''}`;
    offer(label, true, (cluster) => {
      cluster.setCalls(host, others);
      cluster.happen({ to: 'ownership', host, event });
    });
    this.#offerFailure(now, 'restarts', `${label}, actor dies after saving`, offer, (cluster) => {
      cluster.setCalls(host, others);
      cluster.happenCut({ to: 'ownership', host, event });
    });
  }

  #offerWork(now: Cluster, host: number, offer: Offer): void {
    const copy = now.lane(host);
    const name = now.self(host);
    const [reply, ...later] = now.replies(host);
    if (reply !== undefined) {
      offer(`${name}'s lane has ${reply.kind}`, true, (cluster) => {
        cluster.setReplies(host, later);
        cluster.happen({ to: 'ownership', host, event: reply });
      });
    }
    if (copy !== null) {
      this.#offerFailure(now, 'laneDeaths', `${name}'s lane dies`, offer, (cluster) => {
        cluster.setLane(host, null);
        const fresh = nonce(`${name} copyLost ${copy.epoch}`);
        cluster.happen({ to: 'ownership', host, event: { kind: 'copyLost', nonce: fresh } });
      });
    }
    if (copy === null || !copy.running || !now.mayAct(host)) return;
    const tenure = {
      execution: now.row().execution,
      epoch: copy.epoch,
      generation: copy.generation,
    } as never;
    if (now.get(left('acts')) > 0) {
      offer(`${name} acts`, true, (cluster) => {
        cluster.spend('acts');
        judgeAct(cluster, this.#tables, host, copy);
        cluster.setLane(host, { ...copy, acts: copy.acts + 1 });
      });
    } else {
      offer(`${name} ends the method`, true, (cluster) => {
        const result = { vaultKey: `result/${copy.epoch}`, outcome: 'returned' } as const;
        cluster.setLane(host, { ...copy, running: false });
        cluster.happen({ to: 'ownership', host, event: { kind: 'resultStored', tenure, result } });
      });
    }
    if (now.get(left('checkpoints')) > 0) {
      offer(`${name} stores a checkpoint`, false, (cluster) => {
        cluster.spend('checkpoints');
        const vaultKey = `checkpoint/${copy.epoch}/${copy.generation}/${copy.acts}`;
        const { epoch, generation } = tenure as { epoch: never; generation: never };
        const point = {
          kind: 'snapshot',
          vaultKey,
          digest: digestOf(copy),
          epoch,
          generation,
          effectSequence: copy.acts,
        } as const;
        cluster.happen({ to: 'ownership', host, event: { kind: 'checkpointStored', tenure, point } });
      });
    }
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
      this.#offerFailure(now, 'cancels', `${name}'s move is cancelled`, offer, (cluster) =>
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
      this.#offerFailure(now, 'restarts', `${name}'s ${actor} actor is restarted`, offer, (cluster) =>
        cluster.restart(host, actor),
      );
    }
    for (const actor of ['source', 'target'] as const) {
      const machine = now[actor](host);
      if (machine === null || machine.phase === 'done') continue;
      const { migration } = machine.passage;
      this.#offerFailure(now, 'restarts', `${name}'s ${actor} supervisor gives up`, offer, (cluster) => {
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

/** The register only moves forward, and only its owner writes within an epoch (rule 1). */
function judgeSwap(cluster: Cluster, before: RegisterRow, after: RegisterRow, host: number): void {
  if (after.epoch < before.epoch || after.generation < before.generation) {
    cluster.violate(`the register went back from epoch ${before.epoch} to ${after.epoch}`);
  }
  const isClaim = after.epoch > before.epoch;
  if (isClaim && after.epoch !== before.epoch + 1) cluster.violate('a claim skipped an epoch');
  const writer = placeOf(after.owner).host;
  if (
    !isClaim &&
    (after.owner !== before.owner || after.generation !== before.generation || writer !== host)
  ) {
    cluster.violate(`host ${host} wrote a checkpoint or result for an epoch that it does not own`);
  }
}

/** The witness outside: within a generation no act is repeated and none is missing; no old generation comes back. */
function judgeAct(
  cluster: Cluster,
  tables: Tables,
  host: number,
  copy: { readonly generation: number; readonly acts: number },
): void {
  const seen = tables.witnesses.value(cluster.get(shared.witness));
  const { generation } = copy;
  if (generation < seen.generation)
    cluster.violate(`host ${host} acts in generation ${generation}, which is over`);
  if (generation === seen.generation && copy.acts !== seen.acts) {
    cluster.violate(`host ${host} goes on after act ${copy.acts}, the witness has seen ${seen.acts}`);
  }
  cluster.world[shared.witness] = tables.witnesses.id({ generation, acts: copy.acts + 1 });
}
