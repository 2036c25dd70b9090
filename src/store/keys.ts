import { assert } from '../core/assert.ts';
import { keyCharactersMax, registryValueBytesMax } from './contract.ts';
import type { Along, Change, Revision } from './contract.ts';
import { StoreBoundsError } from './errors.ts';

/** Values that one compare-and-set removes. */
const keysAlongMax = 16;
const segment = '[A-Za-z0-9._\\-:@#+=~]+';
const keyPattern = new RegExp(`^${segment}(/${segment})*$`);
const prefixPattern = new RegExp(`^(${segment}(/${segment})*/?)?$`);

/** @throws {StoreBoundsError} unless `key` is a key as `Registry` describes it */
export function checkKey(key: string): void {
  if (key.length > keyCharactersMax || !keyPattern.test(key)) throw outOfBounds('key', key);
}

/** @throws {StoreBoundsError} unless `prefix` is a beginning of a key */
export function checkPrefix(prefix: string): void {
  if (prefix.length > keyCharactersMax || !prefixPattern.test(prefix)) throw outOfBounds('prefix', prefix);
}

/** @throws {StoreBoundsError} when a registry does not take such a compare-and-set, whatever the key holds */
export function checkCas(
  key: string,
  expected: Revision | 'absent',
  change: Change,
  along: Along,
  alongMaxBytes: number,
): void {
  checkKey(key);
  checkChange(key, change);
  checkAlong(along, alongMaxBytes);
  assert(expected !== 'absent' || change !== 'delete', 'what is absent is never deleted');
}

function checkChange(key: string, change: Change): void {
  if (change === 'delete' || change.byteLength <= registryValueBytesMax) return;
  throw new StoreBoundsError(
    `The value for registry key ${key} has ${change.byteLength} bytes, at most ${registryValueBytesMax} fit. ` +
      `Put it into the vault, and a pointer to it here.`,
  );
}

function checkAlong({ puts, drops }: Along, bytesMax: number): void {
  for (const { key } of puts) checkKey(key);
  for (const key of drops) checkKey(key);
  const sizeBytes = puts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  if (sizeBytes <= bytesMax && drops.length <= (bytesMax === 0 ? 0 : keysAlongMax)) return;
  throw new StoreBoundsError(
    `${sizeBytes} bytes and ${drops.length} removals are to go along with a compare-and-set, at most ${bytesMax} bytes ` +
      `and ${keysAlongMax} removals may. Put the values into the vault before, and remove them afterwards.`,
  );
}

function outOfBounds(what: string, text: string): StoreBoundsError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}… (${text.length} characters)` : text;
  return new StoreBoundsError(
    `Store ${what} ${JSON.stringify(shown)} is not valid: expected at most ${keyCharactersMax} of ` +
      `A–Z a–z 0–9 . _ - : @ # + = ~ in segments between single slashes.`,
  );
}
