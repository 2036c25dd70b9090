import type { MigrationRecord } from './actors/decisions.ts';
import { decisionPrefix, decisionsOf, migrationRecordPrefix, migrationsOf } from './actors/decisions.ts';
import { GodwitError, messageOf } from './core/errors.ts';
import type { ExecutionId } from './core/ids.ts';
import type { DecisionRecord } from './placement/decision-record.ts';
import type { Vault } from './store/contract.ts';

/** A stored decision that this release cannot read. */
export class RecordUnreadableError extends GodwitError {
  override readonly name = 'RecordUnreadableError';
  readonly code = 'RECORD_UNREADABLE';
  readonly retryable = false;
}

export interface StoredDecision {
  readonly key: string;
  readonly record: DecisionRecord;
}

const version = 1;

/** What the cluster remembers of its decisions, and of what became of them. Needs no host that is up. */
export class DecisionArchive {
  /** Why records were left out of lists: one sentence each. */
  readonly unreadable: string[] = [];
  readonly #vault: Pick<Vault, 'get' | 'list'>;

  constructor(vault: Pick<Vault, 'get' | 'list'>) {
    this.#vault = vault;
  }

  /** About one execution or component, oldest first. */
  async of(subject: ExecutionId): Promise<readonly StoredDecision[]> {
    return this.#decisions(await this.#vault.list(decisionsOf(subject)));
  }

  /** The newest of all, oldest first. */
  async newest(count: number): Promise<readonly StoredDecision[]> {
    const keys = await this.#vault.list(decisionPrefix);
    return this.#decisions(keys.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(-count));
  }

  /** @returns null when it is not stored, or not any more @throws {RecordUnreadableError} */
  async at(key: string): Promise<DecisionRecord | null> {
    return this.#read<DecisionRecord>(key);
  }

  /** Of one execution, oldest first. */
  async migrationsOf(execution: ExecutionId): Promise<readonly MigrationRecord[]> {
    return this.#migrations(await this.#vault.list(migrationsOf(execution)));
  }

  /** @returns null when no migration of this id is remembered @throws {RecordUnreadableError} */
  async migration(id: string): Promise<MigrationRecord | null> {
    const keys = await this.#vault.list(migrationRecordPrefix);
    const [found] = await this.#migrations(keys.filter((key) => idOf(key) === id));
    return found ?? null;
  }

  async #decisions(keys: readonly string[]): Promise<readonly StoredDecision[]> {
    const found: StoredDecision[] = [];
    for (const key of keys) {
      const record = await this.#tryRead<DecisionRecord>(key);
      if (record !== null) found.push({ key, record });
    }
    return found;
  }

  async #migrations(keys: readonly string[]): Promise<readonly MigrationRecord[]> {
    const found: MigrationRecord[] = [];
    for (const key of keys.toSorted()) {
      const record = await this.#tryRead<MigrationRecord>(key);
      if (record !== null) found.push(record);
    }
    return found;
  }

  /** One record that cannot be read does not hide the others. */
  async #tryRead<Value extends { readonly version: number }>(key: string): Promise<Value | null> {
    try {
      return await this.#read<Value>(key);
    } catch (error) {
      if (!(error instanceof RecordUnreadableError)) throw error;
      this.unreadable.push(error.message);
      return null;
    }
  }

  async #read<Value extends { readonly version: number }>(key: string): Promise<Value | null> {
    const bytes = await this.#vault.get(key);
    if (bytes === null) return null;
    let value: Value | null;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Value | null;
    } catch (cause) {
      throw new RecordUnreadableError(`The record ${key} cannot be read: ${messageOf(cause)}.`, { cause });
    }
    if (value === null || value.version !== version) {
      throw new RecordUnreadableError(
        `The record ${key} has version ${String(value?.version)}, and this release reads version ${version}. ` +
          'Use the release that wrote it.',
      );
    }
    return value;
  }
}

/** Of a decision's key: its last part begins with it. */
function timeOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Of a migration's key: what follows the time. */
function idOf(key: string): string {
  const last = timeOf(key);
  return last.slice(last.indexOf('-') + 1);
}
