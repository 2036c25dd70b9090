import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** Three bytes for each pixel: red, green, blue; rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** @throws {RangeError} when the pixels are not width × height × 3 bytes */
export function encodePng({ width, height, pixels }: Picture): Buffer {
  const stride = width * 3;
  if (pixels.length !== stride * height) {
    throw new RangeError(
      `A picture of ${width} × ${height} has ${stride * height} bytes, not ${pixels.length}.`,
    );
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // Eight bits for each colour, no palette; the rest is as usual.
  const rows = Buffer.alloc((stride + 1) * height);
  for (let row = 0; row < height; row += 1) {
    const start = row * (stride + 1);
    rows[start] = row === 0 ? 1 : 2; // Each byte as the difference from its neighbour on the left, or above.
    for (let at = 0; at < stride; at += 1) {
      const neighbour = row === 0 ? pixels[at - 3] : pixels[(row - 1) * stride + at];
      rows[start + 1 + at] = (pixels[row * stride + at] ?? 0) - (neighbour ?? 0);
    }
  }
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Writes the file as a whole or not at all, so that writing it once more does no harm. */
export async function writePng(file: string, picture: Picture): Promise<void> {
  const bytes = encodePng(picture);
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.part`;
  await writeFile(beside, bytes);
  await rename(beside, file);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
