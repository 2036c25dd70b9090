import { code, type Slot, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import type { Statements } from './statements.ts';
import { child, type Node, nodes, patternNames } from './syntax.ts';

/** A method's parameters: plain names in its head, defaults and patterns in its covered body. */
export class Parameters {
  readonly #context: MethodContext;
  /** The head's slots, in order; they are the first that a frame starts with. */
  readonly slots: Slot[] = [];
  /** The function's `length`. */
  readonly length: number;

  constructor(context: MethodContext) {
    this.#context = context;
    const parameters = parametersOf(context.method.node);
    for (const parameter of parameters) this.slots.push(this.#slotFor(parameter));
    const end = parameters.findIndex(({ type }) => type === 'AssignmentPattern' || type === 'RestElement');
    this.length = end === -1 ? parameters.length : end;
  }

  /** The parameter list. Defaults stand in the body; `void 0` keeps the function's length. */
  get head(): string {
    return parametersOf(this.#context.method.node)
      .map((parameter, index) => {
        const name = (this.slots[index] as Slot).name;
        if (parameter.type === 'RestElement') return `...${name}`;
        return parameter.type === 'AssignmentPattern' ? `${name} = void 0` : name;
      })
      .join(', ');
  }

  bind(statements: Statements): void {
    this.#openEarly();
    parametersOf(this.#context.method.node).forEach((parameter, index) => {
      const slot = this.slots[index] as Slot;
      if (parameter.type === 'AssignmentPattern') {
        this.#default(statements, parameter, slot);
        this.#declare(statements, child(parameter, 'left'), slot);
      } else {
        this.#declare(
          statements,
          parameter.type === 'RestElement' ? child(parameter, 'argument') : parameter,
          slot,
        );
      }
    });
  }

  #slotFor(parameter: Node): Slot {
    const inner =
      parameter.type === 'RestElement'
        ? child(parameter, 'argument')
        : parameter.type === 'AssignmentPattern'
          ? child(parameter, 'left')
          : parameter;
    const binding = inner.type === 'Identifier' ? this.#context.bindingOf(inner) : null;
    // A box that functions among the defaults share is there before the argument has been looked at.
    if (binding === null || this.#context.isMadeEarly(binding)) return this.#context.temporary();
    return this.#context.slotOf(binding) ?? this.#context.temporary();
  }

  /** Boxes of parameters that functions in defaults capture before these have their values. */
  #openEarly(): void {
    const context = this.#context;
    for (const parameter of parametersOf(context.method.node)) {
      for (const name of patternNames(parameter)) {
        const binding = context.bindingOf(name);
        const slot = binding === null ? null : context.slotOf(binding);
        if (binding === null || slot === null || !context.isMadeEarly(binding)) continue;
        context.set(slot, code(`{ v: ${context.gate}.unset }`));
      }
    }
  }

  #default(statements: Statements, parameter: Node, slot: Slot): void {
    const context = this.#context;
    context.emit({
      kind: 'if',
      test: code(`${slot.name} === undefined`, slotCode(slot)),
      taken: context.collect(() =>
        context.set(slot, statements.expressions.value(child(parameter, 'right'))),
      ),
      otherwise: [],
    });
  }

  #declare(statements: Statements, target: Node, slot: Slot): void {
    const context = this.#context;
    if (target.type !== 'Identifier') {
      // V8 names what it was called with by its value.
      const given = context.spoken.named(slotCode(slot), '');
      return statements.expressions.patterns.declare(target, given);
    }
    const binding = context.bindingOf(target);
    if (binding === null || context.spelling(binding) === slot.name) return;
    if (context.isMadeEarly(binding)) return statements.expressions.patterns.declare(target, slotCode(slot));
    context.set(slot, code(`{ v: ${slot.name} }`, slotCode(slot)));
  }
}

/** The parameters that exist at run time: a type for `this` does not. */
export function parametersOf(method: Node): readonly Node[] {
  return nodes(method, 'params').filter(({ type, name }) => type !== 'Identifier' || name !== 'this');
}
