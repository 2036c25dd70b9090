import type { VaultBytes } from '../contract.ts';

/** Cuts bytes that come in chunks of any size into pieces of exactly `sizeBytes`, but for the last one, which is shorter, and may be empty. */
export async function* pieces(bytes: VaultBytes, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(sizeBytes);
  let filled = 0;
  for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + sizeBytes - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < sizeBytes) continue;
      yield piece;
      piece = new Uint8Array(sizeBytes);
      filled = 0;
    }
  }
  yield piece.subarray(0, filled);
}
