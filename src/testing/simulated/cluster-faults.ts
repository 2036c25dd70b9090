import type { Fault, HostIndex, Mishap, MishapKind, Phase, Victim } from '../../simulator/cluster/faults.ts';
import { killedRoles, mishapKinds, phases } from '../../simulator/cluster/faults.ts';
import { hostNameOf } from '../../simulator/cluster/striking.ts';
import { mismatchText, shown, unknownText } from '../option-texts.ts';
import { TestOptionsError } from './errors.ts';

/** When a fault strikes: so many simulated ms after the test's function began, or when a host enters a phase. */
export type FaultTime =
  | { readonly atMs: number }
  | {
      readonly phase: Phase;
      /** How often it is entered before. Default: 1, the first time. */
      readonly nth?: number;
      /** So long after it was entered. Default: 0. */
      readonly afterMs?: number;
    };

type Where = {
  /** A host's name; `self` (the default) is the one that enters the phase. */
  readonly host?: string;
};
type Lasting = {
  /** Default: 500. */
  readonly forMs?: number;
};
type Share = {
  /** In [0, 1]. Default: 0.2. */
  readonly ratio?: number;
};

/** What goes wrong. See the table in docs/testing.md. */
export type FaultKind =
  | ({ readonly kind: 'crash'; readonly restartMs?: number } & Where)
  | ({ readonly kind: 'pause' | 'suspend' | 'stall' | 'slow' | 'isolate' | 'cutStore' } & Where & Lasting)
  | ({ readonly kind: 'cut'; readonly other: string; readonly oneWay?: boolean } & Where & Lasting)
  | ({ readonly kind: 'loss' | 'duplication' | 'reordering' | 'breaks' | 'tornWrites' } & Share & Lasting)
  | ({ readonly kind: 'latency'; readonly maxMs?: number } & Lasting)
  | ({ readonly kind: 'storeStall' | 'storeFailover' | 'fullDisk' } & Lasting)
  | ({ readonly kind: 'clockJump'; readonly byMs: number } & Where)
  | ({ readonly kind: 'drift'; readonly rate?: number } & Where & Lasting)
  | ({ readonly kind: 'laneDeath' } & Where)
  | ({ readonly kind: 'actorCrash'; readonly role?: (typeof killedRoles)[number] } & Where);

export type ClusterFault = FaultTime & FaultKind;

const forMsDefault = 500;
const ratioDefault = 0.2;
const restartMsDefault = 150;
const latencyMsDefault = 50;
const driftDefault = 1.05;

/** @throws {TestOptionsError} naming what is wrong in it */
export function faultOf(fault: ClusterFault, at: string, hosts: readonly string[]): Fault {
  const reader = new FaultReader(fault as unknown as Record<string, unknown>, at, hosts);
  const trigger = reader.trigger();
  const mishap = reader.mishap(trigger.kind === 'phase');
  reader.done();
  return { trigger, mishap };
}

/** One that strikes now. @throws {TestOptionsError} naming what is wrong in it */
export function mishapOf(fault: FaultKind, at: string, hosts: readonly string[]): Mishap {
  const reader = new FaultReader(fault as unknown as Record<string, unknown>, at, hosts);
  const mishap = reader.mishap(false);
  reader.done();
  return mishap;
}

/** A fault as a test would write it. */
export function faultText({ trigger, mishap }: Fault): string {
  const when =
    trigger.kind === 'time'
      ? { atMs: trigger.atMs }
      : { phase: trigger.phase, nth: trigger.nth, afterMs: trigger.afterMs };
  const what = Object.entries(mishap).map(([key, value]: [string, unknown]) => [
    key,
    (key === 'host' || key === 'other') && typeof value === 'number' ? hostNameOf(value) : value,
  ]);
  const fields = Object.entries({ ...when, ...Object.fromEntries(what) });
  return `{ ${fields.map(([key, value]) => `${key}: ${shown(value)}`).join(', ')} }`;
}

/** Reads a fault field by field, and says which one is wrong. */
class FaultReader {
  readonly #fault: Record<string, unknown>;
  readonly #at: string;
  readonly #hosts: readonly string[];
  readonly #read = new Set<string>();

  constructor(fault: Record<string, unknown>, at: string, hosts: readonly string[]) {
    if (typeof fault !== 'object' || fault === null) throw wrong(at, fault, 'a fault: { kind: … }');
    this.#fault = fault;
    this.#at = at;
    this.#hosts = hosts;
  }

  trigger(): Fault['trigger'] {
    if (this.#fault['phase'] === undefined) return { kind: 'time', atMs: this.#number('atMs', undefined, 0) };
    const phase = this.#oneOf('phase', phases, undefined);
    const nth = this.#number('nth', 1, 1);
    return { kind: 'phase', phase, nth, afterMs: this.#number('afterMs', 0, 0) };
  }

  mishap(mayBeSelf: boolean): Mishap {
    const kind = this.#oneOf('kind', mishapKinds, undefined);
    const host = (): Victim => this.#victim(mayBeSelf);
    const lasting = (): { readonly forMs: number } => ({ forMs: this.#number('forMs', forMsDefault, 0) });
    const share = (): number => this.#number('ratio', ratioDefault, 0, 1);
    switch (kind) {
      case 'crash':
        return { kind, host: host(), restartMs: this.#number('restartMs', restartMsDefault, 0) };
      case 'pause':
      case 'suspend':
      case 'stall':
      case 'slow':
      case 'isolate':
      case 'cutStore':
        return { kind, host: host(), ...lasting() };
      case 'cut':
        return this.#cut(host(), lasting());
      case 'loss':
      case 'duplication':
      case 'reordering':
      case 'breaks':
      case 'tornWrites':
        return { kind, ratio: share(), ...lasting() };
      case 'latency':
        return { kind, maxMs: this.#number('maxMs', latencyMsDefault, 0), ...lasting() };
      case 'storeStall':
      case 'storeFailover':
      case 'fullDisk':
        return { kind, ...lasting() };
      case 'clockJump':
        return { kind, host: host(), byMs: this.#number('byMs', undefined, -Infinity) };
      case 'drift':
        return { kind, host: host(), rate: this.#number('rate', driftDefault, 0.1), ...lasting() };
      case 'laneDeath':
        return { kind, host: host() };
      case 'actorCrash':
        return { kind, host: host(), role: this.#oneOf('role', killedRoles, 'ownership') };
    }
  }

  /** What was not read does not belong there. */
  done(): void {
    const more = Object.keys(this.#fault).find((key) => !this.#read.has(key));
    if (more === undefined) return;
    const known = [...this.#read].join(', ');
    throw wrong(`${this.#at}.${more}`, this.#fault[more], `none: this fault has ${known}`);
  }

  #cut(host: Victim, lasting: { readonly forMs: number }): Mishap {
    const other = this.#hostNamed('other');
    if (other === host) throw wrong(`${this.#at}.other`, this.#fault['other'], 'another host');
    return { kind: 'cut', host, other, oneWay: this.#flag('oneWay', false), ...lasting };
  }

  #victim(mayBeSelf: boolean): Victim {
    const found = this.#take('host');
    if (mayBeSelf && (found === undefined || found === 'self')) return 'self';
    return this.#hostNamed('host');
  }

  #hostNamed(key: string): HostIndex {
    const found = this.#take(key);
    const index = this.#hosts.indexOf(found as string);
    if (index < 0) throw wrong(`${this.#at}.${key}`, found, `one of ${this.#hosts.join(', ')}`);
    return index;
  }

  #number(key: string, otherwise: number | undefined, least: number, most = Infinity): number {
    const found = this.#take(key) ?? otherwise;
    if (typeof found === 'number' && found >= least && found <= most) return found;
    const upTo = most < Infinity ? ` to ${most}` : ' on';
    const expected = least === -Infinity ? 'a number' : `a number from ${least}${upTo}`;
    throw wrong(`${this.#at}.${key}`, found, expected);
  }

  #flag(key: string, otherwise: boolean): boolean {
    const found = this.#take(key) ?? otherwise;
    if (typeof found === 'boolean') return found;
    throw wrong(`${this.#at}.${key}`, found, 'true or false');
  }

  #oneOf<Value extends string>(key: string, values: readonly Value[], otherwise: Value | undefined): Value {
    const found = this.#take(key) ?? otherwise;
    if (values.includes(found as Value)) return found as Value;
    throw wrong(`${this.#at}.${key}`, found, `one of ${values.join(', ')}`);
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.#fault[key];
  }
}

/** @param option its place among the options, as a test would write it: `faults[2].host` */
export function wrong(option: string, found: unknown, expected: string): TestOptionsError {
  return new TestOptionsError(mismatchText(option, found, expected));
}

/** Refuses what an object has besides `known`. @throws {TestOptionsError} */
export function refuseUnknown(at: string, options: object, known: readonly string[]): void {
  const text = unknownText(`${at}.`, options, known);
  if (text !== null) throw new TestOptionsError(text);
}

export type { MishapKind };
