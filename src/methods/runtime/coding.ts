import type { DecodeOptions, EncodeOptions } from '../snapshot/index.ts';
import type { CaptureOptions } from './capture.ts';
import type { RuntimeOptions, RuntimePorts } from './contract.ts';
import type { LoadedPackages } from './packages.ts';
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
