import { expect, test } from 'vitest';
import { $ } from '../../../src/methods/runtime/gate.ts';
import type { AnyFunction } from '../../../src/methods/runtime/method-code.ts';
import { awaitMovably, BareExecution } from './bare-execution.ts';
import { chance } from './workshop.ts';

/** What a program does its work with: the language's own functions, or the runtime's. */
interface World {
  readonly promise: Record<string, AnyFunction>;
  deferred(): { promise: Promise<unknown>; resolve: AnyFunction; reject: AnyFunction };
  member(promise: Promise<unknown>, name: 'then' | 'catch' | 'finally'): AnyFunction;
  awaits(value: unknown, then: (ok: boolean, value: unknown) => unknown): unknown;
  readonly queueMicrotask: AnyFunction;
  readonly nextTick: AnyFunction;
  readonly setImmediate: AnyFunction;
}

const nativeWorld: World = {
  promise: {
    all: (list) => Promise.all(list as []),
    allSettled: (list) => Promise.allSettled(list as []),
    any: (list) => Promise.any(list as []),
    race: (list) => Promise.race(list as []),
    resolve: (value) => Promise.resolve(value),
    reject: (value) => Promise.reject(value),
  },
  deferred: () => {
    const parts: { resolve?: AnyFunction; reject?: AnyFunction } = {};
    const promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
    return { promise, ...(parts as { resolve: AnyFunction; reject: AnyFunction }) };
  },
  member: (promise, name) => promise[name] as AnyFunction,
  awaits: async (value, then) => {
    let found: unknown;
    try {
      found = await value;
    } catch (error) {
      return then(false, error);
    }
    return then(true, found);
  },
  queueMicrotask: queueMicrotask as AnyFunction,
  nextTick: process.nextTick.bind(process) as AnyFunction,
  setImmediate: setImmediate as unknown as AnyFunction,
};

const movableWorld: World = {
  promise: $.promise,
  deferred: () => $.deferred(),
  member: (promise, name) => $.member(promise, name) as AnyFunction,
  awaits: awaitMovably,
  queueMicrotask: $.queueMicrotask,
  nextTick: $.process.nextTick,
  setImmediate: $.setImmediate,
};

/** Plain Node: the language's promises, and asynchronous bodies as the compiler makes them, outside of executions. */
const ambientWorld: World = { ...nativeWorld, awaits: awaitMovably };

/** A random program: the same seed makes the same choices in both worlds, as long as they go the same way. */
class Program {
  readonly log: string[] = [];
  readonly #world: World;
  readonly #random: () => number;
  readonly #promises: Promise<unknown>[] = [];
  readonly #deferreds: ReturnType<World['deferred']>[] = [];
  #left = 60;
  #names = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = chance(seed);
  }

  main(): void {
    for (let act = 0; act < 12; act += 1) this.#act();
    this.log.push('end of main');
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #known<T>(list: readonly T[]): T | null {
    return list.length === 0 ? null : (list[this.#below(list.length)] as T);
  }

  /** Watches a promise, so that none is left without a handler. */
  #keep(promise: unknown): unknown {
    if (!(promise instanceof Promise)) return promise;
    this.#names += 1;
    const name = `p${this.#names}`;
    this.#promises.push(promise);
    this.#world.member(promise, 'then').call(
      promise,
      (value: unknown) => void this.log.push(`${name} ok ${text(value)}`),
      (reason: unknown) => void this.log.push(`${name} failed ${text(reason)}`),
    );
    return promise;
  }

  #value(): unknown {
    const name = `v${(this.#names += 1)}`;
    switch (this.#below(8)) {
      case 0:
      case 1:
      case 2:
        return this.#known(this.#promises) ?? name;
      case 3:
        return this.#thenable(name);
      case 4:
        return { name };
      case 5:
        return this.#keep(this.#world.promise['reject']?.(name));
      default:
        return name;
    }
  }

  #thenable(name: string): object {
    const how = this.#below(4);
    return {
      // oxlint-disable-next-line unicorn/no-thenable
      then: (resolve: AnyFunction, reject: AnyFunction) => {
        this.log.push(`then of ${name}`);
        if (how === 0) throw name;
        if (how === 1) reject(name);
        else resolve(how === 2 ? name : (this.#known(this.#promises) ?? name));
        if (this.#below(2) === 0) reject('too late');
      },
    };
  }

  #callback(what: string): AnyFunction {
    const name = `${what}${(this.#names += 1)}`;
    return (...args) => {
      this.log.push(`${name}(${args.map(text).join()})`);
      for (let acts = this.#below(3); acts > 0; acts -= 1) this.#act();
      if (this.#below(5) === 0) throw `thrown by ${name}`;
      return this.#value();
    };
  }

  /** One whose errors would end the program. */
  #harmless(what: string): AnyFunction {
    const callback = this.#callback(what);
    return (...args) => {
      try {
        callback(...args);
      } catch (error) {
        this.log.push(`caught ${text(error)}`);
      }
    };
  }

  #act(): void {
    if (this.#left === 0) return;
    this.#left -= 1;
    const world = this.#world;
    const promise = this.#known(this.#promises);
    switch (this.#below(13)) {
      case 0: {
        const deferred = world.deferred();
        this.#deferreds.push(deferred);
        return void this.#keep(deferred.promise);
      }
      case 1:
      case 2: {
        const deferred = this.#known(this.#deferreds);
        return void (this.#below(4) === 0
          ? deferred?.reject(this.#value())
          : deferred?.resolve(this.#value()));
      }
      case 3:
      case 4: {
        if (promise === null) return;
        const fulfilled = this.#below(4) === 0 ? undefined : this.#callback('ok');
        const rejected = this.#below(2) === 0 ? undefined : this.#callback('failed');
        return void this.#keep(world.member(promise, 'then').call(promise, fulfilled, rejected));
      }
      case 5:
        if (promise !== null)
          this.#keep(world.member(promise, 'catch').call(promise, this.#callback('catch')));
        return;
      case 6:
        if (promise !== null)
          this.#keep(world.member(promise, 'finally').call(promise, this.#callback('finally')));
        return;
      case 7: {
        const name = ['all', 'allSettled', 'any', 'race'][this.#below(4)] as string;
        const list = Array.from({ length: this.#below(4) }, () => this.#value());
        return void this.#keep(world.promise[name]?.(list));
      }
      case 8:
        return void this.#keep(world.promise['resolve']?.(this.#value()));
      case 9:
        return void this.#keep(
          world.awaits(this.#value(), (ok, value) => this.#callback(ok ? 'got' : 'threw')(value)),
        );
      case 10:
        return void world.queueMicrotask(this.#harmless('microtask'));
      case 11:
        return void world.nextTick(this.#harmless('tick'), 1, 'two');
      default:
        return void world.setImmediate(this.#harmless('immediate'), 3);
    }
  }
}

function text(value: unknown): string {
  if (value instanceof AggregateError)
    return `AggregateError(${value.message}: ${value.errors.map(text).join()})`;
  if (value instanceof Error) return String(value);
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return `[${value.map(text).join()}]`;
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}: ${text(inner)}`)
      .join()}}`;
  }
  return typeof value === 'function' ? 'a function' : String(value);
}

async function runNatively(seed: number, world = nativeWorld): Promise<readonly string[]> {
  const program = new Program(world, seed);
  await Promise.resolve();
  program.main();
  // As long as it adds to its log, something of it is left.
  for (let seen = -1; seen !== program.log.length;) {
    seen = program.log.length;
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return program.log;
}

function runMovably(seed: number): readonly string[] {
  const program = new Program(movableWorld, seed);
  const bare = new BareExecution(() => program.main());
  bare.run();
  expect(bare.uncaught).toEqual([]);
  return program.log;
}

const programs = Number(process.env['GODWIT_PROGRAMS'] ?? 1_000);
const first = Number(process.env['SEED'] ?? 1);

test(`jobs of ${programs} random programs come in the order of native ones (SEED=${first})`, async () => {
  let longest = 0;
  for (let seed = first; seed < first + programs; seed += 1) {
    const movable = runMovably(seed);
    const native = await runNatively(seed);
    expect(movable, `SEED=${seed}`).toEqual(native);
    expect(await runNatively(seed, ambientWorld), `SEED=${seed}, outside of executions`).toEqual(native);
    longest = Math.max(longest, movable.length);
  }
  expect(longest).toBeGreaterThan(60);
}, 60_000);
