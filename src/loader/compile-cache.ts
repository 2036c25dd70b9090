import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Digest } from '../core/ports.ts';

const entriesMax = 8_192;
const hashLength = 64;

/**
 * Texts on disk, by the hash of what they were made from. Several processes may share a folder: an entry appears under
 * its name at once and complete, and what stands there twice is the same. Whatever goes wrong (a full disk, a folder
 * that cannot be written, an entry that is damaged) only costs the time to make the text again.
 */
export class CompileCache {
  readonly #folder: string;
  readonly #digest: Digest;
  readonly #entriesMax: number;
  #written = 0;

  /** @param folder absolute; made when there is something to keep */
  constructor(folder: string, digest: Digest, entriesMost = entriesMax) {
    this.#entriesMax = entriesMost;
    this.#folder = folder;
    this.#digest = digest;
  }

  /** @returns the key of what is made from a file's content and from these, in this order */
  key(content: Uint8Array, parts: readonly string[]): string {
    const lead = parts.map((part) => `${part.length}:${part}`).join('');
    return this.#digest.sha256(Buffer.concat([Buffer.from(`${content.length}:${lead}`), content]));
  }

  get(key: string): Uint8Array | null {
    let entry: Buffer;
    try {
      entry = readFileSync(this.#file(key));
    } catch {
      return null;
    }
    const text = entry.subarray(hashLength);
    return this.#digest.sha256(text) === entry.toString('latin1', 0, hashLength) ? text : null;
  }

  put(key: string, text: Uint8Array): void {
    const file = this.#file(key);
    const aside = join(this.#folder, `${randomUUID()}.part`);
    try {
      // What stands here is run: it belongs to its user alone.
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(aside, Buffer.concat([Buffer.from(this.#digest.sha256(text)), text]), { mode: 0o600 });
      renameSync(aside, file);
    } catch {
      this.#discard(aside);
      return;
    }
    this.#written += 1;
    if (this.#written === 1) this.#thinOut();
  }

  #file(key: string): string {
    return join(this.#folder, key);
  }

  #discard(file: string): void {
    try {
      rmSync(file, { force: true });
    } catch {
      // It stays, and is taken away with the oldest entries.
    }
  }

  /** Takes away the older half when there are too many; once in each process that writes. */
  #thinOut(): void {
    try {
      const names = readdirSync(this.#folder);
      if (names.length <= this.#entriesMax) return;
      const aged = names.map((name) => ({ name, atMs: statSync(this.#file(name)).mtimeMs }));
      aged.sort((a, b) => a.atMs - b.atMs);
      for (const { name } of aged.slice(0, this.#entriesMax / 2)) this.#discard(this.#file(name));
    } catch {
      // Another process does the same.
    }
  }
}

/**
 * Where compiled files are kept: `GODWIT_CACHE`, else `godwit` in `$XDG_CACHE_HOME`, else in `~/.cache`.
 *
 * @returns null when `GODWIT_CACHE` is `off`
 */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string | null {
  const named = environment['GODWIT_CACHE'] ?? '';
  if (named === 'off') return null;
  if (named !== '') return isAbsolute(named) ? named : join(process.cwd(), named);
  const base = environment['XDG_CACHE_HOME'] ?? '';
  // The XDG rules: a relative path there is to be ignored.
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'godwit');
}
