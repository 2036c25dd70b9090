import { messageOf } from '../../core/errors.ts';
import type { Pin } from '../../core/inspection.ts';
import {
  type CodeTable,
  encode,
  type PathStep,
  pathText,
  type Permanents,
  UnserialisableError,
} from '../snapshot/index.ts';
import type { BufferClass } from '../snapshot/index.ts';
import type { Digest } from '../../core/ports.ts';
import {
  asyncGeneratorState,
  type AsyncGeneratorPhase,
  isAsyncGeneratorPrototype,
} from './async-generators.ts';
import { AsyncIteration } from './async-iteration.ts';
import type { Beside, Platform } from './contract.ts';
import { Cursor } from './cursors.ts';
import type { Dealings } from './dealings.ts';
import type { DealingsState } from './dealings-state.ts';
import type { Execution } from './execution.ts';
import type { Combinator, Frame, Job, PromiseRecord, Reaction } from './method-code.ts';
import { isReaction } from './promise-records.ts';
import { asSeen } from './own-record.ts';
import { movableRecord } from './movable-values.ts';
import { type GeneratorPhase, generatorState, GeneratorState, isGeneratorPrototype } from './generators.ts';
import { Iteration } from './iteration.ts';
import { namespaceState, requireState } from './whole-modules.ts';
import { resourceRecord } from './resources.ts';
import { savedClasses } from './saved-classes.ts';
import { lineOf } from './stack-text.ts';
import type { TimersState } from './timers.ts';
import type { TurnsState } from './turns.ts';

/** Raised with every change of the form below. */
export const form = 6;

export interface FrameForm {
  readonly method: string;
  readonly code: string;
  readonly pc: number;
  readonly vars: readonly unknown[];
  readonly task: object | null;
  readonly made: object | null;
}

export interface CombinatorForm {
  readonly kind: Combinator['kind'];
  readonly into: Promise<unknown>;
  readonly values: unknown[];
  readonly remaining: number;
}

type Into<T> = T extends { readonly into: PromiseRecord }
  ? Omit<T, 'into'> & { readonly into: Promise<unknown> }
  : never;

export interface AsyncGeneratorForm {
  readonly phase: AsyncGeneratorPhase;
  readonly frame: FrameForm | null;
  readonly queue: readonly {
    readonly mode: number;
    readonly value: unknown;
    readonly record: Promise<unknown>;
  }[];
}

export interface GeneratorForm {
  readonly phase: GeneratorPhase;
  readonly frame: FrameForm | null;
}

export type ReactionForm =
  | { readonly kind: 'resume'; readonly frame: FrameForm }
  | { readonly kind: 'element'; readonly of: CombinatorForm; readonly index: number }
  | { readonly kind: 'pass'; readonly ok: boolean; readonly value: unknown; readonly into: Promise<unknown> }
  | Omit<Into<Extract<Reaction, { readonly kind: 'adopt' | 'call' | 'finally' }>>, 'ok' | 'value'>;

export type JobForm =
  | Extract<Job, { readonly kind: 'start' | 'callback' | 'timeout' }>
  | { readonly kind: 'react'; readonly reaction: ReactionForm; readonly ok: boolean; readonly value: unknown }
  | { readonly kind: 'follow'; readonly from: Promise<unknown>; readonly into: Promise<unknown> }
  | Into<Extract<Job, { readonly kind: 'thenable' }>>
  | { readonly kind: 'again'; readonly frame: FrameForm; readonly sequence: number };

export interface TimersForm extends Omit<TimersState, 'pending'> {
  readonly pending: readonly {
    readonly atMs: number;
    readonly order: number;
    /** The promise of a `sleep`, or the object that `setTimeout` returned. */
    readonly due: { readonly kind: 'sleep' | 'timeout'; readonly of: object };
  }[];
}

export interface PromiseForm {
  readonly state: PromiseRecord['state'];
  readonly value: unknown;
  readonly handled: boolean;
  readonly reactions: readonly ReactionForm[];
  readonly waitsFor: string;
}

/** An execution as one graph of data: frames, jobs, promises and heap in one piece, so that what they share stays shared. */
export interface ExecutionForm {
  readonly form: number;
  readonly package: string;
  readonly method: string;
  readonly templates: Map<string, object>;
  readonly stack: readonly FrameForm[];
  readonly injection: { readonly ok: boolean; readonly value: unknown };
  readonly jobs: readonly JobForm[];
  readonly root: Promise<unknown> | null;
  readonly unhandled: readonly Promise<unknown>[];
  readonly crash: { readonly error: unknown } | null;
  readonly turns: TurnsState;
  readonly timers: TimersForm;
  readonly dealings: DealingsForm;
  /** What its runtime keeps beside it; null where nothing is. */
  readonly beside: unknown;
}

/** Dealings with promises in place of their records. */
export interface DealingsForm extends Omit<DealingsState, 'effects' | 'children' | 'receivers' | 'sends'> {
  readonly effects: {
    readonly ledger: DealingsState['effects']['ledger'];
    readonly awaited: readonly Holding<DealingsState['effects']['awaited'][number]>[];
  };
  readonly sends: readonly Holding<DealingsState['sends'][number]>[];
  readonly children: readonly Holding<DealingsState['children'][number]>[];
  readonly receivers: readonly Promise<unknown>[];
}

type Holding<T> = Omit<T, 'record'> & { readonly record: Promise<unknown> };

export interface CaptureOptions {
  readonly digest: Digest;
  readonly buffer: BufferClass;
  readonly platform: Platform | null;
  readonly beside: Beside | null;
  readonly bytesMax: number;
  readonly permanents: Permanents;
  readonly code: CodeTable;
}

export type Captured =
  { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'pinned'; readonly pin: Pin };

/** Writes an execution that is at rest. */
export function captureExecution(
  execution: Execution,
  dealings: Dealings,
  options: CaptureOptions,
): Captured {
  const foreign = [...execution.promises.foreign][0];
  if (foreign !== undefined) return { kind: 'pinned', pin: pinOfForeign(execution, foreign) };
  const writer = new FormWriter(execution);
  const root: ExecutionForm = {
    ...writer.execution(dealings.capture()),
    beside: options.beside?.capture() ?? null,
  };
  try {
    const bytes = encode(root, {
      ...options.platform,
      classes: savedClasses,
      digest: options.digest,
      buffer: options.buffer,
      permanents: options.permanents,
      code: options.code,
      sizeLimitBytes: options.bytesMax,
      foreignErrors: 'nearest',
      external: (value) => writer.external(value),
    });
    return { kind: 'bytes', bytes };
  } catch (error) {
    if (error instanceof UnserialisableError) return { kind: 'pinned', pin: writer.pin(root, error) };
    const { meta } = execution.method;
    const reason = `pinned: ${messageOf(error)}`;
    return { kind: 'pinned', pin: { reason, method: meta.id, line: meta.line, path: '' } };
  }
}

function pinOfForeign(execution: Execution, foreign: PromiseRecord): Pin {
  const waiting = foreign.reactions.find((reaction) => reaction.kind === 'resume');
  const frame = waiting?.kind === 'resume' ? waiting.frame : null;
  const meta = (frame ?? execution).method.meta;
  const line = frame === null ? meta.line : lineOf(frame);
  return {
    reason:
      `pinned: ${meta.path}:${line} awaits a promise from outside, which cannot move before it settles. ` +
      `Write: await effect('…', {}, () => …)`,
    method: meta.id,
    line,
    path: '',
  };
}

class FormWriter {
  readonly #execution: Execution;
  readonly #frames = new Map<object, Frame>();
  readonly #promises = new Map<object, PromiseForm>();
  readonly #combinators = new Map<Combinator, CombinatorForm>();

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  execution(dealings: DealingsState): Omit<ExecutionForm, 'beside'> {
    const { promises, stack, injection, root, ref, crash, turns } = this.#execution;
    return {
      form,
      package: ref.package,
      method: ref.method,
      templates: this.#execution.templates,
      stack: stack.map((frame) => this.#frame(frame)),
      injection: { ...injection },
      jobs: [...promises.jobs].map((job) => this.#job(job)),
      root: root?.promise ?? null,
      unhandled: [...promises.unhandled].map(({ promise }) => promise),
      crash,
      turns: turns.capture(),
      timers: this.#timers(),
      dealings: {
        ...dealings,
        effects: {
          ledger: dealings.effects.ledger,
          awaited: dealings.effects.awaited.map(({ sequence, record }) => ({
            sequence,
            record: record.promise,
          })),
        },
        children: dealings.children.map((child) => ({ ...child, record: child.record.promise })),
        receivers: dealings.receivers.map(({ promise }) => promise),
        sends: dealings.sends.map((send) => ({ ...send, record: send.record.promise })),
      },
    };
  }

  external(value: object): { readonly kind: string; readonly record: unknown } | null {
    const generator = generatorState(value);
    if (generator !== null) {
      const frame = generator.pc < 0 ? null : this.#frame(generator);
      return { kind: 'generator', record: { phase: generator.phase, frame } };
    }
    if (value instanceof GeneratorState)
      return { kind: 'generatorState', record: { generator: value.object } };
    const require = requireState(value);
    if (require !== null) return { kind: 'require', record: require };
    const namespace = namespaceState(value);
    if (namespace !== null) return { kind: 'namespace', record: namespace };
    const asynchronous = asyncGeneratorState(value);
    if (asynchronous !== null) {
      const { phase, stands, queue } = asynchronous;
      const record: AsyncGeneratorForm = {
        phase,
        frame: stands ? this.#frame(asynchronous) : null,
        queue: queue.map((asked) => ({ ...asked, record: asked.record.promise })),
      };
      return { kind: 'asyncGenerator', record };
    }
    if (isAsyncGeneratorPrototype(value)) return { kind: 'asyncGeneratorPrototype', record: null };
    if (value instanceof AsyncIteration) return { kind: 'asyncIteration', record: value.state };
    if (isGeneratorPrototype(value)) return { kind: 'generatorPrototype', record: null };
    if (value instanceof Iteration) return { kind: 'iteration', record: value.state };
    const record = this.#execution.promises.recordOf(value);
    if (record !== null) return { kind: 'promise', record: this.#promise(record) };
    if (value instanceof Cursor) {
      // One that the program holds as well has to stay the same one.
      const { shared } = value;
      return shared === null
        ? { kind: 'cursor', record: value.capture() }
        : { kind: 'sharedCursor', record: { iterator: shared } };
    }
    return resourceRecord(value) ?? movableRecord(value, this.#execution);
  }

  #timers(): TimersForm {
    const { pending, ...state } = this.#execution.timers.capture();
    return {
      ...state,
      pending: pending.map(({ atMs, order, due }) => ({
        atMs,
        order,
        due: { kind: due.kind, of: due.kind === 'sleep' ? due.record.promise : due.timeout },
      })),
    };
  }

  #promise(record: PromiseRecord): PromiseForm {
    const { state, value, handled, waitsFor } = record;
    const reactions = record.reactions.map((reaction) => this.#reaction(reaction));
    const written: PromiseForm = { state, value, handled, reactions, waitsFor };
    this.#promises.set(record.promise, written);
    return written;
  }

  #frame(frame: Frame): FrameForm {
    const { meta } = frame.method;
    const live = new Set(meta.sites[frame.pc - 1]?.[2]);
    const vars = meta.layout.map((_, index) => (live.has(index) ? asSeen(frame.vars[index]) : undefined));
    const written = {
      method: meta.id,
      code: meta.code,
      pc: frame.pc,
      vars,
      task: frame.task === null ? null : 'promise' in frame.task ? frame.task.promise : frame.task.object,
      made: frame.made,
    };
    this.#frames.set(written, frame);
    return written;
  }

  #reaction(reaction: Reaction): ReactionForm {
    if (reaction.kind === 'resume') return { kind: 'resume', frame: this.#frame(reaction.frame) };
    if (reaction.kind === 'pass') return { kind: 'pass', ...reaction.after, into: reaction.into.promise };
    if (reaction.kind !== 'element') {
      const { ok: _ok, value: _value, ...form } = reaction;
      return { ...form, into: reaction.into.promise };
    }
    const { of, index } = reaction;
    const known = this.#combinators.get(of);
    const written = known ?? {
      kind: of.kind,
      into: of.into.promise,
      values: of.values,
      remaining: of.remaining,
    };
    this.#combinators.set(of, written);
    return { kind: 'element', of: written, index };
  }

  #job(job: Job): JobForm {
    if (isReaction(job)) {
      return { kind: 'react', reaction: this.#reaction(job), ok: job.ok, value: job.value };
    }
    if (job.kind === 'follow') return { kind: 'follow', from: job.from.promise, into: job.into.promise };
    if (job.kind === 'thenable') return { ...job, into: job.into.promise };
    if (job.kind === 'again') return { ...job, frame: this.#frame(job.frame) };
    return job;
  }

  /** Says which variable of which method holds what cannot be written. */
  pin(root: ExecutionForm, error: UnserialisableError): Pin {
    let at: unknown = root;
    let frame: Frame | null = null;
    let rest: readonly PathStep[] = error.steps;
    error.steps.forEach((step, index) => {
      at = follow(at, step, this.#promises);
      const found = typeof at === 'object' && at !== null ? this.#frames.get(at) : undefined;
      if (found === undefined) return;
      frame = found;
      rest = error.steps.slice(index + 1);
    });
    return pinText(this.#execution, frame, rest, error.description);
  }
}

/** As far as a path leads through forms; below them only its text matters. */
function follow(at: unknown, step: PathStep, promises: ReadonlyMap<object, PromiseForm>): unknown {
  if (typeof at !== 'object' || at === null) return undefined;
  if (step.kind === 'record') return promises.get(at);
  if (step.kind === 'property') return (at as Record<PropertyKey, unknown>)[step.key];
  if (step.kind === 'element') return (at as readonly unknown[])[step.index];
  return undefined;
}

function pinText(
  execution: Execution,
  frame: Frame | null,
  rest: readonly PathStep[],
  description: string,
): Pin {
  const [head, slot, ...below] = rest;
  const meta = (frame ?? execution).method.meta;
  const line = frame === null ? meta.line : lineOf(frame);
  const isVariable =
    frame !== null && head?.kind === 'property' && head.key === 'vars' && slot?.kind === 'element';
  const name = isVariable ? (meta.layout[slot.index] ?? '') : '';
  const inner = isVariable ? below : rest;
  const steps: readonly PathStep[] =
    name === '' ? inner : [{ kind: 'property', key: name }, ...withoutBox(inner)];
  const path = pathText(steps);
  const subject = path === '' ? `a value (${description})` : `'${path}' (${description})`;
  return {
    reason:
      `pinned: ${meta.path}:${line} ${subject} is live. ` +
      `Write: keep it inside await effect('…', {}, () => …), and only data outside`,
    method: meta.id,
    line,
    path,
  };
}

/** A variable that functions share lives in a box, which its author never wrote. */
function withoutBox(steps: readonly PathStep[]): readonly PathStep[] {
  const [first] = steps;
  return first?.kind === 'property' && first.key === 'v' ? steps.slice(1) : steps;
}
