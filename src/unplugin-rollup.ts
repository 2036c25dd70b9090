import type { Plugin } from 'rollup';
import { plugin } from './loader/plugin.ts';

/** `plugins: [godwit()]` in rollup.config.js, as the last one: movable files can be moved from what Rollup builds. */
export default function godwit(): Plugin[] {
  return [plugin.rollup(undefined)].flat();
}
