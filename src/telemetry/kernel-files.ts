import { statistic } from './cgroup.ts';

/** CPU time of the whole machine since it started, in one unit. */
export interface MachineCpu {
  readonly busy: number;
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

export interface MachineMemory {
  readonly totalBytes: number;
  /** What programs could have without swapping, reclaimable caches included. */
  readonly availableBytes: number;
}

/** From `/proc/stat`. Waiting for a disk is idling. */
export function parseMachineCpu(text: string): MachineCpu | null {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  const [user, nice, system, idle, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = fields;
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) return null;
  const busy = user + nice + system + irq + softIrq + steal;
  return { busy, total: busy + idle + ioWait };
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
