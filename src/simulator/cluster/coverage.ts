import type { MishapKind, Phase } from './faults.ts';
import { mishapKinds, phases } from './faults.ts';

/** By phase, then `entered` or by fault: how often. */
export type CoverageTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How often each phase was entered, and how often it met each fault. */
export class Coverage {
  readonly #entered = new Map<Phase, number>();
  readonly #met = new Map<string, number>();

  entered(phase: Phase): void {
    this.#entered.set(phase, (this.#entered.get(phase) ?? 0) + 1);
  }

  /** A fault struck a host in this phase, or a host that it strikes entered it. */
  met(phase: Phase, fault: MishapKind): void {
    const key = `${phase} × ${fault}`;
    this.#met.set(key, (this.#met.get(key) ?? 0) + 1);
  }

  add(table: CoverageTable): void {
    for (const phase of phases) {
      const row = table[phase] ?? {};
      this.#entered.set(phase, this.countEntered(phase) + (row['entered'] ?? 0));
      for (const fault of mishapKinds) {
        const count = row[fault] ?? 0;
        if (count > 0) this.#met.set(`${phase} × ${fault}`, this.countMet(phase, fault) + count);
      }
    }
  }

  countEntered(phase: Phase): number {
    return this.#entered.get(phase) ?? 0;
  }

  countMet(phase: Phase, fault: MishapKind): number {
    return this.#met.get(`${phase} × ${fault}`) ?? 0;
  }

  /** The pair that met least often. */
  get least(): { readonly phase: Phase; readonly fault: MishapKind; readonly count: number } {
    let least = { phase: phases[0] as Phase, fault: mishapKinds[0] as MishapKind, count: Infinity };
    for (const phase of phases) {
      for (const fault of mishapKinds) {
        const count = this.countMet(phase, fault);
        if (count < least.count) least = { phase, fault, count };
      }
    }
    return least;
  }

  table(): CoverageTable {
    return Object.fromEntries(
      phases.map((phase) => [
        phase,
        {
          entered: this.countEntered(phase),
          ...Object.fromEntries(mishapKinds.map((fault) => [fault, this.countMet(phase, fault)])),
        },
      ]),
    );
  }
}
