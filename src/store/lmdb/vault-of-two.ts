import { createHash } from 'node:crypto';
import { assert } from '../../core/assert.ts';
import type { Vault, VaultBytes, VaultReceipt } from '../contract.ts';
import { VaultKeyTakenError } from '../errors.ts';
import { checkKey, checkPrefix } from '../keys.ts';
import type { StoreSession } from './session.ts';
import type { FileVault } from './vault.ts';

/** The vault as callers see it: small values that came along with a compare-and-set stand in the database, all others in files. */
export class VaultOfTwo implements Vault {
  readonly #files: FileVault;
  readonly #session: StoreSession;

  constructor(files: FileVault, session: StoreSession) {
    this.#files = files;
    this.#session = session;
  }

  async put(key: string, bytes: VaultBytes): Promise<VaultReceipt> {
    const held = await this.#value(`put ${key}`, key);
    const receipt = await this.#files.put(key, bytes);
    if (held === null) return receipt;
    await this.#files.delete(key);
    const found = createHash('sha256').update(held).digest('hex');
    if (found !== receipt.sha256) throw new VaultKeyTakenError(key, { found, offered: receipt.sha256 });
    return receipt;
  }

  async get(key: string): Promise<Uint8Array | null> {
    return (await this.#value(`get ${key}`, key)) ?? this.#files.get(key);
  }

  async has(key: string): Promise<boolean> {
    return (await this.#value(`has ${key}`, key)) !== null || this.#files.has(key);
  }

  async delete(key: string): Promise<void> {
    const call = `delete ${key}`;
    if ((await this.#value(call, key)) === null) return this.#files.delete(key);
    const answer = await this.#session.claim(call, (request, slot) => ({ kind: 'drop', request, slot, key }));
    assert(answer.kind === 'dropped', 'a drop is answered by dropped');
  }

  async list(prefix: string): Promise<readonly string[]> {
    checkPrefix(prefix);
    const call = `list ${prefix}`;
    const answer = await this.#session.ask(call, (request) => ({ kind: 'valueKeys', request, prefix }));
    assert(answer.kind === 'keys', 'keys are answered by keys');
    return [...answer.keys, ...(await this.#files.list(prefix))].toSorted();
  }

  async #value(call: string, key: string): Promise<Uint8Array | null> {
    checkKey(key);
    const answer = await this.#session.ask(call, (request) => ({ kind: 'value', request, key }));
    assert(answer.kind === 'entry', 'a value is answered by an entry');
    return answer.entry === null ? null : answer.entry.value;
  }
}
