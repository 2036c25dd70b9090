import { GodwitError } from '../../core/errors.ts';
import { decode } from '../snapshot/index.ts';
import {
  type AsyncGeneratorForm,
  type CaptureOptions,
  type CombinatorForm,
  type ExecutionForm,
  form,
  type FrameForm,
  type GeneratorForm,
  type JobForm,
  type PromiseForm,
  type ReactionForm,
  type TimersForm,
} from './capture.ts';
import {
  asyncGeneratorState,
  type AsyncGeneratorState,
  blankAsyncGenerator,
  blankAsyncGeneratorPrototype,
} from './async-generators.ts';
import { AsyncIteration, type AsyncIterationState } from './async-iteration.ts';
import { Cursor, type CursorState } from './cursors.ts';
import {
  blankGenerator,
  blankGeneratorPrototype,
  blankState,
  generatorState,
  giveState,
  type GeneratorState,
} from './generators.ts';
import { Iteration, type IterationState } from './iteration.ts';
import { $ } from './gate.ts';
import { blankNamespace, blankRequire, fillNamespace, fillRequire } from './whole-modules.ts';
import type { Dealings } from './dealings.ts';
import type { DealingsState } from './dealings-state.ts';
import type { Execution } from './execution.ts';
import { blankResource, fillResource } from './resources.ts';
import { savedClasses } from './saved-classes.ts';
import { findLibraryMethod } from './library.ts';
import { createMovable, fillMovable } from './movable-values.ts';
import type { Combinator, Frame, Job, PromiseRecord, Reaction } from './method-code.ts';
import type { LoadedPackage } from './packages.ts';
import type { Beside } from './contract.ts';
import type { Promises } from './promises.ts';
import type { Due } from './timers.ts';

/** A snapshot that does not fit the code that is here. */
export class SnapshotMisfitError extends GodwitError {
  override readonly name = 'SnapshotMisfitError';
  readonly code = 'SNAPSHOT_MISFIT';
  readonly retryable = false;
}

const unsettled = { ok: true, value: undefined };

/** A snapshot that was read; its execution is completed once somebody has made one for it. */
export class ReadExecution {
  readonly root: ExecutionForm;
  readonly #promises: Promises;
  readonly #beside: Beside | null;
  readonly #asyncGenerators: (readonly [AsyncGeneratorState, AsyncGeneratorForm])[] = [];
  readonly #generators: (readonly [object, GeneratorForm])[] = [];
  readonly #forms: (readonly [PromiseRecord, PromiseForm])[] = [];
  readonly #movables: (readonly [value: object, kind: string, record: unknown])[] = [];
  readonly #combinators = new Map<CombinatorForm, Combinator>();

  /**
   * @param promises the new execution's own: promises come to life in it
   * @throws whatever `decode` throws, and {SnapshotMisfitError} for a form that is not known
   */
  constructor(bytes: Uint8Array, promises: Promises, options: CaptureOptions) {
    this.#promises = promises;
    this.#beside = options.beside;
    this.root = decode(bytes, {
      ...(options.platform === null ? {} : { host: options.platform.host }),
      classes: savedClasses,
      digest: options.digest,
      buffer: options.buffer,
      permanents: options.permanents,
      code: options.code,
      reviver: {
        create: (kind) => this.#create(kind),
        fill: (value, kind, record) => this.#fill(value, kind, record),
      },
    }) as ExecutionForm;
    if (this.root.form !== form) {
      throw new SnapshotMisfitError(
        `The execution's form is ${this.root.form}, this version reads ${form}. Run the same godwit version everywhere.`,
      );
    }
  }

  /** Puts everything in its place. @throws {SnapshotMisfitError} when methods are unknown or have other code */
  complete(execution: Execution, dealings: Dealings, loaded: LoadedPackage): void {
    const { root } = this;
    for (const [record, written] of this.#forms) this.#settle(record, written, loaded);
    for (const [generator, { phase, frame, queue }] of this.#asyncGenerators) {
      const asked = queue.map((request) => ({ ...request, record: this.#record(request.record) }));
      generator.fill(phase, frame === null ? null : this.#frame(frame, loaded), asked);
    }
    for (const [generator, { phase, frame }] of this.#generators) {
      const state = generatorState(generator) as GeneratorState;
      state.fill(phase, frame === null ? null : this.#frame(frame, loaded));
    }
    execution.templates = root.templates;
    execution.stack = root.stack.map((frame) => this.#frame(frame, loaded));
    execution.injection = root.injection;
    // Settling has queued nothing: what was queued at the capture is all there is.
    execution.promises.jobs.push(...root.jobs.map((job) => this.#job(job, loaded)));
    execution.root = root.root === null ? null : this.#record(root.root);
    for (const promise of root.unhandled) execution.promises.unhandled.add(this.#record(promise));
    const { dealings: written } = root;
    const holding = <T extends { readonly record: Promise<unknown> }>(list: readonly T[]) =>
      list.map((entry) => ({ ...entry, record: this.#record(entry.record) }));
    const state: DealingsState = {
      ...written,
      effects: { ledger: written.effects.ledger, awaited: holding(written.effects.awaited) },
      sends: holding(written.sends),
      children: holding(written.children),
      receivers: written.receivers.map((promise) => this.#record(promise)),
    };
    dealings.restore(state);
    execution.crash = root.crash;
    this.#beside?.restore(root.beside);
    execution.turns.restore(root.turns);
    execution.timers.restore({
      ...root.timers,
      pending: root.timers.pending.map(({ atMs, order, due }) => ({ atMs, order, due: this.#due(due) })),
    });
    for (const [value, kind, record] of this.#movables) {
      if (kind === 'resource') this.#resource(value, record, execution);
      else fillMovable(value, kind, record, execution);
    }
  }

  #due({ kind, of }: TimersForm['pending'][number]['due']): Due {
    return kind === 'sleep' ? { kind, record: this.#record(of as Promise<unknown>) } : { kind, timeout: of };
  }

  #resource(value: object, record: unknown, execution: Execution): void {
    if (!fillResource(value, record)) {
      throw new SnapshotMisfitError(
        'The snapshot holds a resource of a kind that this package does not have.',
      );
    }
    execution.resources.add(value);
  }

  #create(kind: string): object {
    if (kind === 'resource') return blankResource();
    if (kind === 'cursor' || kind === 'sharedCursor') return Cursor.blank();
    if (kind === 'iteration') return Iteration.blank();
    if (kind === 'generator') return blankGenerator();
    if (kind === 'generatorState') return blankState();
    if (kind === 'generatorPrototype') return blankGeneratorPrototype();
    if (kind === 'asyncGenerator') return blankAsyncGenerator();
    if (kind === 'asyncGeneratorPrototype') return blankAsyncGeneratorPrototype();
    if (kind === 'asyncIteration') return AsyncIteration.blank();
    if (kind === 'namespace') return blankNamespace();
    if (kind === 'require') return blankRequire();
    if (kind === 'promise') return this.#promises.create('').promise;
    const movable = createMovable(kind);
    if (movable !== null) return movable;
    throw new SnapshotMisfitError(`The snapshot holds a '${kind}', which this version does not know.`);
  }

  #fill(value: object, kind: string, record: unknown): void {
    if (kind === 'cursor') (value as Cursor).fill(record as CursorState);
    else if (kind === 'sharedCursor')
      (value as Cursor).share((record as { readonly iterator: Iterator<unknown> }).iterator);
    else if (kind === 'iteration') (value as Iteration).fill(record as IterationState);
    else if (kind === 'generator') this.#generators.push([value, record as GeneratorForm]);
    else if (kind === 'generatorState')
      giveState((record as { readonly generator: object }).generator, value as GeneratorState);
    else if (kind === 'generatorPrototype' || kind === 'asyncGeneratorPrototype') return;
    else if (kind === 'asyncIteration') (value as AsyncIteration).fill(record as AsyncIterationState);
    else if (kind === 'asyncGenerator')
      this.#asyncGenerators.push([
        asyncGeneratorState(value) as AsyncGeneratorState,
        record as AsyncGeneratorForm,
      ]);
    else if (kind === 'require') fillRequire(value, record as Parameters<typeof fillRequire>[1]);
    else if (kind === 'namespace')
      fillNamespace(value, record as Parameters<typeof fillNamespace>[1], $.unset);
    else if (kind === 'promise')
      this.#forms.push([this.#record(value as Promise<unknown>), record as PromiseForm]);
    else this.#movables.push([value, kind, record]);
  }

  #settle(record: PromiseRecord, written: PromiseForm, loaded: LoadedPackage): void {
    record.waitsFor = written.waitsFor;
    record.handled = true;
    if (written.state !== 'pending')
      this.#promises.settle(record, written.state === 'fulfilled', written.value);
    record.handled = written.handled;
    record.reactions = written.reactions.map((reaction) => this.#reaction(reaction, loaded));
  }

  #record(promise: Promise<unknown>): PromiseRecord {
    const record = this.#promises.recordOf(promise);
    if (record === null)
      throw new SnapshotMisfitError('The snapshot refers to a promise that it does not hold.');
    return record;
  }

  #frame(written: FrameForm, loaded: LoadedPackage): Frame {
    const method = loaded.methods.get(written.method) ?? findLibraryMethod(written.method);
    if (method === null || method.resume === null) {
      throw new SnapshotMisfitError(
        `The snapshot runs ${written.method}, which package ${loaded.hash} does not have. Install the same package.`,
      );
    }
    const { meta } = method;
    if (meta.code !== written.code) {
      throw new SnapshotMisfitError(
        `The snapshot runs ${written.method} with code ${written.code}, this host has ${meta.code}. ` +
          'Install the same package.',
      );
    }
    if (written.vars.length !== meta.layout.length || meta.sites[written.pc - 1] === undefined) {
      throw new SnapshotMisfitError(`A frame of ${written.method} does not fit the method's layout.`);
    }
    const task =
      written.task === null
        ? null
        : (generatorState(written.task) ??
          asyncGeneratorState(written.task) ??
          this.#record(written.task as Promise<unknown>));
    return { method, pc: written.pc, vars: written.vars, task, made: written.made };
  }

  #reaction(written: ReactionForm, loaded: LoadedPackage): Reaction {
    if (written.kind === 'resume')
      return { kind: 'resume', frame: this.#frame(written.frame, loaded), ...unsettled };
    if (written.kind === 'pass') {
      const { ok, value, into } = written;
      return { kind: 'pass', after: { ok, value }, into: this.#record(into), ...unsettled };
    }
    if (written.kind !== 'element')
      return { ...written, into: this.#record(written.into), ...unsettled } as Reaction;
    const known = this.#combinators.get(written.of);
    const of = known ?? { ...written.of, into: this.#record(written.of.into) };
    this.#combinators.set(written.of, of);
    return { kind: 'element', of, index: written.index, ...unsettled };
  }

  #job(written: JobForm, loaded: LoadedPackage): Job {
    if (written.kind === 'react') {
      const { ok, value } = written;
      return { ...this.#reaction(written.reaction, loaded), ok, value };
    }
    if (written.kind === 'follow') {
      return { kind: 'follow', from: this.#record(written.from), into: this.#record(written.into) };
    }
    if (written.kind === 'thenable') return { ...written, into: this.#record(written.into) };
    if (written.kind === 'again') return { ...written, frame: this.#frame(written.frame, loaded) };
    return written;
  }
}
