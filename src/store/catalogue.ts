import * as v from 'valibot';
import type { MethodId, PackageHash } from '../core/ids.ts';
import type { AuthoredAffinity } from '../methods/packages/index.ts';
import type { Registry } from './contract.ts';
import { codec } from './rows.ts';

/** A package that was deployed, as the registry lists it; its bytes stand in the vault. */
export interface CatalogueRow {
  readonly name: string;
  /** Its version, and where it stands: two deploys of the same sources are one. */
  readonly hash: PackageHash;
  readonly entry: string;
  /** Those that may be started. */
  readonly methods: readonly CatalogueMethod[];
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the clock of who deployed it. */
  readonly deployedAtMs: number;
  /** Who deployed it, for people: `ann@build-7`. */
  readonly by: string;
  /** The key that signed it, empty for none. What counts is the signature in the vault. */
  readonly signedBy: string;
}

export interface CatalogueMethod {
  readonly id: MethodId;
  readonly affinity: AuthoredAffinity | null;
  readonly starts: readonly MethodId[];
}

const text = v.pipe(v.string(), v.minLength(1));
const texts = v.array(text);
const row = v.strictObject({
  name: text,
  hash: text,
  entry: text,
  methods: v.array(
    v.strictObject({
      id: text,
      affinity: v.nullable(
        v.strictObject({ labels: texts, racks: texts, near: texts, apart: texts, data: texts }),
      ),
      starts: texts,
    }),
  ),
  sizeBytes: v.number(),
  deployedAtMs: v.number(),
  by: v.string(),
  signedBy: v.string(),
});

const rows = codec<CatalogueRow>('catalogue/', row);

/** What of the registry the catalogue needs. */
type CatalogueRegistry = Pick<Registry, 'get' | 'list' | 'cas'>;

/** The packages that were deployed, in the registry: one row each. */
export class Catalogue {
  readonly #registry: CatalogueRegistry;

  constructor(registry: CatalogueRegistry) {
    this.#registry = registry;
  }

  /** By name, of one name the newest first. @throws {RowUnreadableError} */
  async list(): Promise<readonly CatalogueRow[]> {
    const found = (await this.#registry.list(rows.prefix)).map(({ key, value }) => rows.decode(key, value));
    return found.toSorted((a, b) =>
      a.name === b.name ? b.deployedAtMs - a.deployedAtMs : a.name < b.name ? -1 : 1,
    );
  }

  /** Puts a row in, in the place of an earlier one of the same package. */
  async put(entry: CatalogueRow): Promise<void> {
    await this.#write(entry.hash, rows.encode(entry));
  }

  /** Harmless when it is not there. */
  async remove(hash: PackageHash): Promise<void> {
    await this.#write(hash, 'delete');
  }

  /** Whoever writes last is right: rows of one package differ only in who deployed it when. */
  async #write(hash: PackageHash, change: Uint8Array | 'delete'): Promise<void> {
    const key = rows.prefix + hash;
    for (;;) {
      const known = await this.#registry.get(key);
      if (known === null && change === 'delete') return;
      const answer = await this.#registry.cas(key, known?.revision ?? 'absent', change);
      if (answer.kind === 'done') return;
    }
  }
}
