import {
  epoch,
  type ExecutionId,
  executionId,
  generation,
  incarnationId,
  laneIndex,
  methodId,
  packageHash,
} from '../../src/core/ids.ts';
import type { Lane, LaneEvent } from '../../src/lanes/contract.ts';
import { laneDefaults } from '../../src/lanes/contract.ts';
import { noDeadlineMs } from '../../src/lanes/shared.ts';
import { startThreadedLane } from '../../src/lanes/threaded.ts';
import { decodeResult, encodeArgs } from '../../src/methods/runtime/index.ts';

export interface InstalledProgram {
  /** Hash of the package. */
  readonly package: string;
  /** Where it is installed. */
  readonly folder: string;
}

/** An execution that was started so long ago is in the middle of its first call. */
const startedMs = 3;
const answers: ReadonlySet<LaneEvent['kind']> = new Set(['checkpointed', 'pinned', 'absent']);

/** A lane as hosts start them, with one package, and one execution at a time. */
export class MovableLane {
  readonly #lane: Lane;
  readonly #fail: (reason: string) => void;
  #take: (event: LaneEvent) => void = () => undefined;
  #package = '';
  #count = 0;
  #onCaptured: (answer: LaneEvent['kind']) => void = () => undefined;

  /** @param fail called with what went wrong; what was waited for then never comes */
  constructor(fail: (reason: string) => void) {
    this.#fail = fail;
    this.#lane = startThreadedLane(
      { incarnation: incarnationId('bench.1'), index: laneIndex(0), ...laneDefaults },
      {
        onEvent: (event) => this.#take(event),
        onExit: (error) => fail(`the lane ended: ${error.stack ?? error.message}`),
      },
    );
    this.#lane.extendLease(noDeadlineMs, noDeadlineMs);
  }

  async install({ package: hash, folder }: InstalledProgram): Promise<void> {
    this.#package = hash;
    const installed = this.#until('installed');
    this.#lane.post({ kind: 'install', package: { hash: packageHash(hash), folder } });
    await installed;
  }

  /**
   * One execution, to its end.
   *
   * @param isCaptured once, soon after its start
   * @returns its result
   */
  async run(method: string, args: readonly unknown[], isCaptured = false): Promise<unknown> {
    this.#count += 1;
    const execution = executionId(`x-${this.#count}`);
    const tenure = { execution, epoch: epoch(1), generation: generation(1) };
    const ref = { package: packageHash(this.#package), method: methodId(method) };
    const settled = this.#until('settled');
    this.#lane.post({ kind: 'start', tenure, method: ref, args: encodeArgs(args), durable: false });
    this.#lane.post({ kind: 'run', tenure });
    const captured = isCaptured ? this.#capture(execution) : Promise.resolve(true);
    const { settlement } = await settled;
    if (!(await captured)) this.#fail('it ended before it could be captured');
    if (settlement.kind === 'threw') this.#fail(settlement.stack);
    this.#lane.post({ kind: 'discard', execution });
    return decodeResult(settlement.value);
  }

  /** Once it runs. @returns whether that came before its end */
  async #capture(execution: ExecutionId): Promise<boolean> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, startedMs));
      const answer = await new Promise<LaneEvent['kind']>((resolve) => {
        this.#onCaptured = resolve;
        this.#lane.post({ kind: 'checkpoint', execution, request: this.#count });
      });
      if (answer !== 'pinned') return answer === 'checkpointed';
    }
  }

  stop(): Promise<void> {
    return this.#lane.stop();
  }

  #until<K extends LaneEvent['kind']>(kind: K): Promise<Extract<LaneEvent, { readonly kind: K }>> {
    return new Promise((resolve) => {
      this.#take = (event) => {
        if (answers.has(event.kind)) this.#onCaptured(event.kind);
        if (event.kind === 'installFailed' || event.kind === 'restoreFailed') this.#fail(event.reason);
        if (event.kind === kind) resolve(event as Extract<LaneEvent, { readonly kind: K }>);
      };
    });
  }
}
