import type { Plugin } from 'esbuild';
import { plugin } from './loader/plugin.ts';

/** `plugins: [godwit()]` in esbuild's build options: movable files can be moved from what esbuild builds. */
export default function godwit(): Plugin {
  return plugin.esbuild(undefined);
}
