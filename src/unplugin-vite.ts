import type { Plugin } from 'vite';
import { plugin } from './loader/plugin.ts';

/** `plugins: [godwit()]` in vite.config.ts, as the last one: movable files can be moved from what Vite builds or runs. */
export default function godwit(): Plugin[] {
  return [plugin.vite(undefined)].flat();
}
