import { ByteWriter } from './byte-writer.ts';
import type { Encoder } from './encoder.ts';

/** What a pass has written, as the sections of a body: their lengths come first. */
export function sectionsOf(out: Encoder, limitBytes: number): Uint8Array[] {
  const shapes = new ByteWriter(limitBytes);
  for (const keys of out.shapes.lists) {
    shapes.whole(keys.length);
    for (const key of keys) shapes.whole(out.strings.numberOf(key));
  }
  const pools = new ByteWriter(limitBytes);
  const blobs = out.buffers.finish(pools);
  const sections = [out.strings.written(), shapes.written(), out.heads.written(), out.contents.written()];
  const { order } = out.saving;
  const weak = out.weak.written();
  sections.push(pools.written(), ...blobs, order.written(), weak);
  const lengths = new ByteWriter(limitBytes);
  const blobsAt = 5;
  for (const section of sections.slice(0, blobsAt)) lengths.whole(section.length);
  lengths.whole(blobs.reduce((total, blob) => total + blob.length, 0));
  lengths.whole(order.length);
  lengths.whole(weak.length);
  return [lengths.written(), ...sections];
}
