import { assert } from '../../core/assert.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ViewExtent } from './intrinsics.ts';

/** Larger buffers are nobody's pool: Node's has 8 KiB by default. */
export const poolMaxBytes = 64 * 1024;

interface Pool {
  readonly bytes: Uint8Array;
  /** Which bytes the snapshot's Buffers show; null once something shows all of them. */
  uses: { readonly from: number; readonly to: number }[] | null;
}

/**
 * The bytes of all buffers, in the order of their heads. Small Buffers share a pool with strangers: of a pool only
 * what the snapshot's own Buffers show is written, and the rest between them as zeros.
 */
export class BufferColumn {
  readonly #blobs: (Uint8Array | Pool)[] = [];
  readonly #pools = new Map<object, Pool>();
  #sizeBytes = 0;

  /** Without the pools, which are small. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(bytes: Uint8Array): void {
    this.#blobs.push(bytes);
    this.#sizeBytes += bytes.length;
  }

  addPool(buffer: object): void {
    const pool: Pool = { bytes: new Uint8Array(buffer as ArrayBuffer), uses: [] };
    this.#blobs.push(pool);
    this.#pools.set(buffer, pool);
  }

  use(extent: ViewExtent): void {
    this.#pool(extent.buffer).uses?.push({
      from: extent.byteOffset,
      to: extent.byteOffset + extent.length,
    });
  }

  /** The buffer itself, or a view that is no Buffer, is in the snapshot too. */
  useWhole(buffer: object): void {
    this.#pool(buffer).uses = null;
  }

  /** Writes the extents of the pools. @returns the bytes of all buffers, in order */
  finish(extents: ByteWriter): Uint8Array[] {
    return this.#blobs.map((blob) => {
      if (blob instanceof Uint8Array) return blob;
      const from = blob.uses === null ? 0 : Math.min(...blob.uses.map((use) => use.from));
      const to = blob.uses === null ? blob.bytes.length : Math.max(...blob.uses.map((use) => use.to));
      extents.whole(from);
      extents.whole(to - from);
      const shown = new Uint8Array(to - from);
      for (const use of blob.uses ?? [{ from, to }]) {
        shown.set(blob.bytes.subarray(use.from, use.to), use.from - from);
      }
      return shown;
    });
  }

  #pool(buffer: object): Pool {
    const pool = this.#pools.get(buffer);
    assert(pool !== undefined, 'a pool is used after it was added');
    return pool;
  }
}
