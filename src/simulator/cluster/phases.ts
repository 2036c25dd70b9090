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

/** Follows what one host is in the middle of: of each migration and each execution there. */
export class PhaseWatch {
  readonly #host: SimulatedHost;
  #now = new Map<string, Phase>();

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  get now(): readonly Phase[] {
    return [...this.#now.values()];
  }

  /** @returns the phases that were entered since the last look */
  look(): readonly Phase[] {
    const { cells, book } = this.#host.parts;
    const found = new Map<string, Phase>();
    for (const [migration, { side, state }] of cells) {
      if (state.phase !== ended) found.set(migration, `${side} ${state.phase}` as Phase);
    }
    for (const { execution, state } of book.cells()) {
      const phase = phaseOf(state);
      if (phase !== null) found.set(execution, phase);
    }
    const entered: Phase[] = [];
    for (const [key, phase] of found) if (this.#now.get(key) !== phase) entered.push(phase);
    this.#now = found;
    return entered;
  }
}
