import { createServer, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/core/ports.ts';
import {
  parseDisk,
  parseMachineCpu,
  parseMachineMemory,
  parseNetwork,
  parseStalls,
} from '../../src/telemetry/kernel-files.ts';
import type { ResourceSources } from '../../src/telemetry/resources.ts';
import { ResourceSampler, systemSources } from '../../src/telemetry/resources.ts';

const onLinux = test.runIf(process.platform === 'linux');

/** A machine whose figures are given, and whose clock stands until it is set. */
class FakeMachine {
  readonly files: Record<string, string> = {};
  cpuMs = 0;
  nowMs = 1_000;
  suspendedMs = 0;
  clockHz = 2e9;
  readonly clock: Clock = {
    monotonicMs: () => this.nowMs,
    bootMs: () => this.nowMs + this.suspendedMs,
    wallMs: () => this.nowMs,
    after: () => () => undefined,
  };
  readonly sources: ResourceSources = {
    read: (path) => this.files[path] ?? null,
    cores: () => 4,
    processCpuMs: () => this.cpuMs,
    residentBytes: () => 90e6,
    machineCpu: () => ({ busy: this.cpuMs, stolen: 0, total: this.nowMs * 4 }),
    machineMemory: () => ({ totalBytes: 8e9, availableBytes: 6e9 }),
    clockHz: () => this.clockHz,
  };

  sampler(configuredCores = 0): ResourceSampler {
    const sampler = new ResourceSampler(this.clock, configuredCores, this.sources);
    onTestFinished(() => sampler.stop());
    return sampler;
  }
}

const cgroup = '/sys/fs/cgroup/host-1';

/** The files of a Linux machine, `seconds` after some start. */
function linux(seconds: number): Record<string, string> {
  return {
    '/proc/self/cgroup': '0::/host-1\n',
    '/proc/self/mountinfo': '31 24 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    '/proc/stat': `cpu  ${100 * seconds} 0 ${100 * seconds} ${200 * seconds} 0 0 0 0 0 0\ncpu0 1 2 3 4\n`,
    '/proc/meminfo':
      'MemTotal:        8000000 kB\nMemFree:          500000 kB\nMemAvailable:    6000000 kB\n',
    '/proc/self/io': `rchar: 9\nwchar: 9\nread_bytes: ${4_096 * seconds}\nwrite_bytes: ${8_192 * seconds}\n`,
    '/proc/net/dev': `Inter-|   Receive\n face |bytes packets\n    lo: ${700 * seconds} 1 0 0 0 0 0 0 ${700 * seconds} 1 0 0 0 0 0 0\n  eth0: ${1_000 * seconds} 1 0 0 0 0 0 0 ${2_000 * seconds} 1 0 0 0 0 0 0\n`,
    [`${cgroup}/cpu.max`]: '150000 100000\n',
    [`${cgroup}/cpu.stat`]: `nr_periods ${10 * seconds}\nnr_throttled ${3 * seconds}\n`,
    [`${cgroup}/memory.max`]: '1000000000\n',
    [`${cgroup}/memory.current`]: '700000000\n',
    [`${cgroup}/memory.stat`]: 'inactive_file 100000000\n',
    [`${cgroup}/cpu.pressure`]: `some avg10=1.00 avg60=1.00 avg300=1.00 total=${250_000 * seconds}\nfull avg10=0.00 total=0\n`,
    [`${cgroup}/memory.pressure`]: `some avg10=0 total=${20_000 * seconds}\nfull avg10=0 total=${10_000 * seconds}\n`,
    [`${cgroup}/io.pressure`]: `some avg10=0 total=0\nfull avg10=0 total=0\n`,
    '/proc/pressure/cpu': 'some avg10=99.00 avg60=99.00 avg300=99.00 total=0\n',
  };
}

test('a sample inside a container: rates are over the period, limits and stalls are its own', () => {
  const machine = new FakeMachine();
  Object.assign(machine.files, linux(10));
  const sampler = machine.sampler();
  Object.assign(machine.files, linux(12));
  machine.nowMs += 2_000;
  machine.cpuMs += 1_000;
  const sample = sampler.sample();
  expect(sample).toMatchObject({
    atMs: 3_000,
    periodMs: 2_000,
    process: {
      cpuCores: 0.5,
      residentBytes: 90e6,
      disk: { readBytesPerSecond: 4_096, writtenBytesPerSecond: 8_192 },
    },
    machine: {
      cores: 4,
      cpuCores: 2,
      memory: { totalBytes: 8_192_000_000, availableBytes: 6_144_000_000 },
      network: { receivedBytesPerSecond: 1_000, sentBytesPerSecond: 2_000, loopbackBytesPerSecond: 700 },
    },
    limits: { cpuShareCores: 1.5, memoryLimitBytes: 1_000_000_000, memoryUsage: 0.6 },
    stalls: { cpuRatio: 0.25, memoryRatio: 0.02, memoryFullRatio: 0.01, ioRatio: 0, ioFullRatio: 0 },
  });
  expect(sample.limits.throttledRatio).toBeCloseTo(0.3);
  machine.nowMs += 1_000;
  expect(sampler.sample()).toMatchObject({
    periodMs: 1_000,
    process: { cpuCores: 0 },
    stalls: { cpuRatio: 0 },
  });
});

test('the fuller of limit and machine is the memory usage; a configured share goes before a quota', () => {
  const machine = new FakeMachine();
  Object.assign(machine.files, linux(1), { [`${cgroup}/memory.current`]: '200000000\n' });
  const { limits } = machine.sampler(0.5).sample();
  expect(limits.memoryUsage).toBe(0.25);
  expect(limits.cpuShareCores).toBe(0.5);
});

test('limits that change are seen', () => {
  const machine = new FakeMachine();
  Object.assign(machine.files, linux(1));
  const sampler = machine.sampler();
  machine.files[`${cgroup}/cpu.max`] = '50000 100000\n';
  machine.nowMs += 1_000;
  expect(sampler.sample().limits.cpuShareCores).toBe(0.5);
});

test('without the kernel’s files there is no network, disk, stall or limit, and the rest stands', () => {
  const machine = new FakeMachine();
  const sampler = machine.sampler();
  machine.nowMs += 1_000;
  machine.cpuMs += 1_000;
  expect(sampler.sample()).toMatchObject({
    process: { cpuCores: 1, disk: null },
    machine: { cores: 4, cpuCores: 1, memory: { totalBytes: 8e9 }, network: null },
    limits: { cpuShareCores: 4, throttledRatio: null, memoryLimitBytes: 8e9, memoryUsage: 0.25 },
    stalls: null,
  });
});

test('the machine’s stalls stand in where a cgroup has none', () => {
  const machine = new FakeMachine();
  const stalls = (total: number) => {
    for (const resource of ['cpu', 'memory', 'io'])
      machine.files[`/proc/pressure/${resource}`] = `some avg10=0 total=${total}\n`;
  };
  stalls(0);
  const sampler = machine.sampler();
  stalls(500_000);
  machine.nowMs += 1_000;
  expect(sampler.sample().stalls).toMatchObject({ cpuRatio: 0.5, ioRatio: 0.5 });
});

test('a counter that was started again yields nothing, not a negative rate; so does a sample without a period', () => {
  const machine = new FakeMachine();
  Object.assign(machine.files, linux(10));
  const sampler = machine.sampler();
  expect(sampler.sample().machine.network?.sentBytesPerSecond).toBe(0);
  Object.assign(machine.files, linux(1));
  machine.nowMs += 1_000;
  expect(sampler.sample()).toMatchObject({
    machine: { cpuCores: 0, network: { receivedBytesPerSecond: 0 } },
    process: { disk: { readBytesPerSecond: 0 } },
    stalls: { cpuRatio: 0 },
  });
});

test('files that are not as expected say nothing', () => {
  expect(parseMachineCpu('intr 5\n')).toBe(null);
  expect(parseMachineMemory('MemTotal: 5 kB\n')).toBe(null);
  expect(parseNetwork('nonsense\n')).toEqual({ received: 0, sent: 0, loopback: 0 });
  expect(parseDisk('rchar: 1\n')).toBe(null);
  expect(parseStalls('')).toBe(null);
});

test('older kernels leave out the last fields of the CPU line; waiting for a disk is idling', () => {
  expect(parseMachineCpu('cpu  10 1 5 100\n')).toEqual({ busy: 16, stolen: 0, total: 116 });
  expect(parseMachineCpu('cpu  10 1 5 100 40 2 3 4 9 9\n')).toEqual({ busy: 25, stolen: 4, total: 165 });
});

test('this process: busy work shows as cores, an occupied thread as event-loop delay', async () => {
  const clock = new SystemClock();
  const sampler = new ResourceSampler(clock, 0, systemSources);
  onTestFinished(() => sampler.stop());
  // The delay is measured by a timer of 20 ms, so one that is due later runs later: each wait is sure to include a run.
  await new Promise<void>((resolve) => void clock.after(60, resolve));
  sampler.sample();
  const untilMs = clock.monotonicMs() + 150;
  while (clock.monotonicMs() < untilMs);
  await new Promise<void>((resolve) => void clock.after(60, resolve));
  const sample = sampler.sample();
  expect(sample.process.eventLoopDelay.maxMs).toBeGreaterThan(50);
  expect(sample.process.cpuCores).toBeGreaterThan(0);
  expect(sample.process.residentBytes).toBeGreaterThan(20e6);
  expect(sample.machine.memory.totalBytes).toBeGreaterThanOrEqual(sample.limits.memoryLimitBytes);
  expect(sample.limits.memoryUsage).toBeGreaterThan(0);
  expect(sample.limits.cpuShareCores).toBeGreaterThan(0);
});

onLinux('this machine: bytes over loopback are counted', async () => {
  const sampler = new ResourceSampler(new SystemClock(), 0);
  onTestFinished(() => sampler.stop());
  const sent = 4 * 1024 * 1024;
  await new Promise<void>((resolve, reject) => {
    const server = createServer((socket) => {
      let left = sent;
      socket.on('data', (chunk) => {
        left -= chunk.length;
        if (left === 0) server.close(() => resolve());
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      connect(port, '127.0.0.1').on('error', reject).end(Buffer.alloc(sent));
    });
  });
  const { machine, periodMs } = sampler.sample();
  expect(((machine.network?.loopbackBytesPerSecond ?? 0) * periodMs) / 1_000).toBeGreaterThanOrEqual(sent);
});

test('a machine that was suspended: nothing is known of that period, and the next one is as any', () => {
  const machine = new FakeMachine();
  Object.assign(machine.files, linux(10));
  const sampler = machine.sampler();
  Object.assign(machine.files, linux(12));
  machine.nowMs += 1_000;
  machine.cpuMs += 800;
  machine.suspendedMs += 60_000;
  expect(sampler.sample()).toMatchObject({
    periodMs: 0,
    process: { cpuCores: 0, disk: { readBytesPerSecond: 0 } },
    machine: { cpuCores: 0, stolenCores: 0, network: { sentBytesPerSecond: 0 } },
    limits: { throttledRatio: null, memoryUsage: 0.6 },
    stalls: { cpuRatio: 0 },
  });
  Object.assign(machine.files, linux(13));
  machine.nowMs += 1_000;
  machine.cpuMs += 500;
  expect(sampler.sample()).toMatchObject({ periodMs: 1_000, process: { cpuCores: 0.5 } });
});

test('the least quota may be a parent’s: it is that one whose throttling counts', () => {
  const machine = new FakeMachine();
  const parent = '/sys/fs/cgroup/pod';
  const files = (seconds: number) => ({
    ...linux(seconds),
    '/proc/self/cgroup': '0::/pod/host-1\n',
    [`${parent}/host-1/cpu.max`]: '300000 100000\n',
    [`${parent}/host-1/cpu.stat`]: 'nr_periods 0\nnr_throttled 0\n',
    [`${parent}/cpu.max`]: '200000 100000\n',
    [`${parent}/cpu.stat`]: `nr_periods ${10 * seconds}\nnr_throttled ${5 * seconds}\n`,
    [`${parent}/memory.high`]: '500000000\n',
    [`${parent}/memory.current`]: '250000000\n',
  });
  Object.assign(machine.files, files(1));
  const sampler = machine.sampler();
  Object.assign(machine.files, files(2));
  machine.nowMs += 1_000;
  const { limits } = sampler.sample();
  expect(limits).toMatchObject({
    cpuShareCores: 2,
    cpuQuotaCores: 2,
    memoryLimitBytes: 5e8,
    memoryUsage: 0.5,
  });
  expect(limits.throttledRatio).toBeCloseTo(0.5);
});

test('limits of disk and network, and the clock, as far as the kernel tells', () => {
  const machine = new FakeMachine();
  Object.assign(machine.files, linux(1), {
    [`${cgroup}/io.max`]:
      '8:0 rbps=100000000 wbps=20000000 riops=max wiops=max\n8:16 rbps=max wbps=50000000\n',
    '/sys/class/net/eth0/speed': '10000\n',
    '/sys/class/net/eth0/operstate': 'up\n',
    '/proc/cpuinfo': 'processor\t: 0\ncpu MHz\t\t: 2000.000\nprocessor\t: 1\ncpu MHz\t\t: 3000.000\n',
  });
  const known = machine.sampler().sample();
  expect(known.limits).toMatchObject({ ioBytesPerSecond: 120e6, networkBytesPerSecond: 2.5e9 });
  expect(known.machine.clockHz).toBe(2.5e9);
  // A virtual interface says -1, ARM names no clock: what was built in stands in, or nothing.
  Object.assign(machine.files, { '/sys/class/net/eth0/speed': '-1\n', '/proc/cpuinfo': 'BogoMIPS: 50\n' });
  delete machine.files[`${cgroup}/io.max`];
  const little = machine.sampler().sample();
  expect(little.limits).toMatchObject({ ioBytesPerSecond: null, networkBytesPerSecond: null });
  expect(little.machine.clockHz).toBe(2e9);
  machine.clockHz = 0;
  expect(machine.sampler().sample().machine.clockHz).toBe(null);
  machine.files['/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq'] = '1800000\n';
  expect(machine.sampler().sample().machine.clockHz).toBe(1.8e9);
});

test('version 1 limits each direction in a file of its own', () => {
  const folder = '/sys/fs/cgroup/blkio/host-1';
  const texts: Record<string, string> = {
    '/proc/self/cgroup': '7:blkio:/host-1\n',
    '/proc/self/mountinfo': '31 24 0:27 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n',
    [`${folder}/blkio.throttle.read_bps_device`]: '8:0 1000000\n',
    [`${folder}/blkio.throttle.write_bps_device`]: '8:0 3000000\n8:16 2000000\n',
  };
  const machine = new FakeMachine();
  Object.assign(machine.files, texts);
  expect(machine.sampler().sample().limits.ioBytesPerSecond).toBe(3e6);
});

test('time that a hypervisor gives to others is busy time that nobody here had', () => {
  const machine = new FakeMachine();
  machine.files['/proc/stat'] = 'cpu  100 0 0 300 0 0 0 0 0 0\n';
  const sampler = machine.sampler();
  machine.files['/proc/stat'] = 'cpu  200 0 0 500 0 0 0 100 0 0\n';
  machine.nowMs += 1_000;
  expect(sampler.sample().machine).toMatchObject({ cpuCores: 2, stolenCores: 1 });
});
