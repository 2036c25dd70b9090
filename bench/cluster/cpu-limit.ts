import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keeps processes within a share of the CPU, by a cgroup of their own. */
export interface CpuLimit {
  add(pid: number): void;
  /** The processes must have ended. */
  remove(): void;
}

const periodUs = 100_000;

/**
 * A cgroup below this process's own, or at the root of the hierarchy that accounts for the CPU.
 *
 * @param cores at most so many, on average over 0.1 s
 * @throws when no cgroup can be written here
 */
export function limitCpu(name: string, cores: number): CpuLimit {
  const folder = join(rootFolder(), `godwit-bench-${process.pid}-${name}`);
  mkdirSync(folder);
  const quotaUs = Math.round(cores * periodUs);
  if (existsSync(join(folder, 'cpu.cfs_quota_us'))) {
    writeFileSync(join(folder, 'cpu.cfs_period_us'), String(periodUs));
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quotaUs));
  } else {
    writeFileSync(join(folder, 'cpu.max'), `${quotaUs} ${periodUs}`);
  }
  return {
    add: (pid) => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
    remove: () => rmdirSync(folder),
  };
}

/** Of version 1 the mount of the `cpu` controller, of version 2 the one mount, if it hands that controller down. */
function rootFolder(): string {
  for (const line of readFileSync('/proc/mounts', 'latin1').split('\n')) {
    const [, folder = '', kind, options = ''] = line.split(' ');
    if (kind === 'cgroup' && options.split(',').includes('cpu')) return folder;
  }
  const unified = '/sys/fs/cgroup';
  const controllers = join(unified, 'cgroup.subtree_control');
  if (existsSync(controllers) && readFileSync(controllers, 'latin1').split(/\s/).includes('cpu'))
    return unified;
  throw new Error(
    'No cgroup that limits the CPU can be written here, so hosts cannot be made small. Run as root.',
  );
}
