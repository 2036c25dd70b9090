import { addExtension, Packr } from 'msgpackr';
import { actorAddress } from '../core/ids.ts';
import type { Envelope } from './contract.ts';
import { EnvelopeRefusedError } from './errors.ts';
import { examine } from './plain-data.ts';

/** msgpackr writes -0 as 0; a message's numbers arrive as they were. */
class MinusZero {
  static readonly value = new MinusZero();
}
addExtension({
  Class: MinusZero,
  type: 1,
  pack: () => Buffer.alloc(0),
  unpack: () => -0,
});

// Byte arrays are copied out of the frame: a view into it would keep the frame alive, and could not be transferred.
const packr = new Packr({ useRecords: false, variableMapSize: true, copyBuffers: true });

/** The result of decoding bytes that an authenticated peer sent. */
export type Decoded =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'malformed'; readonly detail: string };

/**
 * @param maxBytes what fits into one frame
 * @throws {EnvelopeRefusedError} when the envelope is not plain data, or too large
 */
export function encodeEnvelope(envelope: Envelope, maxBytes: number): Uint8Array {
  const { to, from, correlation, message } = envelope;
  const examination = examine(message);
  if (examination.kind === 'faulty') {
    const { path, why } = examination.fault;
    throw new EnvelopeRefusedError(`'${message.kind}' to ${to}`, `message${path} is unfit: ${why}.`);
  }
  const carried = examination.hasMinusZero ? withMinusZeros(message) : message;
  const bytes = packr.pack([to, from, correlation, carried]);
  if (bytes.byteLength > maxBytes) {
    throw new EnvelopeRefusedError(
      `'${message.kind}' to ${to}`,
      `it takes ${bytes.byteLength} bytes, at most ${maxBytes} fit. Send large bytes as cargo.`,
    );
  }
  return bytes;
}

export function decodeEnvelope(bytes: Uint8Array): Decoded {
  let row: unknown;
  try {
    // A plain view, so that byte arrays come out as Uint8Array rather than Buffer.
    row = packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    return malformed(`not msgpack: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(row) || row.length !== 4) return malformed('not a row of four');
  const [to, from, correlation, message] = row as unknown[];
  if (typeof to !== 'string' || typeof from !== 'string') return malformed('an address is not text');
  if (correlation !== null && typeof correlation !== 'string')
    return malformed('the correlation is not text');
  if (!isMessage(message)) return malformed('the message has no kind');
  return {
    kind: 'envelope',
    envelope: { to: actorAddress(to), from: actorAddress(from), correlation, message },
  };
}

function isMessage(value: unknown): value is { readonly kind: string } {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

function malformed(detail: string): Decoded {
  return { kind: 'malformed', detail };
}

/** Only for values that `examine` found plain. */
function withMinusZeros(value: unknown): unknown {
  if (Object.is(value, -0)) return MinusZero.value;
  if (Array.isArray(value)) return value.map(withMinusZeros);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withMinusZeros(inner)]));
}
