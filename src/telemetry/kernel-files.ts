import type { MachineMemory } from '../core/host-sample.ts';
import { statistic } from './cgroup.ts';

/** CPU time of the whole machine since it started, in one unit. */
export interface MachineCpu {
  readonly busy: number;
  /** Of the busy time, what a hypervisor gave to others. */
  readonly stolen: number;
  readonly total: number;
}

/** Bytes since the network namespace was created. */
export interface NetworkBytes {
  readonly received: number;
  readonly sent: number;
  /** Between processes of this namespace; sent is received here. */
  readonly loopback: number;
}

/** Bytes of this process that reached, or came from, a disk. */
export interface DiskBytes {
  readonly read: number;
  readonly written: number;
}

/** Time that something waited for a resource, in µs since the machine (or the cgroup) started. */
export interface StallTotals {
  /** At least one thread waited. */
  readonly someUs: number;
  /** All threads waited; 0 where the kernel does not tell. */
  readonly fullUs: number;
}

/** From `/proc/stat`. Waiting for a disk is idling. */
export function parseMachineCpu(text: string): MachineCpu | null {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  const [user, nice, system, idle, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = fields;
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) return null;
  const busy = user + nice + system + irq + softIrq + steal;
  return { busy, stolen: steal, total: busy + idle + ioWait };
}

/** From `/proc/meminfo`. */
export function parseMachineMemory(text: string): MachineMemory | null {
  const total = kibibytes(text, 'MemTotal');
  const available = kibibytes(text, 'MemAvailable');
  return total === null || available === null ? null : { totalBytes: total, availableBytes: available };
}

function kibibytes(text: string, name: string): number | null {
  const match = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
  return match === undefined ? null : Number(match) * 1024;
}

/** From `/proc/net/dev`, which shows the namespace of the process that reads it. */
export function parseNetwork(text: string): NetworkBytes {
  let received = 0;
  let sent = 0;
  let loopback = 0;
  for (const line of text.split('\n')) {
    const [, name, counters] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    const fields = (counters ?? '').split(/\s+/).map(Number);
    if (name === undefined || fields.length < 9) continue;
    if (name === 'lo') loopback += fields[0] ?? 0;
    else {
      received += fields[0] ?? 0;
      sent += fields[8] ?? 0;
    }
  }
  return { received, sent, loopback };
}

/** Interfaces of `/proc/net/dev` that lead out of the machine. */
export function interfaceNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, name] = /^\s*([^\s:]+):/.exec(line) ?? [];
    return name === undefined || name === 'lo' ? [] : [name];
  });
}

/** Bytes per second both ways, from `/sys/class/net/NAME/speed` (Mbit/s each way); null where it says nothing. */
export function parseInterfaceSpeed(text: string): number | null {
  const megabits = Number(text.trim());
  return text.trim() !== '' && megabits > 0 ? (2 * megabits * 1e6) / 8 : null;
}

/** Mean over the cores, from `/proc/cpuinfo`; null where it names no clock (on ARM). */
export function parseClockHz(text: string): number | null {
  const megahertz = [...text.matchAll(/^cpu MHz\s*: ([\d.]+)$/gm)].map(([, value]) => Number(value));
  const known = megahertz.filter((value) => value > 0);
  return known.length === 0 ? null : (known.reduce((sum, value) => sum + value, 0) / known.length) * 1e6;
}

/** From `/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq`, in kHz. */
export function parseScalingHz(text: string): number | null {
  const kilohertz = Number(text.trim());
  return kilohertz > 0 ? kilohertz * 1e3 : null;
}

/** From `/proc/self/io`. */
export function parseDisk(text: string): DiskBytes | null {
  const read = statistic(text.replaceAll(':', ''), 'read_bytes');
  const written = statistic(text.replaceAll(':', ''), 'write_bytes');
  return read === null || written === null ? null : { read, written };
}

/** From `/proc/pressure/*`, or a cgroup's `*.pressure`. */
export function parseStalls(text: string): StallTotals | null {
  const some = /^some .*total=(\d+)/m.exec(text)?.[1];
  const full = /^full .*total=(\d+)/m.exec(text)?.[1];
  return some === undefined ? null : { someUs: Number(some), fullUs: Number(full ?? 0) };
}
