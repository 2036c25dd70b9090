import { messageOf } from '../../core/errors.ts';
import type { DecodeOptions, EncodeOptions } from '../snapshot/index.ts';
import { decodeValue } from '../snapshot/index.ts';
import type { CaptureOptions } from './capture.ts';
import type { RuntimeOptions, RuntimePorts } from './contract.ts';
import type { LoadedPackages } from './packages.ts';
import type { Outcome } from './promise-records.ts';
import { savedClasses } from './saved-classes.ts';

/** How a runtime writes and reads values: those that are sent, and whole executions. */
export interface Coding {
  readonly encoding: EncodeOptions;
  readonly decoding: DecodeOptions;
  readonly capture: CaptureOptions;
}

export function codingOf(ports: RuntimePorts, options: RuntimeOptions, packages: LoadedPackages): Coding {
  const { platform } = options;
  const shared = { permanents: packages, code: packages.code, buffer: ports.buffer };
  const values = { ...shared, classes: savedClasses };
  return {
    encoding: { ...platform, ...values, foreignErrors: 'nearest' },
    decoding: { ...(platform === null ? {} : { host: platform.host }), ...values },
    capture: {
      ...shared,
      platform,
      digest: ports.digest,
      beside: options.beside,
      bytesMax: options.snapshotBytesMax,
    },
  };
}

/**
 * What somebody else has sent: a value, or the error that says why it cannot be read here (it is of another package, say).
 * One message that cannot be read must not take the lane down, with all that stands on it.
 *
 * @param ok whether the value is what came of something, or what it failed of
 */
export function readSent(bytes: Uint8Array, decoding: DecodeOptions, ok = true): Outcome {
  try {
    return { ok, value: decodeValue(bytes, decoding) };
  } catch (error) {
    return { ok: false, value: new TypeError(`What was sent cannot be read here: ${messageOf(error)}`) };
  }
}
