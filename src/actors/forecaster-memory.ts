import type { Analyst, HostPorts, Learning } from './ports.ts';

export interface ForecasterMemoryPorts extends Pick<HostPorts, 'vault' | 'digest'> {
  readonly analyst: Analyst;
}

/** What came of looking for what the holders before had learned. */
export type Recalled =
  | { readonly kind: 'none' }
  | { readonly kind: 'taught' }
  /** The shipped model is used; why, in words. */
  | { readonly kind: 'refused'; readonly reason: string };

export const weightsKey = 'forecaster/weights';

const version = 1;
/** A mark, the version, and the digest of all that follows, in ASCII. */
const mark = 'GWFW';
const digestCharacters = 64;
const headBytes = mark.length + 1 + digestCharacters;

/** What the learned forecaster learned in this cluster: kept in the vault, from one holder of the seat to the next. */
export class ForecasterMemory {
  readonly #ports: ForecasterMemoryPorts;
  /** Not in the vault yet. */
  #unsaved: Uint8Array | null = null;

  constructor(ports: ForecasterMemoryPorts) {
    this.#ports = ports;
  }

  /** @throws what the vault throws, and when the analyst's thread is lost: then it may be tried again */
  async recall(): Promise<Recalled> {
    const { vault, analyst } = this.#ports;
    const bytes = await vault.get(weightsKey);
    if (bytes === null) return { kind: 'none' };
    const weights = this.#unpack(bytes);
    if (typeof weights === 'string') return { kind: 'refused', reason: weights };
    return analyst.teach(weights);
  }

  /** @throws when the analyst's thread is lost */
  async learn(): Promise<Learning> {
    const learning = await this.#ports.analyst.learn();
    if (learning.kind === 'learned') this.#unsaved = learning.weights;
    return learning;
  }

  /** Writes what was learned since the last save. @throws what the vault throws; the next save writes it */
  async save(): Promise<void> {
    const weights = this.#unsaved;
    if (weights === null) return;
    await this.#ports.vault.put(weightsKey, this.#pack(weights));
    if (this.#unsaved === weights) this.#unsaved = null;
  }

  #pack(weights: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(headBytes + weights.length);
    const head = new TextEncoder().encode(mark + String.fromCharCode(version));
    bytes.set(head);
    bytes.set(new TextEncoder().encode(this.#ports.digest.sha256(weights)), head.length);
    bytes.set(weights, headBytes);
    return bytes;
  }

  /** @returns why not, in words, when they cannot be read */
  #unpack(bytes: Uint8Array): Uint8Array | string {
    const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
    if (text(0, mark.length) !== mark) return `The value at ${weightsKey} is not what a forecaster learned.`;
    const found = bytes[mark.length];
    if (found !== version) {
      return `What was learned is kept in version ${found} of its form; this program reads version ${version}.`;
    }
    const weights = bytes.subarray(headBytes);
    const promised = text(mark.length + 1, headBytes);
    if (promised !== this.#ports.digest.sha256(weights)) return `The value at ${weightsKey} is damaged.`;
    return weights;
  }
}
