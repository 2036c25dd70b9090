import { types } from 'node:util';
import type { DecodeOptions, EncodeOptions } from '../snapshot/index.ts';
import { hostNames } from './host-names.ts';
import { hasNamedProperties } from './named-properties.ts';
import { savedClasses } from './saved-classes.ts';

/** What snapshots are told of this process, whatever they hold: arguments, messages, results and executions. */
export const hostEncoding = {
  classes: savedClasses,
  host: hostNames,
  isProxy: types.isProxy,
  hasNamedProperties,
} as const satisfies EncodeOptions;

export const hostDecoding = { classes: savedClasses, host: hostNames } as const satisfies DecodeOptions;
