import type { Expressions } from './expressions.ts';
import { type Code, code, type Slot, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { nameText } from './spoken-names.ts';
import { child, children, isFunction, type Node, nodes, unwrap } from './syntax.ts';

/** Assigns an element to its target, which may be evaluated before the element is read. */
type AssignElement = (target: Node, read: () => Code, declares: boolean) => void;

/** A walk over what an array pattern takes apart. */
interface Walk {
  readonly pattern: Node;
  readonly walked: Code;
  readonly way: Code;
  /** 1 when there is nothing more to take, and nothing to close. */
  readonly ended: Slot;
}

/** Lowers array patterns (ECMA-262, IteratorDestructuringAssignmentEvaluation). */
export class ArrayPatterns {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;
  readonly #assign: AssignElement;

  constructor(context: MethodContext, expressions: Expressions, assign: AssignElement) {
    this.#context = context;
    this.#expressions = expressions;
    this.#assign = assign;
  }

  /**
   * @param name how V8 names the source; null where it does so by its value
   * @param how `isNew`: whether nothing but the pattern has the array that it takes apart
   */
  take(
    pattern: Node,
    source: Code,
    name: string | null,
    { declares, isNew }: { readonly declares: boolean; readonly isNew: boolean },
  ): void {
    const elements = children(pattern, 'elements');
    const isPlain = elements.every((element) => element === null || this.#isPlain(element));
    if (isNew || isPlain) this.#atOnce(pattern, [source, nameText(name)], declares);
    else this.#byAndBy(pattern, [source, ...nameText(name)], declares);
  }

  /** Whether assigning the element does nothing else, so that it can as well be done when all elements were taken. */
  #isPlain(element: Node): boolean {
    if (element.type === 'RestElement') return this.#isPlain(child(element, 'argument'));
    if (element.type === 'AssignmentPattern')
      return this.#isPlain(child(element, 'left')) && this.#isPlainValue(child(element, 'right'));
    const context = this.#context;
    const name = unwrap(element);
    const binding = name.type === 'Identifier' ? context.bindingOf(name) : null;
    return binding !== null && context.slotOf(binding) !== null && !context.isBoxed(binding);
  }

  #isPlainValue(value: Node): boolean {
    const inner = unwrap(value);
    if (inner.type === 'ArrayExpression') return nodes(inner, 'elements').length === 0;
    if (inner.type === 'ObjectExpression') return nodes(inner, 'properties').length === 0;
    return isFunction(inner) || this.#expressions.isStable(inner, []);
  }

  #atOnce(pattern: Node, [source, name]: readonly [Code, readonly Code[]], declares: boolean): void {
    const elements = children(pattern, 'elements');
    const rest = elements.at(-1)?.type === 'RestElement';
    const count = code(String(rest ? -1 : elements.length));
    const list = this.#expressions.spill(
      this.#expressions.invocations.ofGate(pattern, 'takeFrom', [source, count, ...name]),
    );
    elements.forEach((element, index) => {
      if (element === null) return;
      const isRest = element.type === 'RestElement';
      const value = isRest ? `${this.#context.gate}.rest(${list.text}, ${index})` : `${list.text}[${index}]`;
      this.#assign(isRest ? child(element, 'argument') : element, () => code(value, list), declares);
    });
  }

  /** Evaluates each target, takes its element, and assigns it, before it goes on with the next. */
  #byAndBy(pattern: Node, source: readonly Code[], declares: boolean): void {
    const context = this.#context;
    const { invocations } = this.#expressions;
    const walked = this.#expressions.spill(invocations.ofGate(pattern, 'walkPattern', source));
    const way = this.#expressions.spill(code(`${context.gate}.wayOf(${walked.text})`, walked));
    const ended = context.temporary();
    context.set(ended, code('0'));
    const walk: Walk = { pattern, walked, way, ended };
    const build = (): void =>
      children(pattern, 'elements').forEach((element, index) => {
        if (element === null) return this.#step(walk, index, null);
        const isRest = element.type === 'RestElement';
        const target = isRest ? child(element, 'argument') : element;
        this.#assign(target, () => (isRest ? this.#rest(walk, index) : this.#next(walk, index)), declares);
      });
    context.finalized(build, (completion) => {
      const close = (name: string): (() => void) => {
        return () => void invocations.ofGate(pattern, name, [walked]);
      };
      this.#when(`${ended.name} === 0`, [slotCode(ended)], () =>
        this.#when(`${completion.name} === 1`, [slotCode(completion)], close('closeQuietly'), close('close')),
      );
    });
  }

  #when(
    test: string,
    uses: readonly Code[],
    taken: () => void,
    otherwise: () => void = () => undefined,
  ): void {
    const context = this.#context;
    context.emit({
      kind: 'if',
      test: code(test, ...uses),
      taken: context.collect(taken),
      otherwise: context.collect(otherwise),
    });
  }

  /** The next element, or undefined. */
  #next(walk: Walk, index: number): Code {
    const value = this.#context.temporary();
    this.#context.set(value, code('undefined'));
    this.#step(walk, index, value);
    return slotCode(value);
  }

  /** While a step is made there is nothing to close: an error in it ends the walk. */
  #step({ pattern, walked, way, ended }: Walk, index: number, value: Slot | null): void {
    const context = this.#context;
    const byIndex = (): void =>
      this.#when(
        `${index} < ${walked.text}.length`,
        [walked],
        () => (value === null ? undefined : context.set(value, code(`${walked.text}[${index}]`, walked))),
        () => context.set(ended, code('1')),
      );
    const called = (): void => {
      context.set(ended, code('1'));
      const more = this.#expressions.invocations.ofMethod(pattern, walked, 'step');
      this.#when(more.text, [more], () => {
        if (value !== null) context.set(value, code(`${walked.text}.value`, walked));
        context.set(ended, code('0'));
      });
    };
    this.#when(`${ended.name} === 0`, [slotCode(ended)], () =>
      this.#when(`${way.text} === 0`, [way], byIndex, called),
    );
  }

  /** An array of all the elements that are left. */
  #rest({ pattern, walked, ended }: Walk, index: number): Code {
    const was = this.#expressions.spill(slotCode(ended));
    this.#context.set(ended, code('1'));
    return this.#expressions.invocations.ofGate(pattern, 'restOf', [walked, code(String(index)), was]);
  }
}
