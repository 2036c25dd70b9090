import { register } from 'node:module';
import { builtEntry } from './entries.ts';

// `node --import godwit/register app.ts`: movable files are compiled as they are loaded, and types are erased.
register(builtEntry('register-hooks'));
