import { messageOf } from '../../core/errors.ts';
import { type EncodeOptions, encodeValue } from '../snapshot/index.ts';
import type { Admission, RuntimeSettlement } from './contract.ts';
import { $ } from './gate.ts';
import { stitchStack } from './stack-text.ts';

/** What a returned value becomes; a value that cannot be sent fails the execution. */
export function settledWith(value: unknown, encoding: EncodeOptions): RuntimeSettlement {
  try {
    return { kind: 'returned', value: encodeValue(value, encoding) };
  } catch (error) {
    return failedWith(new TypeError(`The method's result cannot be sent: ${messageOf(error)}`), encoding);
  }
}

/** What an error becomes: its name, message, cause and own properties, and its stack in terms of the original files. */
export function failedWith(error: unknown, encoding: EncodeOptions): RuntimeSettlement {
  stitchStack(error, [], $.modules);
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : message;
  try {
    return { kind: 'threw', value: encodeValue(error, encoding), message, stack };
  } catch (unserialisable) {
    const plain = new Error(`${message} (its details cannot be sent: ${messageOf(unserialisable)})`);
    return { kind: 'threw', value: encodeValue(plain, encoding), message, stack };
  }
}

/** What cannot be run here, and why. */
export function refused(reason: string): Admission {
  return { kind: 'refused', reason };
}
