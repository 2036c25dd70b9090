import { noteCalculated } from './calculated.ts';
import { boxedNames, type CountedLoop, constantTrips, countedLoop, stripTrips } from './counted-loops.ts';
import { type FuelCounter, fuelCounter, stretch } from './fuel-counter.ts';
import { type Code, code, type Slot, slotCode } from './ir.ts';
import { Iterations } from './iterations.ts';
import type { Statements } from './statements.ts';
import { child, isCall, isLoop, type Node, nodes, optional, someInside } from './syntax.ts';

/** A strip of a counted loop that holds other loops: each of those may run up to a strip of its own unnoticed. */
const outerStripTrips = 32;

/** What a call in a round may do for the round to count as one that calls nothing. */
const smallWeight = 16;

/**
 * Lowers loops, and lets each one charge fuel: not at all where it is known to be short; one unit for 1,024 iterations
 * where it is counted and calls nothing; otherwise one unit for each iteration, in a local while nothing is called.
 */
export class Loops {
  readonly #statements: Statements;
  /** Whether all loops of the present nest count the same stretch. */
  #wraps = false;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The local that counts fuel, and the one that remembers where it began. */
  get #counter(): FuelCounter {
    const { context } = this.#statements;
    if (context.scratch.length === 0) context.scratch.push(context.module.fresh('$n'));
    return fuelCounter(context.gate, context.scratch);
  }

  loop(node: Node, written: readonly string[]): void {
    const { context } = this.#statements;
    const names = [...written, null];
    const { isDense } = context.module;
    noteCalculated(node, context);
    if (isDense) return this.#plain(node, names, 'thread');
    const hasSite = context.hasSite(node);
    if (!hasSite && this.#trips(node) !== null) return this.#plain(node, names, null);
    const counted = hasSite ? null : countedLoop(node, context.module.variables);
    const isOutermost = !this.#statements.jumps.isCounting;
    if (counted !== null) return this.#strips(node, counted, names, isOutermost ? 'thread' : 'local');
    if (!isOutermost) return this.#plain(node, names, 'local');
    this.#wraps = this.#isUniform(node);
    this.#statements.jumps.counting(() => this.#plain(node, names, 'local'));
    this.#wraps = false;
    context.plain(code(this.#counter.leave));
  }

  /** How often a loop's body runs, where that is known and little. */
  #trips(loop: Node): number | null {
    const { calls, variables } = this.#statements.context.module;
    return constantTrips(loop, variables, (call) => (calls.isSite(call) ? null : calls.weightOf(call)));
  }

  /** Charges the thread with what the local has counted. */
  settleText(): string {
    return this.#counter.leave;
  }

  /** Whether all loops inside call something, or none does. */
  #isUniform(loop: Node): boolean {
    if (!this.#callsSomething(loop)) return true;
    return !someInside(loop, (node) => this.#isLongLoop(node, loop) && !this.#callsSomething(node));
  }

  #ticksInside(loop: Node): boolean {
    const { calls } = this.#statements.context.module;
    return someInside(
      loop,
      (node) => this.#isLongLoop(node, loop) || (isCall(node) && calls.weightOf(node) > smallWeight),
    );
  }

  /** Whether a node is another loop, of which nobody knows how long it goes on. */
  #isLongLoop(node: Node, around: Node): boolean {
    return node !== around && isLoop(node) && this.#trips(node) === null;
  }

  /** Charges fuel for one round. */
  tick(node: Node, counter: 'thread' | 'local' | null, units = 1): void {
    const { context } = this.#statements;
    if (counter === null) return;
    if (counter === 'local') void this.#counter;
    const rounds = this.#callsSomething(node) ? stretch.calling : stretch.plain;
    const wraps = this.#wraps;
    context.emit({
      kind: 'tick',
      point: 'round',
      site: context.site(node),
      counter,
      units,
      stretch: rounds,
      wraps,
    });
  }

  /** What a round calls may take any time, natively too. */
  #callsSomething(loop: Node): boolean {
    return someInside(
      loop,
      (node) => node.type === 'SpreadElement' || (isCall(node) && !this.#isSmall(node)),
    );
  }

  /** A call of a method of the module that is over in no time. */
  #isSmall(call: Node): boolean {
    const weight = this.#statements.context.module.calls.weightOf(call);
    return weight > 0 && weight <= smallWeight;
  }

  #plain(node: Node, names: readonly (string | null)[], counter: 'thread' | 'local' | null): void {
    switch (node.type) {
      case 'ForStatement':
        return this.#for(node, names, counter);
      case 'WhileStatement':
        return this.#endless(names, (leave) => {
          this.tick(node, counter);
          this.#leaveUnless(child(node, 'test'), leave.label);
          leave.body(child(node, 'body'));
        });
      case 'DoWhileStatement':
        return this.#endless(names, (leave) => {
          this.tick(node, counter);
          leave.body(child(node, 'body'));
          this.#leaveUnless(child(node, 'test'), leave.label);
        });
      case 'ForInStatement':
        return this.#forIn(node, names, counter);
      default:
        return new Iterations(this.#statements, this).forOf(node, names, counter);
    }
  }

  /** A loop whose body is built by `build`; `body` lowers the written body, in which `continue` goes to its end. */
  #endless(
    names: readonly (string | null)[],
    build: (leave: { readonly label: string; body(node: Node): void }) => void,
  ): void {
    const statements = this.#statements;
    const { context } = statements;
    const label = context.label('loop');
    const next = context.label('next');
    const body = context.collect(() =>
      build({
        label,
        body: (node) =>
          statements.jumps.block(next, () =>
            statements.jumps.inTarget(names, { breakLabel: label, continueLabel: next }, () =>
              statements.statement(node),
            ),
          ),
      }),
    );
    context.emit({ kind: 'loop', label, body, ends: false });
  }

  #leaveUnless(test: Node, label: string): void {
    const { context, expressions } = this.#statements;
    const value = expressions.value(test);
    context.emit({
      kind: 'if',
      test: code(`!${value.text}`, value),
      taken: [{ kind: 'break', label }],
      otherwise: [],
    });
  }

  #init(node: Node): readonly Slot[] {
    const init = optional(node, 'init');
    if (init === null) return [];
    if (init.type !== 'VariableDeclaration') {
      this.#statements.expressions.effect(init);
      return [];
    }
    this.#statements.declaration(init);
    return boxedNames(this.#statements.context, init);
  }

  #for(node: Node, names: readonly (string | null)[], counter: 'thread' | 'local' | null): void {
    const { context, expressions } = this.#statements;
    this.#statements.open(node);
    const boxed = this.#init(node);
    const renew = (): void => {
      for (const slot of boxed) context.set(slot, code(`{ v: ${slot.name}.v }`, slotCode(slot)));
    };
    renew();
    const test = optional(node, 'test');
    const update = optional(node, 'update');
    this.#endless(names, (leave) => {
      this.tick(node, counter);
      if (test !== null) this.#leaveUnless(test, leave.label);
      leave.body(child(node, 'body'));
      renew();
      if (update !== null) expressions.effect(update);
    });
  }

  #strips(
    node: Node,
    counted: CountedLoop,
    names: readonly (string | null)[],
    counter: 'thread' | 'local',
  ): void {
    const statements = this.#statements;
    const { context, expressions } = statements;
    this.#statements.open(node);
    this.#init(node);
    const slot = context.slotOf(counted.variable) as Slot;
    const variable = slotCode(slot);
    const limit = context.limit(counted.direction === 1 ? '-Infinity' : 'Infinity');
    const label = context.label('loop');
    const strip = context.label('strip');
    const trips = this.#ticksInside(node) ? outerStripTrips : stripTrips;
    const next = context.label('next');
    const test = child(node, 'test');
    const leave = (condition: Code, to: string): void =>
      context.emit({ kind: 'if', test: condition, taken: [{ kind: 'break', label: to }], otherwise: [] });
    const inner = (): void => {
      // Without a bound the strip must also go on for NaN, as the loop does.
      const beyond = `${slot.name} ${counted.direction === 1 ? '>=' : '<='} ${limit.name}`;
      const ended =
        counted.bound === null ? beyond : `!(${slot.name} ${counted.bound.operator} ${limit.name})`;
      leave(code(ended, variable, slotCode(limit)), strip);
      if (counted.bound === null) this.#leaveUnless(test, label);
      statements.jumps.block(next, () =>
        statements.jumps.inTarget(names, { breakLabel: label, continueLabel: next }, () =>
          statements.statement(child(node, 'body')),
        ),
      );
      expressions.effect(child(node, 'update'));
    };
    const outer = (): void => {
      context.set(limit, this.#limit(counted, variable, trips));
      context.emit({ kind: 'loop', label: strip, body: context.collect(inner), ends: true });
      if (counted.bound !== null) this.#leaveUnless(test, label);
      this.tick(node, counter, trips);
    };
    context.emit({ kind: 'loop', label, body: context.collect(outer), ends: false });
  }

  /** How far one strip goes: never beyond the bound, and only checked arithmetic on numbers. */
  #limit(counted: CountedLoop, variable: Code, trips: number): Code {
    const { context } = this.#statements;
    const up = counted.direction === 1;
    const step = counted.step === 1 ? code('1') : context.verbatim(counted.step);
    const far = code(`${variable.text} ${up ? '+' : '-'} ${trips} * ${step.text}`, variable, step);
    const numbers = [`typeof ${variable.text} === 'number'`];
    if (counted.step !== 1 && counted.step.type !== 'Literal') {
      numbers.push(`typeof ${step.text} === 'number'`, `${step.text} > 0`);
    }
    const open = up ? 'Infinity' : '-Infinity';
    if (counted.bound === null) return code(`${numbers.join(' && ')} ? ${far.text} : ${open}`, far);
    const bound = context.verbatim(counted.bound.node);
    if (counted.bound.node.type !== 'Literal') numbers.push(`typeof ${bound.text} === 'number'`);
    const nearer = `${far.text} ${up ? '<' : '>'} ${bound.text}`;
    return code(`${numbers.join(' && ')} && ${nearer} ? ${far.text} : ${bound.text}`, far, bound);
  }

  /** Gives the variables in a loop's head what the round is about. */
  assignHead(left: Node, value: Code): void {
    const { patterns } = this.#statements.expressions;
    if (left.type !== 'VariableDeclaration') return patterns.assign(left, value);
    const declarator = nodes(left, 'declarations')[0] as Node;
    if (left['kind'] === 'var') return patterns.assign(child(declarator, 'id'), value);
    patterns.declare(child(declarator, 'id'), this.#statements.context.spoken.named(value, '.for'));
  }

  #forIn(node: Node, names: readonly (string | null)[], counter: 'thread' | 'local' | null): void {
    const { context, expressions } = this.#statements;
    const subject = expressions.spill(expressions.value(child(node, 'right')));
    const { gate } = context;
    const isTrapped = expressions.spill(code(`${gate}.hasTraps(${subject.text})`, subject));
    const keys = expressions.spill(
      code(`${gate}.keysIn(${subject.text}, ${isTrapped.text})`, subject, isTrapped),
    );
    const index = context.temporary();
    const key = context.temporary();
    context.set(index, code('0'));
    context.calculated.add(index);
    this.#endless(names, (leave) => {
      this.tick(node, counter);
      const at = slotCode(index);
      context.emit({
        kind: 'if',
        test: code(`${index.name} >= ${keys.text}.length`, at, keys),
        taken: [{ kind: 'break', label: leave.label }],
        otherwise: [],
      });
      context.set(key, code(`${keys.text}[${index.name}]`, keys, at));
      context.set(index, code(`${index.name} + 1`, at));
      const present = context.collect(() => {
        this.#statements.open(node);
        this.assignHead(child(node, 'left'), slotCode(key));
        leave.body(child(node, 'body'));
      });
      // A key that was deleted before its turn is not visited.
      const isThere = `${key.name} in ${gate}.object(${subject.text})`;
      const asked = `${gate}.isVisited(${subject.text}, ${key.name})`;
      const test = code(`(${isTrapped.text} ? ${asked} : ${isThere})`, isTrapped, slotCode(key), subject);
      context.emit({ kind: 'if', test, taken: present, otherwise: [] });
    });
  }
}
