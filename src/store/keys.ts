import { keyCharactersMax, registryValueBytesMax } from './contract.ts';
import type { Change } from './contract.ts';
import { StoreBoundsError } from './errors.ts';

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

/** @throws {StoreBoundsError} when the value is larger than a registry row may be */
export function checkChange(key: string, change: Change): void {
  if (change === 'delete' || change.byteLength <= registryValueBytesMax) return;
  throw new StoreBoundsError(
    `The value for registry key ${key} has ${change.byteLength} bytes, at most ${registryValueBytesMax} fit. ` +
      `Put it into the vault, and a pointer to it here.`,
  );
}

function outOfBounds(what: string, text: string): StoreBoundsError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}… (${text.length} characters)` : text;
  return new StoreBoundsError(
    `Store ${what} ${JSON.stringify(shown)} is not valid: expected at most ${keyCharactersMax} of ` +
      `A–Z a–z 0–9 . _ - : @ # + = ~ in segments between single slashes.`,
  );
}
