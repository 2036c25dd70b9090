import { GodwitError } from '../core/errors.ts';
import type { IncarnationId } from '../core/ids.ts';

/** The address to listen on could be reached from other machines. */
export class ListenRefusedError extends GodwitError {
  override readonly name = 'ListenRefusedError';
  readonly code = 'LISTEN_REFUSED';
  readonly retryable = false;

  /** @param what `listen on`, or what else was asked for */
  constructor(host: string, what = 'listen on') {
    super(
      `Refused to ${what} '${host}': it is not a loopback address, and links are not encrypted yet. ` +
        `TLS and a cluster secret are needed for any other. Use 127.0.0.1.`,
    );
  }
}

/** Another program holds the port. */
export class PortInUseError extends GodwitError {
  override readonly name = 'PortInUseError';
  readonly code = 'PORT_IN_USE';
  readonly retryable = true;

  constructor(host: string, port: number, cause: unknown) {
    super(
      `Port ${port} on ${host} is in use by another program. Stop that program, choose another port, ` +
        `or use port 0 to let the system pick a free one.`,
      { cause },
    );
  }
}

/** The system did not let us listen, for a reason other than a port in use. */
export class ListenFailedError extends GodwitError {
  override readonly name = 'ListenFailedError';
  readonly code = 'LISTEN_FAILED';
  readonly retryable = false;

  constructor(host: string, port: number, cause: Error) {
    super(
      `Could not listen on ${host}:${port}: ${cause.message}. Check that the address exists and the port is allowed.`,
      { cause },
    );
  }
}

/** The cluster secret is too short to prove anything. */
export class WeakSecretError extends GodwitError {
  override readonly name = 'WeakSecretError';
  readonly code = 'WEAK_SECRET';
  readonly retryable = false;

  constructor(foundBytes: number, leastBytes: number) {
    super(
      `The cluster secret has ${foundBytes} bytes, at least ${leastBytes} are needed. Generate a new one.`,
    );
  }
}

/** A message cannot be carried exactly as it is, or not at all. */
export class EnvelopeRefusedError extends GodwitError {
  override readonly name = 'EnvelopeRefusedError';
  readonly code = 'ENVELOPE_REFUSED';
  readonly retryable = false;

  constructor(subject: string, why: string) {
    super(`${subject} cannot be sent: ${why}`);
  }
}

/** The source holds as many bytes for others as it may. */
export class BulkFullError extends GodwitError {
  override readonly name = 'BulkFullError';
  readonly code = 'BULK_FULL';
  readonly retryable = true;

  constructor(to: IncarnationId, sizeBytes: number, heldBytes: number, heldMaxBytes: number) {
    super(
      `${sizeBytes} bytes for ${to} cannot be offered: ${heldBytes} bytes wait to be pulled already, at most ` +
        `${heldMaxBytes} may. Move fewer executions at a time, or try again later.`,
    );
  }
}

export type BulkPullCode =
  | 'BULK_BUSY'
  | 'BULK_UNREACHABLE'
  | 'BULK_TICKET_REFUSED'
  | 'BULK_UNAUTHENTICATED'
  | 'BULK_TRUNCATED'
  | 'BULK_DIGEST_MISMATCH'
  | 'BULK_OVERSIZED'
  | 'BULK_STOPPED';

/** Large bytes could not be pulled from their source. */
export class BulkPullError extends GodwitError {
  override readonly name = 'BulkPullError';
  readonly code: BulkPullCode;
  readonly retryable: boolean;

  constructor(code: BulkPullCode, from: IncarnationId, why: string) {
    super(`Bytes from ${from} could not be pulled: ${why}`);
    this.code = code;
    this.retryable = code === 'BULK_BUSY' || code === 'BULK_UNREACHABLE';
  }
}
