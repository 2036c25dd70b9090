import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodePng } from '../../examples/png.ts';

test('a picture is written as the standard says', () => {
  const pixels = new Uint8Array([255, 0, 0, 0, 255, 0, 250, 10, 5, 5, 250, 10]);
  const png = encodePng({ width: 2, height: 2, pixels });
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(png.readUInt32BE(16)).toBe(2);
  expect(png.readUInt32BE(20)).toBe(2);
  const length = png.readUInt32BE(33);
  expect(png.toString('latin1', 37, 41)).toBe('IDAT');
  const rows = inflateSync(png.subarray(41, 41 + length));
  // The first row as differences from the left, the second as differences from above.
  expect([...rows]).toEqual([1, 255, 0, 0, 1, 255, 0, 2, 251, 10, 5, 5, 251, 10]);
  // The checksum of an empty last chunk, from the standard.
  expect(png.subarray(-4).toString('hex')).toBe('ae426082');
});

test('pixels that do not fill the picture are refused', () => {
  const picture = { width: 2, height: 2, pixels: new Uint8Array(11) };
  expect(() => encodePng(picture)).toThrow('A picture of 2 × 2 has 12 bytes, not 11.');
});
