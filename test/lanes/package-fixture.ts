import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageHash } from '../../src/core/ids.ts';
import { SystemDigest } from '../../src/digest.ts';
import { builtEntry } from '../../src/entries.ts';
import type { InstalledPackage } from '../../src/lanes/contract.ts';
import { compileModule, refusalText } from '../../src/methods/compiler/index.ts';

const digest = new SystemDigest();

/** Compiles the modules of `fixtures/` into a folder of their own, as a package that a lane can install. */
export async function compileFixtures(): Promise<InstalledPackage> {
  const root = await mkdtemp(join(tmpdir(), 'godwit-lane-'));
  const folder = join(root, 'package');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  let all = '';
  for (const path of ['methods.ts', 'outside.ts']) {
    const source = await readFile(new URL(`fixtures/${path}`, import.meta.url), 'utf8');
    all += source;
    const outcome = compileModule(source, {
      path,
      digest,
      runtimeSpecifier: builtEntry('methods/runtime/compiled').href,
      rewriteSpecifier: (specifier) => {
        if (specifier.endsWith('/runtime/api.ts')) return builtEntry('methods/runtime/api').href;
        return specifier.startsWith('.') ? specifier.replace(/\.ts$/, '.js') : specifier;
      },
    });
    if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
    await writeFile(join(folder, path.replace(/\.ts$/, '.js')), outcome.code);
  }
  return { hash: packageHash(digest.sha256(new TextEncoder().encode(all))), folder };
}

export async function removeFixtures(installed: InstalledPackage): Promise<void> {
  await rm(join(installed.folder, '..'), { recursive: true });
}
