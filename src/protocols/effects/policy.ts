import { GodwitError } from '../../core/errors.ts';

/** How often one effect is attempted, and how long each attempt may take. Plain data. */
export interface EffectPolicy {
  /** Attempts where it runs, the first one included; a host that is lost begins anew. */
  readonly attemptsMax: number;
  /** Pause after the first failed attempt. */
  readonly initialMs: number;
  /** Each further pause is so many times as long as the one before. */
  readonly factor: number;
  /** No pause is longer. */
  readonly pauseMaxMs: number;
  /** In [0, 1]: by up to this share a pause is shortened by chance, so that many that failed together do not return together. */
  readonly jitter: number;
  /** Names and codes of errors after which it is not attempted again. */
  readonly unless: readonly string[];
  /** Of each attempt; null: as long as it takes. */
  readonly timeoutMs: number | null;
}

/** An effect that says nothing of retries is attempted once. */
export const once: EffectPolicy = {
  attemptsMax: 1,
  initialMs: 0,
  factor: 1,
  pauseMaxMs: 0,
  jitter: 0,
  unless: [],
  timeoutMs: null,
};

/**
 * What `retry: {}` means: five attempts within about 1.5 s, which outlast a restarted connection; the pauses double,
 * and half of each is left to chance ("equal jitter": M. Brooker, Exponential Backoff and Jitter, AWS 2015).
 */
export const retryDefaults = {
  attempts: 5,
  initialMs: 100,
  factor: 2,
  maxMs: 30_000,
  jitter: 0.5,
  unless: [] as readonly string[],
} as const;

/** What an author writes; every part may be left out. */
export interface RetryOptions {
  /** The first attempt included. Default: 5. */
  readonly attempts?: number;
  /** Pause after the first failed attempt. Default: 100. */
  readonly initialMs?: number;
  /** Each further pause is so many times as long. Default: 2. */
  readonly factor?: number;
  /** No pause is longer. Default: 30 000. */
  readonly maxMs?: number;
  /** In [0, 1]: by up to this share a pause is shortened by chance. Default: 0.5. */
  readonly jitter?: number;
  /** Names (`TypeError`) and codes (`ENOENT`) of errors after which it is not tried again. Default: none. */
  readonly unless?: readonly string[];
}

/** Options of one effect; the defaults are one attempt, as long as it takes, under a key of godwit's own. */
export interface EffectOptions {
  /** Attempts it again when it failed; `{}` takes all defaults. Errors with `retryable: false` are never retried. */
  readonly retry?: RetryOptions;
  /** Of each attempt. When it is over, the attempt's `signal` is aborted, and the attempt has failed. */
  readonly timeoutMs?: number;
  /** Idempotency key that is handed on in place of godwit's own: the same one for what must happen once only. */
  readonly key?: string;
}

/** The options of an effect are not what they have to be. */
export class EffectOptionsError extends GodwitError {
  override readonly name = 'EffectOptionsError';
  readonly code = 'EFFECT_OPTIONS';
  readonly retryable = false;

  constructor(effect: string, option: string, found: unknown, expected: string) {
    super(`effect('${effect}'): ${option} is ${shown(found)}, expected ${expected}. Correct the options.`);
  }
}

function shown(found: unknown): string {
  if (typeof found === 'string') return `'${found.slice(0, 40)}'`;
  if (found === null || typeof found !== 'object') return String(found);
  return Array.isArray(found) ? 'an array' : 'an object';
}

const known = new Set(['retry', 'timeoutMs', 'key']);
const knownOfRetry = new Set<string>(Object.keys(retryDefaults));
/** Longer ones are no use to a timer: its delays have 31 bits. */
const durationMaxMs = 2 ** 31 - 1;
const keyCharsMax = 512;

/** @throws {EffectOptionsError} */
export function readOptions(
  effect: string,
  options: unknown,
): { readonly policy: EffectPolicy; readonly key: string | null } {
  const given = objectOf(effect, 'options', options ?? {}, known);
  const { key = null, timeoutMs = null } = given;
  if (key !== null && (typeof key !== 'string' || key === '' || key.length > keyCharsMax)) {
    throw new EffectOptionsError(effect, 'key', key, `a string of 1 to ${keyCharsMax} characters`);
  }
  if (timeoutMs !== null) within(effect, 'timeoutMs', timeoutMs, 1, durationMaxMs);
  const policy = { ...retryPolicy(effect, given['retry']), timeoutMs: timeoutMs as number | null };
  return { policy, key };
}

function retryPolicy(effect: string, retry: unknown): EffectPolicy {
  if (retry === undefined) return once;
  const given = { ...retryDefaults, ...defined(objectOf(effect, 'retry', retry, knownOfRetry)) };
  const unless: unknown = given.unless;
  if (!Array.isArray(unless) || !unless.every((name) => typeof name === 'string')) {
    throw new EffectOptionsError(effect, 'retry.unless', unless, 'an array of names or codes of errors');
  }
  const attemptsMax = within(effect, 'retry.attempts', given.attempts, 1, 1_000_000);
  if (!Number.isInteger(attemptsMax)) {
    throw new EffectOptionsError(effect, 'retry.attempts', attemptsMax, 'a whole number');
  }
  return {
    attemptsMax,
    initialMs: within(effect, 'retry.initialMs', given.initialMs, 0, durationMaxMs),
    factor: within(effect, 'retry.factor', given.factor, 1, 1_000),
    pauseMaxMs: within(effect, 'retry.maxMs', given.maxMs, 0, durationMaxMs),
    jitter: within(effect, 'retry.jitter', given.jitter, 0, 1),
    unless: [...(unless as readonly string[])],
    timeoutMs: null,
  };
}

function objectOf(
  effect: string,
  option: string,
  found: unknown,
  names: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new EffectOptionsError(effect, option, found, 'an object');
  }
  for (const [name, value] of Object.entries(found)) {
    if (!names.has(name)) {
      throw new EffectOptionsError(effect, `${option}.${name}`, value, `one of ${[...names].join(', ')}`);
    }
  }
  return found as Readonly<Record<string, unknown>>;
}

function within(effect: string, option: string, found: unknown, min: number, max: number): number {
  if (typeof found === 'number' && found >= min && found <= max) return found;
  throw new EffectOptionsError(effect, option, found, `a number from ${min} to ${max}`);
}

function defined(given: Readonly<Record<string, unknown>>): Readonly<Record<string, never>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
