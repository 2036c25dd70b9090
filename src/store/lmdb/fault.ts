import { messageOf } from '../../core/errors.ts';
import type { Failure } from './messages.ts';

/** A failure that the store's thread found by itself, ready to cross to the host's thread. */
export class RegistryFault extends Error {
  override readonly name = 'RegistryFault';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.what}: ${failure.reason}`);
    this.failure = failure;
  }

  static corrupt(what: string, reason: string): RegistryFault {
    return new RegistryFault({ kind: 'corrupt', what, reason, found: 0 });
  }
}

// Errors of LMDB (negative) and of the operating system, as lmdb puts them on `code`. See lmdb.h, "Return Codes".
const mapFull = -30792;
const damaged = new Set([-30797, -30796, -30795, -30793, -30779]);
const systemFull = new Set([27, 28, 122]); // EFBIG, ENOSPC, EDQUOT

/**
 * Says what an error of a database operation means.
 *
 * @param file for messages
 * @param otherwise what an error means that is none of the known ones: at a commit it leaves the outcome in doubt
 */
export function classify(thrown: unknown, file: string, otherwise: Failure['kind']): Failure {
  if (thrown instanceof RegistryFault) return thrown.failure;
  const code = codeOf(thrown);
  const reason = messageOf(thrown);
  if (code === mapFull)
    return { kind: 'full', what: file, reason: 'the database has reached its largest size', found: 0 };
  if (typeof code === 'number' && systemFull.has(code)) return { kind: 'full', what: file, reason, found: 0 };
  if (typeof code === 'number' && damaged.has(code)) return { kind: 'corrupt', what: file, reason, found: 0 };
  return { kind: otherwise, what: file, reason, found: 0 };
}

/** The `code` of an error of LMDB or the operating system. */
export function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
}
