import type { Epoch, ExecutionId } from '../core/ids.ts';
import { hostName } from '../core/ids.ts';
import type { Settlement } from '../lanes/contract.ts';
import { decodeValue } from '../methods/snapshot/index.ts';
import { anywhere } from '../placement/original-affinity.ts';
import type { AffinityDeclaration } from '../protocols/messages.ts';
import type { ResultPointer } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { OwnershipBook } from './ownership-book.ts';
import type { Bytes } from './ports.ts';

/** The result of a child, from the vault, for its parent here. */
export interface ChildResult {
  readonly kind: 'childResult';
  readonly parent: ExecutionId;
  readonly child: ExecutionId;
  readonly settlement: Settlement;
}

type Piped = ChildResult | { readonly kind: 'noted' };

/** How an answer of the vault comes back as a message. */
interface Piping {
  pipe<Value>(
    promise: PromiseLike<Value>,
    onDone: (value: Value) => Piped,
    onFailed: (error: unknown) => Piped,
  ): void;
}

/** A child starts beside its parent. One that belongs elsewhere is moved there; one whose parent says nothing stays. */
export function affinityOf(options: unknown): AffinityDeclaration {
  const on = (options as { readonly on?: unknown }).on;
  return typeof on === 'string' ? { ...anywhere, hosts: [hostName(on)], otherwise: 0 } : anywhere;
}

/** Whether a child waits with what it does for durable checkpoints: as its parent does, unless it says otherwise. */
export function isDurable(options: unknown): boolean {
  return (options as { readonly durable?: unknown }).durable === true;
}

/**
 * A parent that was rewound may have forgotten a child's last message, which does not come again: what the register
 * knows of the children of each such execution here is told once in each of its stays.
 */
export class Children {
  readonly #ports: { readonly book: OwnershipBook; readonly directory: Directory; readonly vault: Bytes };
  /** Children whose end each rewound execution here was told of, in the stay that it has under this epoch. */
  readonly #told = new Map<ExecutionId, { readonly epoch: Epoch; readonly children: Set<ExecutionId> }>();

  constructor(ports: { readonly book: OwnershipBook; readonly directory: Directory; readonly vault: Bytes }) {
    this.#ports = ports;
  }

  tellParents(context: Piping): void {
    const { book, directory, vault } = this.#ports;
    for (const execution of this.#told.keys()) {
      if (book.get(execution)?.state.phase !== 'running') this.#told.delete(execution);
    }
    for (const { child, parent, result } of directory.endedChildren()) {
      const state = book.get(parent)?.state;
      if (state?.phase !== 'running' || state.tenure.generation === 1) continue;
      const told = this.#toldIn(parent, state.tenure.epoch);
      if (told.has(child)) continue;
      told.add(child);
      context.pipe(
        vault.get(result.vaultKey),
        (bytes) => childResult(parent, child, result, bytes),
        () => {
          told.delete(child);
          return { kind: 'noted' };
        },
      );
    }
  }

  /** Whoever was set back to a checkpoint, here again, may have been told after it. */
  #toldIn(parent: ExecutionId, epoch: Epoch): Set<ExecutionId> {
    const known = this.#told.get(parent);
    if (known?.epoch === epoch) return known.children;
    const children = new Set<ExecutionId>();
    this.#told.set(parent, { epoch, children });
    return children;
  }
}

function childResult(
  parent: ExecutionId,
  child: ExecutionId,
  result: ResultPointer,
  bytes: Uint8Array | null,
): Piped {
  if (bytes === null) return { kind: 'noted' };
  if (result.outcome === 'returned') {
    return { kind: 'childResult', parent, child, settlement: { kind: 'returned', value: bytes } };
  }
  const thrown = decodeValue(bytes) as {
    readonly message: string;
    readonly stack: string;
    readonly value: Uint8Array;
  };
  return { kind: 'childResult', parent, child, settlement: { kind: 'threw', ...thrown } };
}
