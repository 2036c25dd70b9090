import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SystemDigest } from '../../src/digest.ts';
import type { InstalledPackage } from '../../src/lanes/contract.ts';
import { compileModule, compilerVersion, refusalText } from '../../src/methods/compiler/index.ts';
import { bundle, install, ownInstallation, sourceFilesOnDisk } from '../../src/methods/packages/index.ts';

/** Compiles `fixtures/methods.ts` with what it imports, and installs it in a folder of its own. */
export async function installFixtures(): Promise<InstalledPackage> {
  const digest = new SystemDigest();
  const entry = new URL('fixtures/methods.ts', import.meta.url).href;
  const outcome = bundle(entry, {
    files: sourceFilesOnDisk,
    digest,
    compile: compileModule,
    compilerVersion,
  });
  if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
  const { hash, bytes } = outcome.package;
  const root = await mkdtemp(join(tmpdir(), 'godwit-lane-'));
  return {
    hash,
    folder: await install(bytes, hash, {
      root,
      digest,
      compilerVersion,
      installation: ownInstallation,
    }),
  };
}

export async function removeFixtures(installed: InstalledPackage): Promise<void> {
  await rm(dirname(installed.folder), { recursive: true });
}
