/** Reads a small text file of the kernel; null when there is none, or it cannot be read. */
export type ReadText = (path: string) => string | null;

/** Where a controller's files of this process lie: its own folder first, then each parent up to what is visible. */
export interface CgroupFolders {
  readonly version: 1 | 2;
  readonly folders: readonly string[];
}

/** Null is a controller that no mount shows. */
export interface Cgroups {
  readonly cpu: CgroupFolders | null;
  readonly memory: CgroupFolders | null;
  readonly io: CgroupFolders | null;
}

/** What binds this process, whatever set it: a container, a service manager, nobody. */
export interface CgroupLimits {
  /** Cores: the least quota of its cgroup and all parents; null when none has one. */
  readonly cpuQuotaCores: number | null;
  /** The cgroup that has this quota, and counts how often it bound; else the process's own; null without cgroups. */
  readonly cpuFolder: string | null;
  /** The least limit of its cgroup and all parents, and where its use can be read; null when none has one. */
  readonly memory: MemoryLimit | null;
  /** Reading and writing together, of the slowest limited device; null when nothing is limited. */
  readonly ioBytesPerSecond: number | null;
}

export interface MemoryLimit {
  readonly limitBytes: number;
  readonly version: 1 | 2;
  /** The cgroup that has this limit. */
  readonly folder: string;
}

/** How often the quota stopped a cgroup, both counted since it was created. */
export interface Throttling {
  readonly periods: number;
  readonly throttledPeriods: number;
}

/** Version 1 writes "no limit" as the largest multiple of a page; nothing real comes near. */
const unlimitedBytes = 2 ** 60;

interface Mount {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** Which cgroup is mounted here: `/` outside containers. */
  readonly root: string;
  readonly at: string;
}

/**
 * Finds a controller's folders, whichever version has it; on machines with both, version 1 has it where it is mounted.
 *
 * @param membership text of `/proc/self/cgroup`
 * @param mountInfo text of `/proc/self/mountinfo`
 * @returns null when no mount shows it
 */
export function cgroupFolders(
  controller: string,
  membership: string,
  mountInfo: string,
): CgroupFolders | null {
  const mounts = parseMounts(mountInfo);
  const memberships = membership.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }];
  });
  const v1 = mounts.find((mount) => mount.version === 1 && mount.controllers.includes(controller));
  const v1Path = memberships.find(({ controllers }) => controllers.split(',').includes(controller))?.path;
  if (v1 !== undefined && v1Path !== undefined) return { version: 1, folders: foldersIn(v1, v1Path) };
  const v2 = mounts.find((mount) => mount.version === 2);
  const v2Path = memberships.find(({ controllers }) => controllers === '')?.path;
  return v2 === undefined || v2Path === undefined ? null : { version: 2, folders: foldersIn(v2, v2Path) };
}

function parseMounts(mountInfo: string): Mount[] {
  return mountInfo.split('\n').flatMap((line): Mount[] => {
    const [before, after] = line.split(' - ');
    const [, , , root, at] = (before ?? '').split(' ');
    const [kind, , options] = (after ?? '').split(' ');
    if (root === undefined || at === undefined) return [];
    if (kind === 'cgroup2') return [{ version: 2, controllers: [], root, at: unescaped(at) }];
    if (kind !== 'cgroup') return [];
    return [{ version: 1, controllers: (options ?? '').split(','), root, at: unescaped(at) }];
  });
}

/** Mount points write space, tab, newline and backslash in octal. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function foldersIn(mount: Mount, path: string): string[] {
  // Inside a container the mount shows only the container's own cgroup, while the path may still be the machine's.
  const inside = mount.root === '/' || path === mount.root || path.startsWith(`${mount.root}/`);
  const relative =
    inside && !path.includes('..') ? path.slice(mount.root === '/' ? 0 : mount.root.length) : '';
  const parts = relative.split('/').filter((part) => part !== '');
  return parts
    .map((_, index) => [mount.at, ...parts.slice(0, parts.length - index)].join('/'))
    .concat(mount.at);
}

/** @returns cores, from `cpu.max` (`50000 100000`); null for `max` and for anything unreadable */
export function parseCpuMax(text: string): number | null {
  const [quota, period] = text.trim().split(/\s+/);
  return cores(Number(quota), Number(period));
}

/** @returns cores, from `cpu.cfs_quota_us` and `cpu.cfs_period_us`; null for a quota of -1 */
export function parseCfsQuota(quotaText: string, periodText: string): number | null {
  return cores(Number(quotaText.trim()), Number(periodText.trim()));
}

function cores(quota: number, period: number): number | null {
  return quota > 0 && period > 0 ? quota / period : null;
}

/** @returns bytes, from `memory.max` or `memory.limit_in_bytes`; null when unlimited or unreadable */
export function parseMemoryLimit(text: string): number | null {
  const bytes = Number(text.trim());
  return text.trim() !== '' && bytes >= 0 && bytes < unlimitedBytes ? bytes : null;
}

/** From `cpu.stat`, the same in both versions; null without a quota. */
export function parseThrottling(text: string): Throttling | null {
  const periods = statistic(text, 'nr_periods');
  const throttledPeriods = statistic(text, 'nr_throttled');
  return periods === null || throttledPeriods === null ? null : { periods, throttledPeriods };
}

/** One line `name value` of a statistics file. */
export function statistic(text: string, name: string): number | null {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  const value = Number(line?.slice(name.length + 1).trim() ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}

/** Finds this process's cgroups. They stay for its life, unless somebody moves it. */
export function locateCgroups(read: ReadText): Cgroups {
  const membership = read('/proc/self/cgroup') ?? '';
  const mountInfo = read('/proc/self/mountinfo') ?? '';
  return {
    cpu: cgroupFolders('cpu', membership, mountInfo),
    memory: cgroupFolders('memory', membership, mountInfo),
    io: cgroupFolders('blkio', membership, mountInfo) ?? cgroupFolders('io', membership, mountInfo),
  };
}

/** Reads what binds this process now; limits may change while it runs. All are null where there are no cgroups. */
export function readCgroupLimits({ cpu, memory, io }: Cgroups, read: ReadText): CgroupLimits {
  return {
    ...cpuQuota(cpu, read),
    memory: memoryLimit(memory, read),
    ioBytesPerSecond: ioLimit(io, read),
  };
}

function cpuQuota(
  found: CgroupFolders | null,
  read: ReadText,
): Pick<CgroupLimits, 'cpuQuotaCores' | 'cpuFolder'> {
  let cpuQuotaCores: number | null = null;
  let cpuFolder = found?.folders[0] ?? null;
  for (const folder of found?.folders ?? []) {
    const quota =
      found?.version === 1
        ? parseCfsQuota(read(`${folder}/cpu.cfs_quota_us`) ?? '', read(`${folder}/cpu.cfs_period_us`) ?? '')
        : parseCpuMax(read(`${folder}/cpu.max`) ?? '');
    if (quota === null || (cpuQuotaCores !== null && quota >= cpuQuotaCores)) continue;
    cpuQuotaCores = quota;
    cpuFolder = folder;
  }
  return { cpuQuotaCores, cpuFolder };
}

/** @returns bytes per second that one direction may have, of the slowest device; null when none is limited */
export function parseIoLimit(text: string, direction: 'rbps' | 'wbps'): number | null {
  const rates = text.split('\n').flatMap((line) => {
    // Version 2 names both directions in each device's line; version 1 has a file for each.
    const [, named] = new RegExp(`^\\d+:\\d+ .*\\b${direction}=(\\d+)`).exec(line) ?? [];
    const [, bare] = /^\d+:\d+ (\d+)$/.exec(line) ?? [];
    const rate = Number(named ?? bare ?? 0);
    return rate > 0 ? [rate] : [];
  });
  return rates.length === 0 ? null : Math.min(...rates);
}

function ioLimit(found: CgroupFolders | null, read: ReadText): number | null {
  const limits = (found?.folders ?? []).flatMap((folder) => {
    const [reading, writing] =
      found?.version === 1
        ? [`${folder}/blkio.throttle.read_bps_device`, `${folder}/blkio.throttle.write_bps_device`]
        : [`${folder}/io.max`, `${folder}/io.max`];
    const rates = [
      parseIoLimit(read(reading) ?? '', 'rbps'),
      parseIoLimit(read(writing) ?? '', 'wbps'),
    ].filter((rate) => rate !== null);
    return rates.length === 0 ? [] : [rates.reduce((sum, rate) => sum + rate, 0)];
  });
  return limits.length === 0 ? null : Math.min(...limits);
}

function memoryLimit(found: CgroupFolders | null, read: ReadText): MemoryLimit | null {
  let least: MemoryLimit | null = null;
  for (const folder of found?.folders ?? []) {
    const version = found?.version ?? 2;
    // Past `memory.high` the kernel takes memory back so eagerly that a process hardly goes on.
    const files = version === 1 ? ['memory.limit_in_bytes'] : ['memory.max', 'memory.high'];
    for (const file of files) {
      const limitBytes = parseMemoryLimit(read(`${folder}/${file}`) ?? '');
      if (limitBytes !== null && (least === null || limitBytes < least.limitBytes)) {
        least = { limitBytes, version, folder };
      }
    }
  }
  return least;
}

/**
 * Bytes that count against a limit and cannot be had back at once: use, less the file pages that nobody touched lately.
 *
 * @returns null when the cgroup's files cannot be read
 */
export function readMemoryUse({ version, folder }: MemoryLimit, read: ReadText): number | null {
  const used = parseMemoryLimit(
    read(`${folder}/${version === 1 ? 'memory.usage_in_bytes' : 'memory.current'}`) ?? '',
  );
  if (used === null) return null;
  const stat = read(`${folder}/memory.stat`) ?? '';
  const idle = statistic(stat, version === 1 ? 'total_inactive_file' : 'inactive_file') ?? 0;
  return Math.max(0, used - idle);
}

/**
 * Cores that a host may use: what is configured, else the machine's or the quota, whichever is less.
 *
 * @param configuredCores 0 when nothing is configured
 */
export function cpuShareOf(configuredCores: number, machineCores: number, quotaCores: number | null): number {
  if (configuredCores > 0) return configuredCores;
  return quotaCores === null ? machineCores : Math.min(machineCores, quotaCores);
}
