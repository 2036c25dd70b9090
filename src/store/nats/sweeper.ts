import type { Cancel } from '../../core/ports.ts';
import type { StoreOptions } from '../options.ts';
import type { Ledger } from './ledger.ts';
import type { NatsLink } from './link.ts';
import { begunAtMs, decodeObject } from './object-row.ts';
import type { Space, Subjects } from './subjects.ts';
import type { Head, Retired, Retirement, View } from './view.ts';

/** A key's earlier states are left for so long at least: who wrote one has to see it come back. */
const sweepEveryMs = 5_000;
/** How long a deleted key leaves a marker, and a retirement its record: much longer than a message can be on its way. */
export const retireAfterMs = 600_000;
/** How many markers one message retires at most: some 250 bytes each, in a message of at most 1 MiB. */
const retiredMax = 2_000;
/** An object that nothing points at and nobody has written to for so long belongs to a process that died. */
export const orphanAfterMs = 3_600_000;
const housekeepingEveryMs = 60_000;

type Latest = Readonly<Record<Space, Map<string, number>>>;
const fresh = (): Latest => ({ rows: new Map(), values: new Map() });

interface Due {
  readonly retirements: readonly Retirement[];
  readonly markers: Retired;
  /** Nonces of parts that belong to no row. */
  readonly orphans: readonly string[];
}

/** Clears away what the registry's and the vault's streams no longer need. Nothing here is needed for anything to be right. */
export class Sweeper {
  readonly #ledger: Ledger;
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  readonly #options: StoreOptions;
  /** Keys that this session changed: their latest revision, before which all can go the next time but one. */
  #young: Latest = fresh();
  #old: Latest = fresh();
  #cancelSweep: Cancel | null = null;
  #cancelHousekeeping: Cancel = () => undefined;
  #isStopped = false;

  constructor(ledger: Ledger, link: NatsLink, subjects: Subjects, options: StoreOptions) {
    this.#ledger = ledger;
    this.#link = link;
    this.#subjects = subjects;
    this.#options = options;
  }

  start(): void {
    this.#schedule(housekeepingEveryMs * this.#options.random.next());
  }

  /** A change of this session's took another's place. */
  superseded(space: Space, head: Head, before: Head | null): void {
    if (before === null || this.#isStopped) return;
    if (before.parts > 0) void this.#purge(this.#subjects.parts(before.nonce), null);
    this.#young[space].set(head.key, head.revision);
    this.#scheduleSweep();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep?.();
    this.#cancelHousekeeping();
  }

  /** Retires old markers, forgets old retirements, and drops what nothing points at. */
  async housekeep(): Promise<void> {
    const found = await this.#ledger.read('housekeeping', (view) => this.#due(view, view.clockMs));
    await this.#forget(found.retirements);
    await this.#retire(found.markers.slice(0, retiredMax));
    for (const nonce of found.orphans) await this.#purge(this.#subjects.parts(nonce), null);
    await this.#dropOrphanObjects();
  }

  #due(view: View, nowMs: number): Due {
    const orphans = view.orphansBefore(nowMs - retireAfterMs);
    for (const nonce of orphans) view.forgetParts(nonce);
    return {
      retirements: view.retirementsBefore(nowMs - retireAfterMs),
      markers: view.markersBefore(nowMs - retireAfterMs),
      orphans,
    };
  }

  /** First everybody is told, then the messages go: whoever finds them missing knows why. */
  async #retire(markers: Retired): Promise<void> {
    if (markers.length === 0) return;
    const subject = this.#subjects.retirement(this.#options.random.hex(16));
    const value = new TextEncoder().encode(JSON.stringify(markers));
    await this.#ledger.record('retiring markers', subject, value);
    const retirement = await this.#ledger.read('retiring markers', (view) => view.retirement(subject));
    if (retirement !== null) await this.#purgeRetired(retirement);
  }

  /** A retirement goes when it is sure that its markers did; mostly another session was faster. */
  async #forget(retirements: readonly Retirement[]): Promise<void> {
    const timeoutMs = this.#options.callTimeoutMs;
    for (const retirement of retirements) {
      const { sequence, subject } = retirement;
      const found = await this.#link.message(this.#subjects.registry, subject, timeoutMs);
      if (found instanceof Error) continue;
      if (found !== null) {
        if (!(await this.#purgeRetired(retirement))) continue;
        await this.#ledger.erase(sequence, timeoutMs);
      }
      await this.#ledger.read('housekeeping', (view) => view.forgetRetirement(sequence));
    }
  }

  async #purgeRetired({ sequence, markers }: Retirement): Promise<boolean> {
    let isDone = true;
    for (const { space, key, revision, wasLatest } of markers) {
      const before = wasLatest ? sequence : revision + 1;
      isDone = (await this.#purge(this.#subjects.history(space, key), before)) && isDone;
      // A successor of the marker that came after the retirement does not count, and nobody would know once that is forgotten.
      if (wasLatest) {
        isDone = (await this.#purge(this.#subjects.successor(space, key, revision), null)) && isDone;
      }
    }
    return isDone;
  }

  async #dropOrphanObjects(): Promise<void> {
    const timeoutMs = this.#options.callTimeoutMs;
    const request = { subjects_filter: `${this.#subjects.objects}.*.0` };
    const reply = await this.#link.ask<{
      readonly state?: { readonly subjects?: Readonly<Record<string, number>> };
    }>(`STREAM.INFO.${this.#subjects.objects}`, request, timeoutMs);
    if (reply.kind !== 'answered') return;
    const objects = Object.keys(reply.body.state?.subjects ?? {}).map((subject) =>
      this.#subjects.objectOf(subject),
    );
    if (objects.length === 0) return;
    const used = await this.#ledger.read('housekeeping', (view) => usedObjects(view));
    for (const object of objects) {
      if (!used.has(object) && this.#isOld(object)) {
        await this.#ledger.purge(this.#subjects.objects, this.#subjects.chunks(object), null, timeoutMs);
      }
    }
  }

  #isOld(object: string): boolean {
    return this.#ledger.serverMs - begunAtMs(object) > orphanAfterMs;
  }

  #scheduleSweep(): void {
    if (this.#isStopped) return;
    this.#cancelSweep ??= this.#options.clock.after(sweepEveryMs, () => {
      this.#cancelSweep = null;
      void this.#sweep();
    });
  }

  async #sweep(): Promise<void> {
    const due = this.#old;
    this.#old = this.#young;
    this.#young = fresh();
    if (this.#old.rows.size + this.#old.values.size > 0) this.#scheduleSweep();
    for (const space of ['rows', 'values'] as const) {
      for (const [key, revision] of due[space]) {
        if (this.#isStopped) return;
        await this.#purge(this.#subjects.history(space, key), revision);
      }
    }
  }

  #purge(filter: string, sequence: number | null): Promise<boolean> {
    return this.#ledger.purge(this.#subjects.registry, filter, sequence, this.#options.callTimeoutMs);
  }

  #schedule(afterMs: number): void {
    this.#cancelHousekeeping = this.#options.clock.after(afterMs, () => {
      // What fails now is done the next time.
      void this.housekeep()
        .catch(() => undefined)
        .then(() => {
          if (!this.#isStopped) this.#schedule(housekeepingEveryMs * (0.5 + this.#options.random.next()));
        });
    });
  }
}

function usedObjects(view: View): ReadonlySet<string> {
  return new Set(view.rows('values', '').map(({ key, value }) => decodeObject(key, value).object));
}
