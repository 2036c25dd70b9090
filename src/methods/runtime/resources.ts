import { assert } from '../../core/assert.ts';
import { GodwitError, messageOf } from '../../core/errors.ts';
import type { ExternalRecord } from '../snapshot/index.ts';
import { $ } from './gate.ts';

/** Something of the host that a method holds. It is closed where the method leaves, and opened again where it goes on. */
export interface Resource<T> {
  /** What `open` has made, here. @throws {ResourceClosedError} when it was closed, or could not be opened again */
  readonly value: T;
  /** Closes it for good. */
  close(): Promise<void>;
}

/** Opens one more of its kind. The method is pinned until it is open. */
export type ResourceOpener<A extends readonly unknown[], T> = (...args: A) => Promise<Resource<T>>;

/** A resource is used that is not open. */
export class ResourceClosedError extends GodwitError {
  override readonly name = 'ResourceClosedError';
  readonly code = 'RESOURCE_CLOSED';
  readonly retryable = false;
}

/** What one call of `resource` has been given. */
interface Kind {
  readonly name: string;
  readonly opener: unknown;
  open(args: readonly unknown[]): unknown;
  close(value: unknown): unknown;
}

/** `away`: to be opened when its execution runs here. */
type State =
  | { readonly phase: 'open'; readonly value: unknown }
  | { readonly phase: 'away' }
  | { readonly phase: 'closed' }
  | { readonly phase: 'failed'; readonly error: unknown };

interface ResourceForm {
  readonly opener: unknown;
  readonly args: readonly unknown[];
  readonly isClosed: boolean;
}

const kinds = new WeakMap<object, Kind>();

class Handle implements Resource<unknown> {
  #kind: Kind | null = null;
  #args: readonly unknown[] = [];
  #state: State = { phase: 'away' };
  /** Settles once whatever closes it has ended; it is not opened before. */
  #closing: Promise<void> | null = null;

  static isHandle(value: object): value is Handle {
    return #state in value;
  }

  get value(): unknown {
    const state = this.#state;
    if (state.phase === 'open') return state.value;
    const cause = state.phase === 'failed' ? { cause: state.error } : undefined;
    const why =
      state.phase === 'failed' ? `could not be opened here: ${messageOf(state.error)}` : 'is closed';
    throw new ResourceClosedError(
      `The resource '${this.#kind?.name ?? ''}' ${why}. Open another one.`,
      cause,
    );
  }

  async close(): Promise<void> {
    if (this.#state.phase === 'open') this.#release(this.#state.value);
    this.#state = { phase: 'closed' };
    await this.#closing;
  }

  get form(): ResourceForm {
    return {
      opener: this.#kind?.opener,
      args: this.#args,
      isClosed: this.#state.phase === 'closed',
    };
  }

  get isAway(): boolean {
    return this.#state.phase === 'away';
  }

  fill(kind: Kind, args: readonly unknown[], state: State): void {
    this.#kind = kind;
    this.#args = args;
    this.#state = state;
  }

  /** Closes it, to be opened again. */
  leave(): void {
    if (this.#state.phase !== 'open') return;
    this.#release(this.#state.value);
    this.#state = { phase: 'away' };
  }

  /** Opens it again. @returns null when that is done already; the promise never rejects */
  arrive(): Promise<void> | null {
    const closing = this.#closing;
    if (closing !== null) return closing.then(() => this.arrive() ?? undefined);
    assert(this.#kind !== null, 'a resource that is away has a kind');
    try {
      const opened = this.#kind.open(this.#args);
      if (!isThenable(opened)) {
        this.#state = { phase: 'open', value: opened };
        return null;
      }
      return Promise.resolve(opened).then(
        (value) => this.#opened(value),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  #opened(value: unknown): void {
    // Somebody may have closed it for good meanwhile.
    if (this.#state.phase === 'away') this.#state = { phase: 'open', value };
    else this.#release(value);
  }

  #failed(error: unknown): void {
    if (this.#state.phase === 'away') this.#state = { phase: 'failed', error };
  }

  /** What goes wrong while it is closed is nobody's: it is left here for good. */
  #release(value: unknown): void {
    const closing = this.#closeQuietly(value);
    this.#closing = closing;
    void closing.then(() => {
      if (this.#closing === closing) this.#closing = null;
    });
  }

  async #closeQuietly(value: unknown): Promise<void> {
    try {
      await this.#kind?.close(value);
    } catch {
      // Whoever wants to know of it catches it in `close`.
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** The resources of one execution. */
export class Resources {
  readonly #handles = new Set<Handle>();
  readonly #wake: () => void;
  #openingCount = 0;

  /** @param wake called when the last of them is open again */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Whether the execution has to wait until all are open again. */
  get isOpening(): boolean {
    return this.#openingCount > 0;
  }

  add(handle: object): void {
    if (Handle.isHandle(handle)) this.#handles.add(handle);
  }

  /** The execution runs here from now on. */
  arrive(): void {
    for (const handle of this.#handles) {
      const opening = handle.isAway ? handle.arrive() : null;
      if (opening === null) continue;
      this.#openingCount += 1;
      void opening.then(() => {
        this.#openingCount -= 1;
        if (this.#openingCount === 0) this.#wake();
      });
    }
  }

  /** The execution does not run here any more, nor does any effect of it. */
  leave(): void {
    for (const handle of this.#handles) handle.leave();
  }
}

/** How a snapshot writes a resource; null for any other value. */
export function resourceRecord(value: object): ExternalRecord | null {
  return Handle.isHandle(value) ? { kind: 'resource', record: value.form } : null;
}

export const blankResource = (): object => new Handle();

/** @returns false when its record does not name a kind of resource that is here */
export function fillResource(handle: object, record: unknown): boolean {
  const { opener, args, isClosed } = record as ResourceForm;
  const kind = typeof opener === 'function' ? kinds.get(opener) : undefined;
  if (!Handle.isHandle(handle) || kind === undefined) return false;
  handle.fill(kind, args, { phase: isClosed ? 'closed' : 'away' });
  return true;
}

/**
 * A kind of thing that cannot leave its process: a connection, a file, a lock. A method that moves leaves it behind, closed,
 * and finds it again, opened with the same arguments, before it goes on. Nothing of it crosses but the arguments.
 *
 * Keep what it returns in a top-level constant of a movable file, by which it is known on every host:
 * `const orders = resource((url: string) => connect(url), (connection) => connection.end());`, and in a method
 * `const connection = await orders(url)`, then `connection.value`. It is closed after the method's last effect here has ended.
 *
 * @param open may be called again and again, with the same arguments
 */
export function resource<A extends readonly unknown[], T>(
  open: (...args: A) => T | Promise<T>,
  close: (value: T) => unknown,
): ResourceOpener<A, T> {
  const opener = async (...args: A): Promise<Resource<T>> => {
    const execution = $.x;
    const value = await open(...args);
    const handle = new Handle();
    handle.fill(kind, args, { phase: 'open', value });
    execution?.resources.add(handle);
    return handle as Resource<T>;
  };
  const kind: Kind = {
    name: open.name,
    opener,
    open: (args) => open(...(args as unknown as A)),
    close: (value) => close(value as T),
  };
  kinds.set(opener, kind);
  Object.defineProperty(opener, 'name', { value: open.name });
  return opener;
}
