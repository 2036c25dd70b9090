import { ArrayPatterns } from './array-patterns.ts';
import type { Expressions } from './expressions.ts';
import { type Code, code, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { patternNames } from './scopes.ts';
import { spokenSource } from './spoken-names.ts';
import { child, children, flag, type Node, optional, text, unwrap } from './syntax.ts';

/** Declares and assigns names, members and patterns. No native iterator stays open across a safe point. */
export class Patterns {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;
  readonly #arrays: ArrayPatterns;

  constructor(context: MethodContext, expressions: Expressions) {
    this.#context = context;
    this.#expressions = expressions;
    this.#arrays = new ArrayPatterns(context, expressions, (target, read, declares) =>
      this.#element(target, read, declares),
    );
  }

  /**
   * Initialises what a declaration names: each time afresh, boxes included.
   *
   * @param isNew whether the value is an array that nothing else has
   */
  declare(target: Node, value: Code, isNew = false): void {
    if (target.type === 'Identifier') return this.#initialise(target, value);
    this.prepareBoxes(target);
    this.#destructure(target, value, true, isNew);
  }

  /** Makes the boxes of a pattern's variables; they are assigned next. */
  prepareBoxes(target: Node): void {
    for (const name of patternNames(target)) {
      const binding = this.#context.bindingOf(name);
      if (binding !== null && this.#context.isBoxed(binding) && binding.kind !== 'var') {
        if (!this.#context.isMadeEarly(binding)) this.#initialise(name, code('undefined'));
      }
    }
  }

  /** Assigns to an existing name, member or pattern. */
  assign(target: Node, value: Code, isNew = false): void {
    const inner = unwrap(target);
    if (inner.type === 'MemberExpression') {
      if (!this.#context.module.accessors.isWritten(inner)) {
        const place = this.#expressions.member(inner);
        return this.#context.plain(code(`${place.text} = ${value.text};`, place, value));
      }
      return this.#expressions.properties.store(inner, this.#expressions.heldMember(inner, []), value);
    }
    if (inner.type !== 'Identifier') return this.#destructure(inner, value, false, isNew);
    const binding = this.#context.bindingOf(inner);
    const slot = binding === null ? null : this.#context.slotOf(binding);
    if (binding === null || slot === null) {
      return this.#context.plain(code(`${text(inner, 'name')} = ${value.text};`, value));
    }
    if (!this.#context.isBoxed(binding)) return this.#context.set(slot, value);
    const place = this.#context.written(inner);
    this.#context.plain(code(`${place} = ${value.text};`, value, this.#context.verbatim(inner)));
  }

  #initialise(name: Node, value: Code): void {
    const binding = this.#context.bindingOf(name);
    const slot = binding === null ? null : this.#context.slotOf(binding);
    if (binding === null || slot === null || binding.kind === 'var' || !this.#context.isBoxed(binding)) {
      return this.assign(name, value);
    }
    if (this.#context.isMadeEarly(binding)) {
      return this.#context.plain(code(`${slot.name}.v = ${value.text};`, value, slotCode(slot)));
    }
    this.#context.set(slot, code(`{ v: ${value.text} }`, value));
  }

  #destructure(pattern: Node, value: Code, declares: boolean, isNew = false): void {
    const context = this.#context;
    context.spoken.shows(value);
    if (!context.hasSite(pattern)) {
      const target = context.module.source.slice(pattern.start, pattern.end).replace(/[;\s]+$/, '');
      return context.plain(code(`(${target} = ${value.text});`, context.verbatim(pattern), value));
    }
    const source = this.#expressions.spill(value);
    const what = declares ? context.spoken.whatIs(value) : null;
    const name = typeof what === 'string' ? what || null : what && spokenSource(what);
    if (pattern.type === 'ArrayPattern') this.#arrays.take(pattern, source, name, { declares, isNew });
    else this.#object(pattern, source, declares);
  }

  /** Assigns one element, with its default: where to is evaluated first, then the element is read. */
  #element(target: Node, read: () => Code, declares: boolean): void {
    const context = this.#context;
    const hasDefault = target.type === 'AssignmentPattern';
    const place = unwrap(hasDefault ? child(target, 'left') : target);
    const held =
      place.type === 'MemberExpression'
        ? this.#expressions.heldMember(place, hasDefault ? [child(target, 'right')] : [])
        : null;
    let value = read();
    if (hasDefault) {
      const slot = context.temporary();
      context.set(slot, value);
      value = slotCode(slot);
      context.emit({
        kind: 'if',
        test: code(`${slot.name} === undefined`, value),
        taken: context.collect(() => {
          context.set(slot, this.#expressions.value(child(target, 'right')));
        }),
        otherwise: [],
      });
    }
    if (held !== null) this.#expressions.properties.store(place, held, value);
    else if (place.type !== 'Identifier') this.#destructure(place, value, declares);
    else if (declares) this.#initialise(place, value);
    else this.assign(place, value);
  }

  #object(pattern: Node, source: Code, declares: boolean): void {
    const context = this.#context;
    // Native destructuring of nothing: null and undefined are an error with the native words.
    context.plain(code(`({} = ${source.text});`, source));
    const keys: Code[] = [];
    for (const property of children(pattern, 'properties')) {
      if (property === null) continue;
      if (property.type === 'RestElement') {
        const names = keys.map((key) => key.text).join(', ');
        const rest = code(`${context.gate}.omit(${source.text}, [${names}])`, source, ...keys);
        this.#element(child(property, 'argument'), () => rest, declares);
        continue;
      }
      const key = this.#key(property);
      keys.push(key);
      const read = (): Code =>
        context.module.accessors.isTaken(property)
          ? this.#expressions.properties.use(property, source, `[${key.text}]`, [key])
          : code(`${source.text}[${key.text}]`, source, key);
      this.#element(child(property, 'value'), read, declares);
    }
  }

  #key(property: Node): Code {
    const key = child(property, 'key');
    if (flag(property, 'computed')) {
      const value = this.#expressions.value(key);
      return this.#expressions.spill(code(`${this.#context.gate}.key(${value.text})`, value));
    }
    const name =
      key.type === 'Identifier' ? text(key, 'name') : String(optional(key, 'value') ?? key['value']);
    return code(JSON.stringify(name));
  }
}

/** Whether an expression makes an array, so that nothing else has it. */
export function isFresh(node: Node): boolean {
  return unwrap(node).type === 'ArrayExpression';
}
