import type { Observation } from './contract.ts';
import { SnapshotFileError } from './errors.ts';
import { compileProgram } from './program.ts';
import { runOn } from './runs.ts';
import { readSnapshotFile, type SnapshotHead } from './snapshot-file.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

export interface Resumed {
  readonly head: SnapshotHead;
  readonly pid: number;
  /** From the snapshot on. */
  readonly observation: Observation;
}

/**
 * Finishes a program from one of its snapshots, in a new process.
 *
 * @param file a snapshot that `verify --trace` has kept
 * @throws {SnapshotFileError} when it is none, or its program no longer compiles; {RunFailedError} when the program is
 *   other code by now, or does not end in time
 */
export async function resumeSnapshot(file: string, timeoutMs: number): Promise<Resumed> {
  const { head, snapshot } = readSnapshotFile(file);
  // Files are named, and methods known, relative to it.
  process.chdir(head.folder);
  return inTemporaryFolder(async (folder) => {
    const compiled = compileProgram(head.source, head.build, folder);
    if (compiled.kind === 'refused') {
      throw new SnapshotFileError(`${head.source.file}, of which ${file} is a snapshot, no longer compiles.`);
    }
    const { map, hasModules, entry, method } = compiled;
    const { epoch, host, fixClock, fixRandom } = head;
    const run = await runOn(
      process.execPath,
      {
        role: 'movable',
        map,
        hasModules,
        entry,
        method,
        movesRealm: head.source.all,
        points: null,
        trace: false,
        argv: [head.source.file],
        fixClock,
        fixRandom,
        sabotage: null,
      },
      { epoch, host, snapshot },
      { deadlineMs: performance.now() + timeoutMs, hurryAtMs: Infinity, settleAtMs: Infinity },
    );
    return { head, pid: run.pids[0] ?? 0, observation: run.observation };
  });
}
