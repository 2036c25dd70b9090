import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import { builtEntry } from '../entries.ts';
import type { Written } from './contract.ts';
import { RunFailedError } from './errors.ts';
import { encodePacket, type Packet, PacketReader } from './process/channel.ts';
import type { Command, Job, Report } from './process/messages.ts';

type OutcomePacket = Packet<Command & { readonly kind: 'outcome' }>;
type OutcomeListener = (packet: OutcomePacket, isNew: boolean) => void;

const living = new Set<ChildProcess>();
// A program that never gives way would outlive whoever verifies it.
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** One process that runs a program, seen from outside. */
export class CarrierProcess {
  /** How often a program came to stand here. */
  residencies = 0;
  /** Effects that still run here for a program that has left. */
  effectsPending = 0;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #arrived: Packet<Report>[] = [];
  readonly #waiting: ((packet: Packet<Report> | null) => void)[] = [];
  readonly #raw: { readonly stream: Written[0]; readonly bytes: Buffer }[] = [];
  /** Outcomes of effects that came before anybody asked for them: the process may send them right behind the program. */
  #outcomes: { readonly packet: OutcomePacket; readonly isNew: boolean }[] = [];
  #onOutcome: OutcomeListener | null = null;
  readonly #ready: Promise<void>;
  #isGone = false;

  /** @param node the program of Node.js that it is to be */
  constructor(node: string, job: Job) {
    this.#child = spawn(node, ['--no-warnings', builtEntry('verify/process/main').pathname, job.role], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    living.add(this.#child);
    for (const stream of ['stdout', 'stderr'] as const) {
      (this.#child[stream] as Readable).on('data', (bytes: Buffer) => this.#raw.push({ stream, bytes }));
    }
    this.#channel = this.#child.stdio[3] as Duplex;
    const reader = new PacketReader<Report>();
    this.#channel.on('data', (piece: Buffer) => {
      for (const packet of reader.push(piece)) this.#take(packet);
    });
    // It may die while it is written to; that it is gone is seen when it closes.
    this.#channel.on('error', () => undefined);
    this.#child.on('error', () => this.#end());
    this.#child.on('close', () => this.#end());
    this.#send({ kind: 'job', job });
    this.#ready = this.#whenReady();
    this.#ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What was written past the streams of Node.js. */
  get raw(): readonly Written[] {
    return this.#raw.map(({ stream, bytes }) => [stream, bytes.toString('base64')]);
  }

  /** @param listen called when an effect has ended here, and when an outcome comes back from here that came too late */
  followOutcomes(listen: OutcomeListener): void {
    this.#onOutcome = listen;
    for (const { packet, isNew } of this.#outcomes.splice(0)) listen(packet, isNew);
  }

  async tell(command: Command, payload?: Uint8Array): Promise<void> {
    await this.#ready;
    if (command.kind === 'restore' || command.kind === 'start') this.residencies += 1;
    this.#send(command, payload);
  }

  /** The next report. @throws {RunFailedError} when it ended, or cannot do what it was told */
  async next(): Promise<Packet<Report>> {
    const packet = await this.#next();
    if (packet === null)
      throw new RunFailedError(`Process ${this.pid} ended without a word${this.#lastWords()}`);
    if (packet.message.kind === 'refused') throw new RunFailedError(packet.message.reason);
    return packet;
  }

  /** Ends it, whatever it does, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#isGone) return;
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    living.delete(this.#child);
  }

  /** Waits until it has ended by itself, and everything that it wrote is here. */
  async closed(): Promise<void> {
    if (!this.#isGone) await once(this.#child, 'close');
  }

  #send(command: Command, payload?: Uint8Array): void {
    this.#channel.write(encodePacket(command, payload));
  }

  async #whenReady(): Promise<void> {
    const { message } = await this.next();
    if (message.kind !== 'ready')
      throw new RunFailedError(`Process ${this.pid} began with '${message.kind}'.`);
  }

  #next(): Promise<Packet<Report> | null> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#isGone) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #take(packet: Packet<Report>): void {
    const { message, payload } = packet;
    if (message.kind === 'outcome') {
      const { sequence, generation, ok, isForwarded } = message;
      if (!isForwarded) this.effectsPending -= 1;
      const outcome: OutcomePacket = { message: { kind: 'outcome', sequence, generation, ok }, payload };
      if (this.#onOutcome === null) this.#outcomes.push({ packet: outcome, isNew: !isForwarded });
      else this.#onOutcome(outcome, !isForwarded);
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(packet);
    else waiting(packet);
  }

  #end(): void {
    this.#isGone = true;
    living.delete(this.#child);
    for (const waiting of this.#waiting.splice(0)) waiting(null);
  }

  #lastWords(): string {
    const { exitCode, signalCode } = this.#child;
    const text = Buffer.concat(this.#raw.map(({ bytes }) => bytes))
      .toString('utf8')
      .trim();
    return ` (${signalCode ?? `exit code ${String(exitCode)}`})${text === '' ? '.' : `: ${text.slice(-2_000)}`}`;
  }
}
