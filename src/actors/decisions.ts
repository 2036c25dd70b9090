import { messageOf } from '../core/errors.ts';
import type { ExecutionId, HostName, MigrationId } from '../core/ids.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { DecisionRecord } from '../placement/decision-record.ts';
import type { MoveReason } from '../protocols/messages.ts';
import type { Bytes } from './ports.ts';

/** What became of one migration, for `explain`. */
export interface MigrationRecord {
  readonly version: 1;
  readonly migration: MigrationId;
  readonly execution: ExecutionId;
  readonly from: HostName;
  readonly to: HostName;
  readonly reason: MoveReason;
  readonly atWallMs: number;
  readonly outcome:
    | { readonly kind: 'moved'; readonly pauseMs: number; readonly bytes: number }
    | { readonly kind: 'failed'; readonly reason: string };
}

export const decisionPrefix = 'decision/';
export const migrationRecordPrefix = 'migration/';

/** All decisions about one execution or component; keys sort by time. */
export function decisionsOf(subject: ExecutionId): string {
  return `${decisionPrefix}${subject}/`;
}

/** What became of the migrations of one execution; keys sort by time and end in the migration's id. */
export function migrationsOf(execution: ExecutionId): string {
  return `${migrationRecordPrefix}${execution}/`;
}

function timed(atWallMs: number): string {
  return String(Math.max(0, Math.round(atWallMs))).padStart(15, '0');
}

export interface DecisionLogPorts {
  readonly vault: Bytes;
  readonly clock: Clock;
  readonly random: Random;
  /** Records that this host keeps; the oldest go first. */
  readonly keepMax: number;
  readonly onFailure: (reason: string) => void;
}

/** Of the newest, enough for a day of a move every ten seconds. */
const keepMax = 10_000;

export function decisionLog(
  ports: Pick<DecisionLogPorts, 'vault' | 'clock' | 'random'>,
  onFailure: (reason: string) => void,
): DecisionLog {
  return new DecisionLog({ ...ports, keepMax, onFailure });
}

/** Of writes that wait for the store; more are dropped, and said to be. */
const writesMax = 256;

/**
 * Stores decisions with all they were made from, and what became of them. Nobody waits for it: a decision that cannot
 * be stored is carried out all the same, and has nothing to explain it but its sentence.
 */
export class DecisionLog {
  readonly #ports: DecisionLogPorts;
  /** What this host wrote, oldest first. */
  readonly #written: string[] = [];
  #writing = 0;

  constructor(ports: DecisionLogPorts) {
    this.#ports = ports;
  }

  /** @returns the key under which the record will stand */
  note(record: DecisionRecord): string {
    const { random } = this.#ports;
    const key = `${decisionsOf(record.subject)}${timed(record.atWallMs)}-${random.hex(4)}`;
    this.#write(key, record);
    return key;
  }

  ended(record: Omit<MigrationRecord, 'version' | 'atWallMs'>): void {
    const whole: MigrationRecord = { version: 1, atWallMs: this.#ports.clock.wallMs(), ...record };
    this.#write(`${migrationsOf(record.execution)}${timed(whole.atWallMs)}-${record.migration}`, whole);
  }

  #write(key: string, value: object): void {
    const { vault, onFailure, keepMax } = this.#ports;
    if (this.#writing >= writesMax) return onFailure(`${this.#writing} records wait for the store`);
    this.#writing += 1;
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    this.#written.push(key);
    const outdated = this.#written.splice(0, Math.max(0, this.#written.length - keepMax));
    const done = (async () => {
      await vault.put(key, bytes);
      for (const old of outdated) await vault.delete(old);
    })();
    done
      .catch((error: unknown) => onFailure(messageOf(error)))
      .finally(() => {
        this.#writing -= 1;
      });
  }
}
