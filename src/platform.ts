import { types } from 'node:util';
import { iterators } from './held-iterators.ts';
import { hasNamedProperties } from './named-properties.ts';
import { platformNames } from './platform-names.ts';

/** What snapshots want to know and only Node.js can tell; the runtime gets it as an option. */
export const platform = {
  host: platformNames,
  isProxy: types.isProxy,
  hasNamedProperties,
  iterators,
} as const;
