import { expect, test } from 'vitest';
import type { ReadText } from '../../src/telemetry/cgroup.ts';
import {
  cgroupFolders,
  cpuShareOf,
  locateCgroups,
  parseCfsQuota,
  parseCpuMax,
  parseMemoryLimit,
  parseThrottling,
  readCgroupLimits,
  readMemoryUse,
} from '../../src/telemetry/cgroup.ts';

const v2Mount = '31 24 0:27 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
const v1Mounts =
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n' +
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:15 - cgroup cgroup rw,cpu,cpuacct\n' +
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:16 - cgroup cgroup rw,memory\n';

function files(texts: Record<string, string>): ReadText {
  return (path) => texts[path] ?? null;
}

test('version 2: own folder first, then each parent', () => {
  expect(cgroupFolders('cpu', '0::/godwit.slice/host-1.service\n', v2Mount)).toEqual({
    version: 2,
    folders: ['/sys/fs/cgroup/godwit.slice/host-1.service', '/sys/fs/cgroup/godwit.slice', '/sys/fs/cgroup'],
  });
});

test('version 1: a controller that shares its mount with another', () => {
  const membership = '4:memory:/user.slice\n3:cpu,cpuacct:/batch/a\n1:name=systemd:/init.scope\n';
  expect(cgroupFolders('cpu', membership, v1Mounts)).toEqual({
    version: 1,
    folders: [
      '/sys/fs/cgroup/cpu,cpuacct/batch/a',
      '/sys/fs/cgroup/cpu,cpuacct/batch',
      '/sys/fs/cgroup/cpu,cpuacct',
    ],
  });
});

test.each([
  [
    'sees the machine’s path under a mount of its own cgroup',
    '/docker/4f2a',
    '/docker/4f2a',
    ['/sys/fs/cgroup/memory'],
  ],
  [
    'has a cgroup below it',
    '/docker/4f2a',
    '/docker/4f2a/task',
    ['/sys/fs/cgroup/memory/task', '/sys/fs/cgroup/memory'],
  ],
  ['has a namespace of cgroups', '/', '/', ['/sys/fs/cgroup/memory']],
  ['was moved out of its namespace', '/', '/../other', ['/sys/fs/cgroup/memory']],
  ['is mounted from elsewhere', '/docker/4f2a', '/docker/4f2abc', ['/sys/fs/cgroup/memory']],
])('in a container that %s', (_, root, path, folders) => {
  const mount = `35 31 0:32 ${root} /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n`;
  expect(cgroupFolders('memory', `4:memory:${path}\n`, mount)?.folders).toEqual(folders);
});

test('on a machine with both versions, version 1 has the controllers that it mounts', () => {
  const mounts = v1Mounts + '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  const membership = '4:memory:/a\n0::/b\n';
  expect(cgroupFolders('memory', membership, mounts)?.version).toBe(1);
  expect(cgroupFolders('cpu', membership, mounts)).toEqual({
    version: 2,
    folders: ['/sys/fs/cgroup/unified/b', '/sys/fs/cgroup/unified'],
  });
});

test('a mount point with a space', () => {
  const mount = '31 24 0:27 / /mnt/my\\040groups rw - cgroup2 cgroup2 rw\n';
  expect(cgroupFolders('cpu', '0::/\n', mount)?.folders).toEqual(['/mnt/my groups']);
});

test.each([
  ['max 100000\n', null],
  ['50000 100000\n', 0.5],
  ['250000 100000\n', 2.5],
  ['', null],
  ['garbage', null],
])('cpu.max %j allows %s cores', (text, expected) => {
  expect(parseCpuMax(text)).toBe(expected);
});

test.each([
  ['-1\n', '100000\n', null],
  ['50000\n', '100000\n', 0.5],
  ['50000\n', '', null],
  ['50000\n', '0\n', null],
])('a quota of %j in %j allows %s cores', (quota, period, expected) => {
  expect(parseCfsQuota(quota, period)).toBe(expected);
});

test.each([
  ['max\n', null],
  ['536870912\n', 536_870_912],
  ['9223372036854771712\n', null],
  ['', null],
])('a memory limit of %j is %s bytes', (text, expected) => {
  expect(parseMemoryLimit(text)).toBe(expected);
});

test('version 2: the least limit of all parents binds, and its own use counts', () => {
  const at = '/sys/fs/cgroup/godwit.slice';
  const read = files({
    '/proc/self/cgroup': '0::/godwit.slice/host-1.service\n',
    '/proc/self/mountinfo': v2Mount,
    [`${at}/host-1.service/cpu.max`]: 'max 100000\n',
    [`${at}/cpu.max`]: '150000 100000\n',
    [`${at}/host-1.service/memory.max`]: '2000000000\n',
    [`${at}/memory.max`]: '1000000000\n',
    [`${at}/memory.current`]: '700000000\n',
    [`${at}/memory.stat`]: 'anon 100\nfile 200\ninactive_file 300000000\nactive_file 5\n',
  });
  const { cpuQuotaCores, memory } = readCgroupLimits(locateCgroups(read), read);
  expect(cpuQuotaCores).toBe(1.5);
  expect(memory).toEqual({ limitBytes: 1_000_000_000, version: 2, folder: at });
  expect(memory && readMemoryUse(memory, read)).toBe(400_000_000);
});

test('version 1: quota and limit, and the use of the whole subtree', () => {
  const read = files({
    '/proc/self/cgroup': '4:memory:/docker/4f2a\n3:cpu,cpuacct:/docker/4f2a\n',
    '/proc/self/mountinfo': v1Mounts.replaceAll(' / /sys', ' /docker/4f2a /sys'),
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1073741824\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '600000000\n',
    '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 100000000\n',
  });
  const { cpuQuotaCores, memory } = readCgroupLimits(locateCgroups(read), read);
  expect(cpuQuotaCores).toBe(2);
  expect(memory?.limitBytes).toBe(1_073_741_824);
  expect(memory && readMemoryUse(memory, read)).toBe(500_000_000);
});

test.each([
  ['nothing at all', {}],
  ['no mounts', { '/proc/self/cgroup': '0::/a\n' }],
  ['mounts without files', { '/proc/self/cgroup': '0::/a\n', '/proc/self/mountinfo': v2Mount }],
])('%s limits nothing', (_, texts) => {
  const read = files(texts);
  expect(readCgroupLimits(locateCgroups(read), read)).toMatchObject({
    cpuQuotaCores: null,
    memory: null,
    ioBytesPerSecond: null,
  });
});

test('throttling, where a quota is', () => {
  expect(parseThrottling('usage_usec 5\nnr_periods 40\nnr_throttled 10\nthrottled_usec 77\n')).toEqual({
    periods: 40,
    throttledPeriods: 10,
  });
  expect(parseThrottling('usage_usec 5\nuser_usec 2\n')).toBe(null);
});

test.each([
  [0, 8, null, 8],
  [0, 8, 1.5, 1.5],
  [0, 2, 4, 2],
  [0.5, 8, 1.5, 0.5],
])('configured %d, %d cores, quota %s: a share of %d', (configured, machine, quota, expected) => {
  expect(cpuShareOf(configured, machine, quota)).toBe(expected);
});
