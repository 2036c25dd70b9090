'use movable';

// An incremental solver of one-way constraints with strengths, after the idea of Freeman-Benson, Maloney and Borning,
// "An incremental constraint solver" (CACM 1990): each variable remembers the weakest strength that could still
// overrule it, so that adding or removing one constraint looks only at what it touches.

/** Strengths: smaller is stronger. */
const required = 0;
const preferred = 2;
const normal = 4;
const weak = 6;

class Variable {
  value: number;
  /** The constraint that decides it now. */
  decidedBy: Constraint | null = null;
  /** What a constraint has to be stronger than to decide it. */
  hold = weak;
  stays = true;
  mark = 0;
  readonly constraints: Constraint[] = [];

  constructor(value: number) {
    this.value = value;
  }

  attach(constraint: Constraint): void {
    this.constraints.push(constraint);
  }

  detach(constraint: Constraint): void {
    this.constraints.splice(this.constraints.indexOf(constraint), 1);
    if (this.decidedBy === constraint) this.decidedBy = null;
  }
}

abstract class Constraint {
  readonly strength: number;

  constructor(strength: number) {
    this.strength = strength;
  }

  abstract get variables(): readonly Variable[];
  /** The variable that it decides; null when it is not satisfied. */
  abstract get output(): Variable | null;
  /** Chooses a variable that is weaker than the constraint and was not decided in this round. */
  abstract choose(mark: number): void;
  abstract release(): void;
  abstract execute(): void;

  get isInput(): boolean {
    return false;
  }

  inputsKnown(mark: number): boolean {
    const { output } = this;
    return this.variables.every(
      (variable) =>
        variable === output || variable.mark === mark || variable.stays || variable.decidedBy === null,
    );
  }

  /** The output takes the weakest of what decides it and of what decides its inputs. */
  recompute(): void {
    const { output } = this;
    if (output === null) return;
    output.hold = this.strength;
    output.stays = !this.isInput;
    for (const variable of this.variables) {
      if (variable === output) continue;
      output.hold = Math.max(output.hold, variable.hold);
      output.stays = output.stays && variable.stays;
    }
    if (output.stays) this.execute();
  }
}

/** Holds or sets one variable. */
class Unary extends Constraint {
  readonly #variable: Variable;
  readonly #edits: boolean;
  #satisfied = false;

  constructor(variable: Variable, strength: number, edits: boolean) {
    super(strength);
    this.#variable = variable;
    this.#edits = edits;
  }

  override get variables(): readonly Variable[] {
    return [this.#variable];
  }

  override get output(): Variable | null {
    return this.#satisfied ? this.#variable : null;
  }

  override get isInput(): boolean {
    return this.#edits;
  }

  override choose(mark: number): void {
    this.#satisfied = this.#variable.mark !== mark && this.strength < this.#variable.hold;
  }

  override release(): void {
    this.#satisfied = false;
  }

  override execute(): void {
    // The variable has the value that it is to have.
  }
}

/** Keeps `b = a × factor + offset`, in whichever direction is free. */
class Linear extends Constraint {
  readonly #a: Variable;
  readonly #b: Variable;
  readonly #factor: number;
  readonly #offset: number;
  #direction: 'forward' | 'backward' | 'none' = 'none';

  constructor(a: Variable, b: Variable, factor: number, offset: number, strength: number) {
    super(strength);
    this.#a = a;
    this.#b = b;
    this.#factor = factor;
    this.#offset = offset;
  }

  override get variables(): readonly Variable[] {
    return [this.#a, this.#b];
  }

  override get output(): Variable | null {
    if (this.#direction === 'none') return null;
    return this.#direction === 'forward' ? this.#b : this.#a;
  }

  override choose(mark: number): void {
    const canForward = this.#b.mark !== mark && this.strength < this.#b.hold;
    const canBackward = this.#a.mark !== mark && this.strength < this.#a.hold;
    if (canForward && (!canBackward || this.#b.hold >= this.#a.hold)) this.#direction = 'forward';
    else this.#direction = canBackward ? 'backward' : 'none';
  }

  override release(): void {
    this.#direction = 'none';
  }

  override execute(): void {
    if (this.#direction === 'forward') this.#b.value = this.#a.value * this.#factor + this.#offset;
    else this.#a.value = (this.#b.value - this.#offset) / this.#factor;
  }
}

class Solver {
  #mark = 0;
  conflicts = 0;

  add(constraint: Constraint): void {
    for (const variable of constraint.variables) variable.attach(constraint);
    this.#mark++;
    for (let next: Constraint | null = constraint; next !== null;) next = this.#satisfy(next);
  }

  remove(constraint: Constraint): void {
    const { output } = constraint;
    constraint.release();
    for (const variable of constraint.variables) variable.detach(constraint);
    if (output === null) return;
    const freed = this.#loosen(output);
    for (let strength = required; strength <= weak; strength++) {
      for (const candidate of freed) if (candidate.strength === strength) this.#again(candidate);
    }
  }

  /** What has to be executed, in order, when the given variables change. */
  plan(changing: Constraint): Constraint[] {
    this.#mark++;
    const steps: Constraint[] = [];
    const open: Constraint[] = [changing];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { output } = next;
      if (output === null || output.mark === this.#mark || !next.inputsKnown(this.#mark)) continue;
      steps.push(next);
      output.mark = this.#mark;
      this.#dependants(output, open);
    }
    return steps;
  }

  #again(constraint: Constraint): void {
    this.#mark++;
    for (let next: Constraint | null = constraint; next !== null;) next = this.#satisfy(next);
  }

  /** @returns the constraint that was overruled for it, which now looks for another variable */
  #satisfy(constraint: Constraint): Constraint | null {
    constraint.choose(this.#mark);
    const { output } = constraint;
    if (output === null) {
      if (constraint.strength === required) this.conflicts++;
      return null;
    }
    for (const variable of constraint.variables) if (variable !== output) variable.mark = this.#mark;
    const overruled = output.decidedBy;
    overruled?.release();
    output.decidedBy = constraint;
    this.#propagate(constraint);
    output.mark = this.#mark;
    return overruled;
  }

  #propagate(from: Constraint): void {
    const open: Constraint[] = [from];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { output } = next;
      if (output === null) continue;
      next.recompute();
      this.#dependants(output, open);
    }
  }

  /** Lets go of a variable and of what followed from it. @returns the constraints that may now be satisfied */
  #loosen(output: Variable): Constraint[] {
    output.decidedBy = null;
    output.hold = weak;
    output.stays = true;
    const freed: Constraint[] = [];
    const open: Variable[] = [output];
    for (let variable = open.pop(); variable !== undefined; variable = open.pop()) {
      for (const constraint of variable.constraints) {
        if (constraint.output === null) freed.push(constraint);
        else if (constraint !== variable.decidedBy) {
          constraint.recompute();
          open.push(constraint.output);
        }
      }
    }
    return freed;
  }

  #dependants(variable: Variable, into: Constraint[]): void {
    for (const constraint of variable.constraints) {
      if (constraint !== variable.decidedBy && constraint.output !== null) into.push(constraint);
    }
  }
}

/** A chain of equalities: a change at one end runs to the other. */
function chain(length: number): number {
  const solver = new Solver();
  const variables: Variable[] = [];
  for (let i = 0; i <= length; i++) variables.push(new Variable(0));
  for (let i = 0; i < length; i++) solver.add(new Linear(variables[i]!, variables[i + 1]!, 1, 0, required));
  solver.add(new Unary(variables[length]!, normal, false));
  const first = variables[0]!;
  const edit = new Unary(first, preferred, true);
  solver.add(edit);
  const steps = solver.plan(edit);
  let sum = 0;
  for (let round = 0; round < 20; round++) {
    first.value = round;
    for (const step of steps) step.execute();
    sum += variables[length]!.value;
  }
  solver.remove(edit);
  return sum * 7 + steps.length + solver.conflicts * 1_000_000;
}

/** Many pairs under one scale: changes in both directions. */
function projection(pairs: number): number {
  const solver = new Solver();
  const sources: Variable[] = [];
  const targets: Variable[] = [];
  for (let i = 0; i < pairs; i++) {
    const source = new Variable(i);
    const target = new Variable(0);
    solver.add(new Unary(source, normal, false));
    solver.add(new Linear(source, target, 10, 3, required));
    sources.push(source);
    targets.push(target);
  }
  let sum = 0;
  for (let i = 0; i < pairs; i++) {
    const isForward = i % 2 === 0;
    const variable = (isForward ? sources : targets)[i]!;
    const edit = new Unary(variable, preferred, true);
    solver.add(edit);
    const steps = solver.plan(edit);
    variable.value = isForward ? i * 2 : i * 20 + 3;
    for (const step of steps) step.execute();
    sum += (isForward ? targets : sources)[i]!.value;
    solver.remove(edit);
  }
  return sum + solver.conflicts * 1_000_000;
}

export function main(n: number): number {
  return chain(n) * 3 + projection(n);
}
