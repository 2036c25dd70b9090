import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type {
  LimitsSample,
  MachineMemory,
  MachineSample,
  ProcessSample,
  ResourceSample,
  StallSample,
} from '../core/host-sample.ts';
import type { Clock } from '../core/ports.ts';
import type { CgroupFolders, CgroupLimits, Cgroups, MemoryLimit, ReadText, Throttling } from './cgroup.ts';
import { cpuShareOf, locateCgroups, parseThrottling, readCgroupLimits, readMemoryUse } from './cgroup.ts';
import { EventLoopDelay } from '../event-loop-delay.ts';
import type { DiskBytes, MachineCpu, NetworkBytes, StallTotals } from './kernel-files.ts';
import {
  interfaceNames,
  parseClockHz,
  parseDisk,
  parseInterfaceSpeed,
  parseMachineCpu,
  parseMachineMemory,
  parseNetwork,
  parseScalingHz,
  parseStalls,
} from './kernel-files.ts';

/** Where the figures come from. */
export interface ResourceSources {
  readonly read: ReadText;
  readonly cores: () => number;
  /** CPU time of this process so far, in ms. */
  readonly processCpuMs: () => number;
  readonly residentBytes: () => number;
  /** Where there is no `/proc`. */
  readonly machineCpu: () => MachineCpu;
  readonly machineMemory: () => MachineMemory;
  /** Of the first core, as built or now; 0 where nobody tells. */
  readonly clockHz: () => number;
}

/** This process and this machine. */
export const systemSources: ResourceSources = {
  read: (path) => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return null; // Absent, forbidden, or switched off in this kernel: the figure is not to be had.
    }
  },
  cores: availableParallelism,
  processCpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  residentBytes: () => process.memoryUsage.rss(),
  machineCpu: () => {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((sum, time) => sum + time.idle, 0);
    const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
    return { busy, stolen: 0, total: busy + idle };
  },
  machineMemory: () => ({ totalBytes: totalmem(), availableBytes: freemem() }),
  clockHz: () => (cpus()[0]?.speed ?? 0) * 1e6,
};

/** Everything that only counts up. */
interface Counters {
  readonly atMs: number;
  readonly bootMs: number;
  readonly processCpuMs: number;
  readonly machineCpu: MachineCpu;
  readonly disk: DiskBytes | null;
  readonly network: NetworkBytes | null;
  readonly throttling: Throttling | null;
  readonly limits: CgroupLimits;
  readonly stalls: {
    readonly cpu: StallTotals;
    readonly memory: StallTotals;
    readonly io: StallTotals;
  } | null;
}

/** What hardly changes, and costs more than it tells when it is read with each sample. */
interface Equipment {
  readonly readAtMs: number;
  readonly clockHz: number | null;
  readonly networkBytesPerSecond: number | null;
}

const equipmentReadEveryMs = 10_000;
/** A larger difference than the boot clock's resolution: the machine was suspended. */
const suspendMsMin = 50;

/** Samples this process, its machine and its limits. It keeps no timer but that of the event loop's delay. */
export class ResourceSampler {
  readonly #clock: Clock;
  readonly #configuredCores: number;
  readonly #sources: ResourceSources;
  readonly #eventLoop = new EventLoopDelay();
  readonly #cgroups: Cgroups;
  readonly #pressureFiles: (resource: 'cpu' | 'memory' | 'io') => string;
  #last: Counters;
  #equipment: Equipment;

  /** @param configuredCores the host's CPU share, 0 when none is configured */
  constructor(clock: Clock, configuredCores: number, sources: ResourceSources = systemSources) {
    this.#clock = clock;
    this.#configuredCores = configuredCores;
    this.#sources = sources;
    this.#cgroups = locateCgroups(sources.read);
    this.#pressureFiles = pressureFiles(this.#cgroups.cpu, sources.read);
    this.#last = this.#count();
    this.#equipment = this.#equip(this.#last.atMs);
  }

  /**
   * Samples now. Everything per second, and every ratio, is over the time since the last call. Of a period in which the
   * machine was suspended nothing is known: some counters ran on and some did not.
   */
  sample(): ResourceSample {
    const before = this.#last;
    const now = this.#count();
    this.#last = now;
    const suspendedMs = now.bootMs - before.bootMs - (now.atMs - before.atMs);
    const periodMs = suspendedMs >= suspendMsMin ? 0 : Math.max(0, now.atMs - before.atMs);
    if (now.atMs - this.#equipment.readAtMs >= equipmentReadEveryMs) this.#equipment = this.#equip(now.atMs);
    const memory = this.#machineMemory();
    return {
      atMs: now.atMs,
      periodMs,
      process: this.#process(before, now, periodMs),
      machine: this.#machine(before, now, periodMs, memory),
      limits: this.#limits(before, now, periodMs, memory),
      stalls: stallsBetween(before, now, periodMs),
    };
  }

  stop(): void {
    this.#eventLoop.stop();
  }

  #count(): Counters {
    const { read, processCpuMs, machineCpu } = this.#sources;
    const disk = read('/proc/self/io');
    const network = read('/proc/net/dev');
    const limits = readCgroupLimits(this.#cgroups, read);
    const { cpuFolder } = limits;
    return {
      atMs: this.#clock.monotonicMs(),
      bootMs: this.#clock.bootMs(),
      processCpuMs: processCpuMs(),
      machineCpu: parseMachineCpu(read('/proc/stat') ?? '') ?? machineCpu(),
      disk: disk === null ? null : parseDisk(disk),
      network: network === null ? null : parseNetwork(network),
      throttling: cpuFolder === null ? null : parseThrottling(read(`${cpuFolder}/cpu.stat`) ?? ''),
      limits,
      stalls: this.#countStalls(),
    };
  }

  #countStalls(): Counters['stalls'] {
    const total = (resource: 'cpu' | 'memory' | 'io') =>
      parseStalls(this.#sources.read(this.#pressureFiles(resource)) ?? '');
    const cpu = total('cpu');
    const memory = total('memory');
    const io = total('io');
    return cpu === null || memory === null || io === null ? null : { cpu, memory, io };
  }

  #process(before: Counters, now: Counters, periodMs: number): ProcessSample {
    return {
      cpuCores: per(now.processCpuMs - before.processCpuMs, periodMs),
      residentBytes: this.#sources.residentBytes(),
      disk: both(before.disk, now.disk, (from, to) => ({
        readBytesPerSecond: perSecond(to.read - from.read, periodMs),
        writtenBytesPerSecond: perSecond(to.written - from.written, periodMs),
      })),
      eventLoopDelay: this.#eventLoop.read(),
    };
  }

  #machine(before: Counters, now: Counters, periodMs: number, memory: MachineMemory): MachineSample {
    const cores = this.#sources.cores();
    const total = now.machineCpu.total - before.machineCpu.total;
    const busyCores = cores * ratio(now.machineCpu.busy - before.machineCpu.busy, total);
    const stolenCores = cores * ratio(now.machineCpu.stolen - before.machineCpu.stolen, total);
    return {
      cores,
      cpuCores: periodMs > 0 ? busyCores : 0,
      stolenCores: periodMs > 0 ? stolenCores : 0,
      clockHz: this.#equipment.clockHz,
      memory,
      network: both(before.network, now.network, (from, to) => ({
        receivedBytesPerSecond: perSecond(to.received - from.received, periodMs),
        sentBytesPerSecond: perSecond(to.sent - from.sent, periodMs),
        loopbackBytesPerSecond: perSecond(to.loopback - from.loopback, periodMs),
      })),
    };
  }

  #machineMemory(): MachineMemory {
    const { read, machineMemory } = this.#sources;
    return parseMachineMemory(read('/proc/meminfo') ?? '') ?? machineMemory();
  }

  #equip(readAtMs: number): Equipment {
    const { read, clockHz } = this.#sources;
    const speeds = interfaceNames(read('/proc/net/dev') ?? '')
      .filter((name) => read(`/sys/class/net/${name}/operstate`)?.trim() !== 'down')
      .flatMap((name) => parseInterfaceSpeed(read(`/sys/class/net/${name}/speed`) ?? '') ?? []);
    return {
      readAtMs,
      clockHz:
        parseClockHz(read('/proc/cpuinfo') ?? '') ??
        parseScalingHz(read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq') ?? '') ??
        (clockHz() > 0 ? clockHz() : null),
      networkBytesPerSecond: speeds.length === 0 ? null : speeds.reduce((sum, speed) => sum + speed, 0),
    };
  }

  #limits(before: Counters, now: Counters, periodMs: number, machine: MachineMemory): LimitsSample {
    const { read, cores } = this.#sources;
    const { cpuQuotaCores, memory, ioBytesPerSecond, cpuFolder } = now.limits;
    // Counters of two cgroups have nothing to do with each other.
    const isComparable = before.limits.cpuFolder === cpuFolder && periodMs > 0;
    return {
      cpuShareCores: cpuShareOf(this.#configuredCores, cores(), cpuQuotaCores),
      cpuQuotaCores,
      throttledRatio: both(isComparable ? before.throttling : null, now.throttling, (from, to) =>
        ratio(to.throttledPeriods - from.throttledPeriods, to.periods - from.periods),
      ),
      memoryLimitBytes: Math.min(machine.totalBytes, memory?.limitBytes ?? Infinity),
      memoryUsage: Math.max(
        ratio(machine.totalBytes - machine.availableBytes, machine.totalBytes),
        memory === null ? 0 : usageOf(memory, read),
      ),
      ioBytesPerSecond,
      networkBytesPerSecond: this.#equipment.networkBytesPerSecond,
    };
  }
}

function usageOf(memory: MemoryLimit, read: ReadText): number {
  return ratio(readMemoryUse(memory, read) ?? 0, memory.limitBytes);
}

/** A container's own stalls where the kernel tells them, else the machine's. */
function pressureFiles(cpu: CgroupFolders | null, read: ReadText) {
  const own = cpu?.version === 2 ? cpu.folders[0] : undefined;
  const hasOwn = own !== undefined && parseStalls(read(`${own}/cpu.pressure`) ?? '') !== null;
  return (resource: 'cpu' | 'memory' | 'io'): string =>
    hasOwn ? `${own}/${resource}.pressure` : `/proc/pressure/${resource}`;
}

function stallsBetween(before: Counters, now: Counters, periodMs: number): StallSample | null {
  const share = (us: number) => ratio(us / 1_000, periodMs);
  return both(before.stalls, now.stalls, (from, to) => ({
    cpuRatio: share(to.cpu.someUs - from.cpu.someUs),
    memoryRatio: share(to.memory.someUs - from.memory.someUs),
    memoryFullRatio: share(to.memory.fullUs - from.memory.fullUs),
    ioRatio: share(to.io.someUs - from.io.someUs),
    ioFullRatio: share(to.io.fullUs - from.io.fullUs),
  }));
}

function both<From, To>(
  before: From | null,
  now: From | null,
  between: (from: From, to: From) => To,
): To | null {
  return before === null || now === null ? null : between(before, now);
}

/** A counter that fell was started again (an interface went away): nothing is known of this period. */
function per(amount: number, periodMs: number): number {
  return periodMs > 0 ? Math.max(0, amount) / periodMs : 0;
}

function perSecond(amount: number, periodMs: number): number {
  return per(amount, periodMs) * 1_000;
}

function ratio(part: number, whole: number): number {
  return Math.min(1, per(part, whole));
}
