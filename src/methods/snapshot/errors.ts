import { GodwitError } from '../../core/errors.ts';
import { type PathStep, pathText } from './path-text.ts';

/** A value that cannot be written into a snapshot, and where it stands. */
export class UnserialisableError extends GodwitError {
  override readonly name = 'UnserialisableError';
  readonly code = 'UNSERIALISABLE';
  readonly retryable = false;
  /** From the root to the value; empty when the root itself is refused. */
  readonly steps: readonly PathStep[];
  /** What the value is: `Socket`, `function handler`, `class Foo instance`, `Promise`. */
  readonly description: string;

  constructor(steps: readonly PathStep[], description: string) {
    const path = pathText(steps);
    super(
      `${path === '' ? 'The value' : path} (${description}) cannot be serialised. ` +
        'Keep plain data there, or close it before the next safe point.',
    );
    this.steps = steps;
    this.description = description;
  }

  /** `state.conn`, `m.get("k")[3].x`; empty for the root. */
  get path(): string {
    return pathText(this.steps);
  }
}

/** A snapshot that would exceed its limit. Nothing was written. */
export class SnapshotTooLargeError extends GodwitError {
  override readonly name = 'SnapshotTooLargeError';
  readonly code = 'SNAPSHOT_TOO_LARGE';
  readonly retryable = false;
  /** Bytes known to be needed when the limit was passed; the whole may need more. */
  readonly foundBytes: number;
  readonly limitBytes: number;

  constructor(foundBytes: number, limitBytes: number) {
    super(
      `The snapshot needs at least ${foundBytes} bytes, the limit is ${limitBytes}. ` +
        'Hold less state, or raise the limit on every host.',
    );
    this.foundBytes = foundBytes;
    this.limitBytes = limitBytes;
  }
}

/** Bytes that are not a whole, unaltered snapshot. */
export class SnapshotCorruptError extends GodwitError {
  override readonly name = 'SnapshotCorruptError';
  readonly code = 'SNAPSHOT_CORRUPT';
  readonly retryable = false;

  constructor(finding: string, options?: { readonly cause: unknown }) {
    super(`The snapshot is damaged: ${finding}. Fetch it again, or fall back to an earlier one.`, options);
  }
}

/** A snapshot of a format that this version does not know. */
export class SnapshotVersionError extends GodwitError {
  override readonly name = 'SnapshotVersionError';
  readonly code = 'SNAPSHOT_VERSION_UNKNOWN';
  readonly retryable = false;

  constructor(found: number, expected: number) {
    super(
      `The snapshot has format version ${found}, this godwit reads version ${expected}. ` +
        'Run the same godwit version on every host.',
    );
  }
}

/** A snapshot names something by reference that this process does not have. */
export class PermanentMissingError extends GodwitError {
  override readonly name = 'PermanentMissingError';
  readonly code = 'PERMANENT_MISSING';
  readonly retryable = false;

  constructor(permanent: string) {
    super(
      `The snapshot refers to "${permanent}", which this process does not have. ` +
        'Install the same package on this host, and a Node.js version that has it.',
    );
  }
}
