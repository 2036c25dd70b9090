import { assert } from '../../core/assert.ts';
import { type Code, code, type Slot, slotCode } from './ir.ts';
import { lineMark, superMarks } from './source-text.ts';
import type { Substitution } from './calls.ts';
import { Literals } from './literals.ts';
import type { MethodContext } from './method-context.ts';
import { Patterns } from './patterns.ts';
import { Yields } from './yields.ts';
import {
  child,
  classParts,
  flag,
  isFunction,
  memberName,
  type Node,
  nodes,
  optional,
  text,
  unwrap,
} from './syntax.ts';

/**
 * Takes expressions apart at their safe points: what stands before one becomes steps of its own, so that a method is
 * only ever left between two steps. Operands that were evaluated before a safe point are kept in temporaries.
 */
export class Expressions {
  readonly #context: MethodContext;
  readonly patterns: Patterns;
  readonly #held = new WeakSet<Code>();
  readonly #literals: Literals;
  readonly #yields: Yields;

  constructor(context: MethodContext) {
    this.#context = context;
    this.patterns = new Patterns(context, this);
    this.#literals = new Literals(context, this);
    this.#yields = new Yields(context, this);
  }

  /** Emits whatever must come first. @returns code that yields the value, once, where it is put next */
  value(node: Node): Code {
    const inner = unwrap(node);
    if (!this.#context.hasSite(inner)) return this.#context.verbatim(inner);
    return this.#parts(inner);
  }

  /** Like `value`, for a value that nobody reads. */
  effect(node: Node): void {
    const inner = unwrap(node);
    if (inner.type === 'AssignmentExpression' && inner['operator'] === '=') {
      const left = unwrap(child(inner, 'left'));
      if (left.type === 'Identifier' && this.#assignName(left, child(inner, 'right'))) return;
    }
    const result = this.value(inner);
    if (!this.#context.hasSite(inner) || !isBareName(result))
      this.#context.plain(code(`${result.text};`, result));
  }

  /** A temporary that holds the value: the one that it has already, if it is the result of a step. */
  spill(value: Code): Code {
    if (this.#held.has(value)) return value;
    const slot = this.#context.temporary();
    this.#context.set(slot, value);
    return this.hold(slot);
  }

  /** What a temporary holds: it is assigned where it was made, and nowhere else. */
  hold(slot: Slot): Code {
    const held = slotCode(slot);
    this.#held.add(held);
    return held;
  }

  /**
   * Operands that are evaluated from left to right. Those before the last safe point are kept, unless nothing can
   * change them meanwhile.
   *
   * @param keep how an operand is turned into a value that can wait: a spread into an array, say
   */
  operands(list: readonly Node[], keep: (value: Code, index: number) => Code = (value) => value): Code[] {
    const context = this.#context;
    const last = list.findLastIndex((node) => context.hasSite(node));
    return list.map((node, index) => {
      const value = this.value(node);
      if (index >= last) return keep(value, index);
      const kept = keep(value, index);
      if (kept === value && this.#isStable(node, list.slice(index + 1))) return value;
      return this.spill(kept);
    });
  }

  #isStable(node: Node, later: readonly Node[]): boolean {
    const inner = unwrap(node);
    if (isFunction(inner)) return true;
    if (inner.type === 'Super') return true;
    if (inner.type === 'Literal') return inner['regex'] === undefined;
    if (inner.type !== 'Identifier') return false;
    const binding = this.#context.bindingOf(inner);
    if (binding === null) return text(inner, 'name') === 'undefined';
    if (this.#context.slotOf(binding) === null) return binding.kind !== 'let' && binding.kind !== 'var';
    return !this.#context.isBoxed(binding) && !this.#context.assignedIn(binding, later);
  }

  #parts(node: Node): Code {
    switch (node.type) {
      case 'AwaitExpression':
        return this.#await(node);
      case 'YieldExpression':
        return this.#yields.value(node);
      case 'CallExpression':
        return this.#call(node);
      case 'ChainExpression':
        return this.#chain(node);
      case 'NewExpression':
        return this.#new(node);
      case 'TaggedTemplateExpression':
        return this.#tagged(node);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#class(node);
      case 'BinaryExpression': {
        if (child(node, 'left').type === 'PrivateIdentifier') {
          const right = this.value(child(node, 'right'));
          return code(`(#${text(child(node, 'left'), 'name')} in ${right.text})`, right);
        }
        const [left, right] = this.operands([child(node, 'left'), child(node, 'right')]) as [Code, Code];
        return code(`(${left.text} ${text(node, 'operator')} ${right.text})`, left, right);
      }
      case 'UnaryExpression':
        return this.#unary(node);
      case 'UpdateExpression': {
        const target = this.member(child(node, 'argument'));
        const operator = text(node, 'operator');
        return code(
          flag(node, 'prefix') ? `(${operator}${target.text})` : `(${target.text}${operator})`,
          target,
        );
      }
      case 'LogicalExpression':
        return this.#logical(node);
      case 'ConditionalExpression':
        return this.#conditional(node);
      case 'AssignmentExpression':
        return this.#assignment(node);
      case 'SequenceExpression': {
        const list = nodes(node, 'expressions');
        for (const entry of list.slice(0, -1)) this.effect(entry);
        return this.value(list.at(-1) as Node);
      }
      case 'MemberExpression':
        return this.member(node);
      case 'ArrayExpression':
        return this.#literals.array(node);
      case 'ObjectExpression':
        return this.#literals.object(node);
      case 'TemplateLiteral':
        return this.#literals.template(node);
      case 'ImportExpression': {
        const source = this.value(child(node, 'source'));
        return code(`import(${source.text})`, source);
      }
      default:
        assert(false, `no lowering for ${node.type}`);
    }
  }

  #await(node: Node): Code {
    const context = this.#context;
    const argument = unwrap(child(node, 'argument'));
    const isEffect = context.module.calls.isApi(argument, 'effect') && !context.hasSite(argument);
    const value = this.value(argument);
    const slot = context.temporary();
    context.emit({ kind: 'await', site: context.site(node), slot, code: value, again: isEffect });
    return this.hold(slot);
  }

  awaited(node: Node, value: Code): Code {
    return this.#yields.awaited(node, value);
  }

  /** A call of one of the gate's functions that may call movable code. */
  runtimeCall(node: Node, name: string, values: readonly Code[]): Code {
    const context = this.#context;
    const slot = context.temporary();
    const mark = `\n\uFDD5${lineMark(context.module.source.lineOf(node.start))}`;
    context.emit({
      kind: 'call',
      site: context.site(node),
      slot,
      code: code(callText(code(`${context.gate}.${name}`), '', values, mark), ...values),
    });
    return this.hold(slot);
  }

  /** A call of a function that a variable holds. */
  callOf(node: Node, target: Code, values: readonly Code[]): Code {
    const context = this.#context;
    const slot = context.temporary();
    const mark = `\n\uFDD5${lineMark(context.module.source.lineOf(node.start))}`;
    context.emit({
      kind: 'call',
      site: context.site(node),
      slot,
      code: code(callText(target, '', values, mark), target, ...values),
    });
    return this.hold(slot);
  }

  /** A call of a method of something that a variable holds, as `runtimeCall`. */
  methodCall(node: Node, object: Code, name: string): Code {
    const context = this.#context;
    const slot = context.temporary();
    const mark = `\n\uFDD5${lineMark(context.module.source.lineOf(node.start))}`;
    const target = code(`${object.text}.${name}`, object);
    context.emit({
      kind: 'call',
      site: context.site(node),
      slot,
      code: code(callText(target, '', [], mark), target),
    });
    return this.hold(slot);
  }

  #class(node: Node): Code {
    const parts = classParts(node);
    const isDerived = optional(node, 'superClass') !== null;
    const keyed = (value: Code, index: number): Code =>
      isDerived && index === 0 ? value : code(`${this.#context.gate}.key(${value.text})`, value);
    const values = this.operands(parts, keyed);
    const keys = isDerived ? values.slice(1) : values;
    return this.#context.classCreation(node, isDerived ? (values[0] as Code) : null, keys);
  }

  /** `super(…)`: what it made is `this` from here on; after a move it may have come without the class's own fields. */
  #superCall(node: Node, args: readonly Node[]): Code {
    const context = this.#context;
    const { made } = context;
    assert(made !== null, 'super(…) stands in a constructor that has a parent');
    const around = context.verbatim(child(node, 'callee'));
    const values = this.list(args);
    const result = this.#perform(
      node,
      (mark) => `${mark}${superMarks.open}\n${join(values)}${superMarks.close}`,
      around,
      ...values,
    );
    context.set(made, code(`${superMarks.made}${result.text})`, result, around));
    return slotCode(made);
  }

  #call(node: Node): Code {
    const callee = unwrap(child(node, 'callee'));
    const args = nodes(node, 'arguments');
    if (callee.type === 'Super') return this.#superCall(node, args);
    if (callee.type === 'MemberExpression') return this.#memberCall(node, callee, args);
    const [target, ...values] = this.list([callee, ...args]) as [Code, ...Code[]];
    return this.#perform(node, (mark) => callText(target, '', values, mark), target, ...values);
  }

  #memberCall(node: Node, callee: Node, args: readonly Node[]): Code {
    const context = this.#context;
    const object = child(callee, 'object');
    const isSite = context.module.calls.isSite(node);
    const substitution = context.module.calls.substitution(node);
    if (substitution === null && !args.some((argument) => context.hasSite(argument))) {
      const target = this.member(callee);
      const values = this.list(args);
      return this.#perform(node, (mark) => callText(target, '', values, mark), target, ...values);
    }
    const computed = flag(callee, 'computed') ? [child(callee, 'property')] : [];
    const global = unwrap(object).type === 'Identifier' && context.bindingOf(unwrap(object)) === null;
    const base = global ? this.value(object) : this.#waiting(object, [...computed, ...args]);
    if (substitution !== null) {
      const target = this.spill(this.#substituted(substitution, base, callee));
      return this.#callOn(node, base, target, this.list(args));
    }
    const key = computed.map((property) => this.#waiting(property, args));
    const load = code(`${base.text}${access(callee, key)}`, base, ...key);
    if (unwrap(object).type === 'Super') {
      return this.#callOn(node, context.selfAt(unwrap(object)), this.spill(load), this.list(args));
    }
    if (!isSite) {
      // Loads the method before its arguments, as written: nothing to load is an error before they are evaluated.
      context.plain(code(`${load.text};`, load));
      const values = this.list(args);
      return code(`${load.text}(${join(values)})`, load, ...values);
    }
    return this.#callOn(node, base, this.spill(load), this.list(args));
  }

  #callOn(node: Node, base: Code, target: Code, values: readonly Code[]): Code {
    const passed = [base, ...values];
    return this.#perform(node, (mark) => callText(target, '.call', passed, mark), target, ...passed);
  }

  /** What a method of the language's own is, in its movable form, if that is what stands there. */
  #substituted(substitution: Substitution, base: Code, callee: Node): Code {
    const { gate } = this.#context;
    const name = JSON.stringify(memberName(callee) ?? '');
    return code(`${gate}.${substitution}(${base.text}, ${name})`, base);
  }

  #new(node: Node): Code {
    const callee = unwrap(child(node, 'callee'));
    const args = nodes(node, 'arguments');
    if (this.#context.module.scopes.globals.get(callee) === 'Promise' && args.length > 0) {
      return this.#newPromise(node, args);
    }
    const [given, ...values] = this.list([callee, ...args]) as [Code, ...Code[]];
    if (!this.#context.module.calls.isSite(node)) {
      return code(`(new (${given.text})(${join(values)}))`, given, ...values);
    }
    const target = isBareName(given) ? given : this.spill(given);
    return this.#perform(node, (mark) => `${mark}new ${target.text}(\n${join(values)})`, target, ...values);
  }

  /** The executor of a promise is called as any function is: a native one would turn a capture into a rejection. */
  #newPromise(node: Node, args: readonly Node[]): Code {
    const context = this.#context;
    const [executor] = this.list(args) as [Code];
    const held = this.spill(executor);
    const made = this.spill(code(`${context.gate}.deferred(${held.text})`, held));
    const flag = context.temporary();
    const caught = context.temporary();
    context.set(flag, code('0'));
    const body = context.collect(() => {
      const passed = [code(`${made.text}.resolve`, made), code(`${made.text}.reject`, made)];
      const target = isBareName(held) ? held : this.spill(held);
      context.plain(
        code(`${this.#perform(node, (mark) => callText(target, '', passed, mark), target, made).text};`),
      );
    });
    context.emit({ kind: 'try', body, flag, caught });
    context.emit({
      kind: 'if',
      test: code(`${flag.name} === 1`, slotCode(flag)),
      taken: context.collect(() =>
        context.plain(code(`${made.text}.reject(${caught.name});`, made, slotCode(caught))),
      ),
      otherwise: [],
    });
    return code(`${made.text}.promise`, made);
  }

  #tagged(node: Node): Code {
    const context = this.#context;
    const tag = unwrap(child(node, 'tag'));
    const quasi = child(node, 'quasi');
    const parts = nodes(quasi, 'quasis').map(
      (entry) => entry['value'] as { raw: string; cooked: string | null },
    );
    const cooked = parts.map((part) => (part.cooked === null ? 'undefined' : JSON.stringify(part.cooked)));
    const raw = parts.map((part) => JSON.stringify(part.raw));
    const key = JSON.stringify(context.templateKey());
    const strings = code(`${context.gate}.template(${key}, [${cooked.join(', ')}], [${raw.join(', ')}])`);
    const values = nodes(quasi, 'expressions');
    if (tag.type !== 'MemberExpression') {
      const target = this.#waiting(tag, values);
      const passed = [strings, ...this.list(values)];
      return this.#perform(node, (mark) => callText(target, '', passed, mark), target, ...passed);
    }
    const computed = flag(tag, 'computed') ? [child(tag, 'property')] : [];
    const base = this.#waiting(child(tag, 'object'), [...computed, ...values]);
    const keys = computed.map((property) => this.#waiting(property, values));
    const target = this.spill(code(`${base.text}${access(tag, keys)}`, base, ...keys));
    const owner = unwrap(child(tag, 'object'));
    const self = owner.type === 'Super' ? context.selfAt(owner) : base;
    return this.#callOn(node, self, target, [strings, ...this.list(values)]);
  }

  /** A value that stays as it is while later operands are evaluated. */
  #waiting(node: Node, later: readonly Node[]): Code {
    const value = this.value(node);
    return this.#isStable(node, later) ? value : this.spill(value);
  }

  /** Makes the call: a step of its own where it is a site. */
  #perform(node: Node, textOf: (mark: string) => string, ...parts: Code[]): Code {
    const context = this.#context;
    if (!context.module.calls.isSite(node)) return code(textOf(''), ...parts);
    const slot = context.temporary();
    const mark = lineMark(context.module.source.lineOf(node.start));
    context.emit({
      kind: 'call',
      site: context.site(node),
      slot,
      code: code(textOf(`\n\uFDD5${mark}`), ...parts),
    });
    return this.hold(slot);
  }

  /** Arguments or elements, spreads included. */
  list(list: readonly Node[]): Code[] {
    const context = this.#context;
    const last = list.findLastIndex((node) => context.hasSite(node));
    return list.map((node, index) => {
      if (node.type !== 'SpreadElement') {
        const value = this.value(node);
        if (index >= last || this.#isStable(node, list.slice(index + 1))) return value;
        return this.spill(value);
      }
      const argument = child(node, 'argument');
      const given = this.value(argument);
      const array = context.module.calls.isWalked(argument)
        ? this.runtimeCall(node, 'spread', [given])
        : given;
      const value = index < last ? this.spill(code(`[...${array.text}]`, array)) : array;
      return code(`...${value.text}`, value);
    });
  }

  #unary(node: Node): Code {
    const argument = unwrap(child(node, 'argument'));
    const operator = text(node, 'operator');
    const value =
      operator === 'delete' && argument.type === 'MemberExpression'
        ? this.member(argument)
        : this.value(argument);
    return code(`(${operator} ${value.text})`, value);
  }

  /** A member as it is read, assigned or called. */
  member(node: Node): Code {
    const inner = unwrap(node);
    if (inner.type !== 'MemberExpression') return this.value(inner);
    const computed = flag(inner, 'computed');
    const parts = this.operands(
      computed ? [child(inner, 'object'), child(inner, 'property')] : [child(inner, 'object')],
    );
    const [base, ...key] = parts as [Code, ...Code[]];
    return code(`${base.text}${access(inner, key)}`, ...parts);
  }

  #logical(node: Node): Code {
    const slot = this.#context.temporary();
    this.#context.set(slot, this.value(child(node, 'left')));
    this.#when(text(node, 'operator'), slotCode(slot), () => {
      this.#context.set(slot, this.value(child(node, 'right')));
    });
    return this.hold(slot);
  }

  /** Emits `taken` for the case that a logical operator goes on to its right side. */
  #when(operator: string, left: Code, taken: () => void): void {
    const nullish = `(${left.text} === null || ${left.text} === undefined)`;
    const test = operator === '&&' ? left.text : operator === '||' ? `!${left.text}` : nullish;
    this.#context.emit({
      kind: 'if',
      test: code(test, left),
      taken: this.#context.collect(taken),
      otherwise: [],
    });
  }

  #conditional(node: Node): Code {
    const context = this.#context;
    const slot = context.temporary();
    const test = this.value(child(node, 'test'));
    const branch = (property: string) =>
      context.collect(() => context.set(slot, this.value(child(node, property))));
    context.emit({ kind: 'if', test, taken: branch('consequent'), otherwise: branch('alternate') });
    return this.hold(slot);
  }

  /** `x = value` for a local that is not boxed. */
  #assignName(name: Node, right: Node): boolean {
    const binding = this.#context.bindingOf(name);
    const slot = binding === null ? null : this.#context.slotOf(binding);
    if (binding === null || slot === null || this.#context.isBoxed(binding)) return false;
    this.#context.set(slot, this.value(right));
    return true;
  }

  #assignment(node: Node): Code {
    const operator = text(node, 'operator');
    const left = unwrap(child(node, 'left'));
    const right = child(node, 'right');
    if (operator === '&&=' || operator === '||=' || operator === '??=') return this.#logicalAssignment(node);
    if (left.type === 'Identifier') {
      const name = code(this.#spell(left), this.#context.verbatim(left));
      if (operator === '=') {
        if (this.#assignName(left, right)) return name;
        const value = this.value(right);
        return code(`(${name.text} = ${value.text})`, name, value);
      }
      const before = this.#waiting(left, [right]);
      const value = this.value(right);
      return code(
        `(${name.text} = ${before.text} ${operator.slice(0, -1)} ${value.text})`,
        name,
        before,
        value,
      );
    }
    if (left.type !== 'MemberExpression') {
      const value = this.spill(this.value(right));
      this.patterns.assign(left, value);
      return value;
    }
    return this.#memberAssignment(left, operator, right);
  }

  #memberAssignment(left: Node, operator: string, right: Node): Code {
    const property = flag(left, 'computed') ? [child(left, 'property')] : [];
    const places = [child(left, 'object'), ...property];
    if (operator === '=' || !this.#context.hasSite(right)) {
      const parts = this.operands([...places, right]);
      const value = parts.at(-1) as Code;
      const [base, ...key] = parts.slice(0, -1) as [Code, ...Code[]];
      return code(`(${base.text}${access(left, key)} ${operator} ${value.text})`, ...parts);
    }
    const target = this.#heldMember(left, [right]);
    const before = this.spill(target);
    const value = this.value(right);
    return code(
      `(${target.text} = ${before.text} ${operator.slice(0, -1)} ${value.text})`,
      target,
      before,
      value,
    );
  }

  /** A member whose object and key are held in variables, so that it can be read and assigned later. */
  #heldMember(node: Node, later: readonly Node[]): Code {
    const property = flag(node, 'computed') ? [child(node, 'property')] : [];
    const base = this.#waiting(child(node, 'object'), [...property, ...later]);
    const key = property.map((entry) => this.#waiting(entry, later));
    return code(`${base.text}${access(node, key)}`, base, ...key);
  }

  #logicalAssignment(node: Node): Code {
    const context = this.#context;
    const left = unwrap(child(node, 'left'));
    const right = child(node, 'right');
    const target =
      left.type === 'Identifier'
        ? code(this.#spell(left), context.verbatim(left))
        : this.#heldMember(left, [right]);
    const slot = context.temporary();
    context.set(slot, target);
    this.#when(text(node, 'operator').slice(0, -1), slotCode(slot), () => {
      context.set(slot, this.value(right));
      context.plain(code(`${target.text} = ${slot.name};`, target, slotCode(slot)));
    });
    return this.hold(slot);
  }

  #spell(name: Node): string {
    const context = this.#context;
    const binding = context.bindingOf(name);
    if (binding === null) return text(name, 'name');
    const reference = binding.references.find(({ node }) => node === name);
    return reference === undefined || context.slotOf(binding) === null
      ? context.spelling(binding)
      : context.module.names.spelledAt(binding, { ...reference, role: 'write' });
  }

  #chain(node: Node): Code {
    const context = this.#context;
    const slot = context.temporary();
    const label = context.label('chain');
    const body = context.collect(() => {
      context.set(slot, code('undefined'));
      const end = this.#link(child(node, 'expression'), label).value;
      context.set(slot, end);
    });
    context.emit({ kind: 'block', label, body });
    return this.hold(slot);
  }

  /** One link of an optional chain, and the object that it was read from. */
  #link(node: Node, label: string): { readonly value: Code; readonly object: Code | null } {
    const context = this.#context;
    const inner = unwrap(node);
    if (inner.type === 'MemberExpression') {
      const owner = unwrap(child(inner, 'object'));
      const isSuper = owner.type === 'Super';
      const base = isSuper ? context.verbatim(owner) : this.spill(this.#link(owner, label).value);
      if (flag(inner, 'optional')) this.#leaveIfNullish(base, label);
      const key = flag(inner, 'computed') ? [this.value(child(inner, 'property'))] : [];
      const object = isSuper ? context.selfAt(owner) : base;
      return { value: code(`${base.text}${access(inner, key)}`, base, ...key), object };
    }
    if (inner.type !== 'CallExpression') return { value: this.value(inner), object: null };
    const substitution = context.module.calls.substitution(inner);
    const calleeNode = unwrap(child(inner, 'callee'));
    const callee = this.#link(calleeNode, label);
    const found =
      substitution === null || callee.object === null
        ? callee.value
        : this.#substituted(substitution, callee.object, calleeNode);
    const target = this.spill(found);
    if (flag(inner, 'optional')) this.#leaveIfNullish(target, label);
    const args = this.list(nodes(inner, 'arguments'));
    const passed = callee.object === null ? args : [callee.object, ...args];
    const via = callee.object === null ? '' : '.call';
    const value = this.#perform(inner, (mark) => callText(target, via, passed, mark), target, ...passed);
    return { value, object: null };
  }

  #leaveIfNullish(value: Code, label: string): void {
    this.#context.emit({
      kind: 'if',
      test: code(`(${value.text} === null || ${value.text} === undefined)`, value),
      taken: [{ kind: 'break', label }],
      otherwise: [],
    });
  }
}

export function join(values: readonly Code[]): string {
  return values.map((value) => value.text).join(', ');
}

/** `.name` or `[key]`. */
export function access(member: Node, key: readonly Code[]): string {
  if (key[0] !== undefined) return `[${key[0].text}]`;
  const property = child(member, 'property');
  const isPrivate = property.type === 'PrivateIdentifier';
  return `.${isPrivate ? `#${text(property, 'name')}` : (memberName(member) ?? text(property, 'name'))}`;
}

/**
 * A call whose position no other operation of the method has: the callee is loaded on the lines before, the arguments
 * are evaluated on the lines after. `mark` is empty for calls that are not sites.
 */
function callText(target: Code, via: string, args: readonly Code[], mark: string): string {
  if (mark === '') return `${target.text}${via}(${join(args)})`;
  if (isBareName(target) && via === '') return `${mark}${target.text}(\n${join(args)})`;
  return `(${target.text}${via})${mark}(\n${join(args)})`;
}

function isBareName(value: Code): boolean {
  return /^(?:\uFDD1\d+\uFDD2)?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(value.text);
}
