import type { OwnershipState } from '../../protocols/ownership/ownership.ts';
import type { Phase } from './faults.ts';
import type { SimulatedHost } from './host.ts';

/** What an ownership state is in the middle of; null for nothing of interest. */
function phaseOf(state: OwnershipState): Phase | null {
  switch (state.phase) {
    case 'claiming':
      if (state.claim.kind === 'recovery') return 'recovery claiming';
      return state.claim.kind === 'start' ? 'start claiming' : null;
    case 'restoring':
      return 'recovery restoring';
    case 'retained':
      return 'copy retained';
    case 'running':
      return state.change === null ? null : 'checkpoint switching';
    case 'settling':
      return 'result switching';
    default:
      return null;
  }
}

const ended = 'done';
const none: readonly Phase[] = [];

/** Follows what one host is in the middle of: of each migration and each execution there. */
export class PhaseWatch {
  readonly #host: SimulatedHost;
  #now = new Map<string, Phase>();
  /** All states as they were last seen. Each change makes another object. */
  #states = new Map<string, object>();

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  get now(): readonly Phase[] {
    return [...this.#now.values()];
  }

  /** @returns the phases that were entered since the last look */
  look(): readonly Phase[] {
    if (!this.#hasChanged()) return none;
    const { cells, book } = this.#host.parts;
    const found = new Map<string, Phase>();
    const states = new Map<string, object>();
    for (const [migration, { side, state }] of cells) {
      states.set(migration, state);
      if (state.phase !== ended) found.set(migration, `${side} ${state.phase}` as Phase);
    }
    for (const { execution, state } of book.cells()) {
      states.set(execution, state);
      const phase = phaseOf(state);
      if (phase !== null) found.set(execution, phase);
    }
    const entered: Phase[] = [];
    for (const [key, phase] of found) if (this.#now.get(key) !== phase) entered.push(phase);
    this.#now = found;
    this.#states = states;
    return entered;
  }

  /** Asked after every turn of every actor, most of which change nothing here. */
  #hasChanged(): boolean {
    const { cells, book } = this.#host.parts;
    let count = 0;
    for (const [migration, { state }] of cells) {
      if (this.#states.get(migration) !== state) return true;
      count += 1;
    }
    for (const { execution, state } of book.cells()) {
      if (this.#states.get(execution) !== state) return true;
      count += 1;
    }
    return count !== this.#states.size;
  }
}
