import { once } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LaneAnswer } from '../../src/actors/lane-board.ts';
import { LaneBoard } from '../../src/actors/lane-board.ts';
import { SystemClock } from '../../src/clock.ts';
import type { Tenure } from '../../src/core/execution.ts';
import { epoch, executionId, generation, incarnationId, laneIndex, methodId } from '../../src/core/ids.ts';
import { SystemDigest } from '../../src/digest.ts';
import { builtEntry } from '../../src/entries.ts';
import type { Capture, InstalledPackage } from '../../src/lanes/contract.ts';
import { laneDefaults } from '../../src/lanes/contract.ts';
import { noDeadlineMs } from '../../src/lanes/shared.ts';
import { encodeArgs } from '../../src/methods/runtime/index.ts';
import { SystemRandom } from '../../src/random.ts';
import { nativeImport } from '../lanes/native-import.ts';
import { installFixtures, removeFixtures } from '../lanes/package-fixture.ts';

// Promise 5 and rule 12 of docs/semantics.md: a drain waits for the effects that run on its host, whichever stay of their execution has started them.

const { startInlineLane } = (await nativeImport(
  builtEntry('lanes/inline').href,
)) as typeof import('../../src/lanes/inline.ts');

const lanePorts = {
  clock: new SystemClock(),
  digest: new SystemDigest(),
  random: new SystemRandom(),
  defer: (task: () => void) => void setImmediate(task),
};

const execution = executionId('x-1');
const stay = (number: number): Tenure => ({ execution, epoch: epoch(number), generation: generation(1) });

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installFixtures();
});
afterAll(() => removeFixtures(installed));

/** A host's board with two lanes, and what moves would ask of it. */
class Host {
  readonly board: LaneBoard;
  #outcome: () => void = () => undefined;
  readonly #gate: BroadcastChannel;

  constructor(gate: string) {
    this.#gate = new BroadcastChannel(gate);
    const listener = { onReport: (report: { readonly kind: string }) => this.#report(report.kind) };
    const ignored = { onLost: () => undefined, onEffectsLost: () => undefined };
    this.board = new LaneBoard(2, { ...listener, ...ignored }, () => 0);
    for (const index of [laneIndex(0), laneIndex(1)]) {
      const options = { ...laneDefaults, incarnation: incarnationId('h1.1'), index, tracePeriodMs: 0 };
      const lane = startInlineLane(
        options,
        lanePorts,
        this.board.listener(index, () => undefined),
      );
      this.board.attach(lane);
    }
    this.board.extendLease(noDeadlineMs, noDeadlineMs);
  }

  #report(kind: string): void {
    if (kind === 'effectOutcome') this.#outcome();
  }

  /** Its effect waits at the gate when this resolves. */
  async start(): Promise<void> {
    const lane = this.board.assign(execution);
    await this.board.install(lane, installed);
    const method = { package: installed.hash, method: methodId('methods.ts#gated') };
    const waiting = once(this.#gate, 'message');
    const args = encodeArgs([this.#gate.name]);
    this.board.post(execution, { kind: 'start', tenure: stay(1), method, args, durable: false });
    this.board.post(execution, { kind: 'run', tenure: stay(1) });
    await waiting;
  }

  ask(kind: 'freeze' | 'inspect'): Promise<LaneAnswer> {
    return new Promise((resolve) => this.board.request(execution, kind, resolve));
  }

  /** @returns its last capture here */
  async leave(): Promise<Capture> {
    const answer = await this.ask('freeze');
    if (answer.kind !== 'frozen') throw new Error(`it was to freeze, and is ${answer.kind}`);
    // Commands are carried out in order: what the board itself has asked is answered by then.
    await this.ask('inspect');
    this.board.post(execution, { kind: 'discard', execution });
    this.board.release(execution);
    return answer.capture;
  }

  async comeBack({ bytes }: Capture, tenure: Tenure): Promise<void> {
    const lane = this.board.assign(execution);
    await this.board.install(lane, installed);
    this.board.post(execution, { kind: 'restore', tenure, snapshot: bytes });
    this.board.post(execution, { kind: 'run', tenure });
  }

  openGate(): Promise<void> {
    const ended = new Promise<void>((resolve) => (this.#outcome = resolve));
    this.#gate.postMessage('on you go');
    return ended;
  }

  async stop(): Promise<void> {
    this.#gate.close();
    await Promise.all(this.board.lanes().map((lane) => lane.stop()));
  }
}

test.each([0, 1])('an effect of an earlier stay is waited for, the later one on lane %i', async (later) => {
  const host = new Host(`gate-${later}`);
  await host.start();
  const first = await host.leave();
  expect(first.effectsPending).toBe(1);
  expect(host.board.effectsLeftBehind).toEqual(['pass']);
  // Whoever stands on the other lane makes it take the one that is wanted.
  if (later === 1) host.board.assign(executionId('x-other'));
  await host.comeBack(first, stay(3));
  expect(host.board.laneOf(execution)).toBe(later);
  expect(host.board.effectsLeftBehind).toEqual([]);
  const second = await host.leave();
  expect(second.effectsPending).toBe(0);
  expect(host.board.effectsLeftBehind).toEqual(['pass']);
  await host.openGate();
  expect(host.board.effectsLeftBehind).toEqual([]);
  await host.stop();
});
