import { assert } from '../../core/assert.ts';
import { type Code, code, type Slot, slotCode } from './ir.ts';
import { Assignments } from './assignments.ts';
import { access, isBareName } from './call-text.ts';
import { Invocations } from './invocations.ts';
import { Literals } from './literals.ts';
import type { MethodContext } from './method-context.ts';
import { Patterns } from './patterns.ts';
import { PropertyUses } from './property-uses.ts';
import { Yields } from './yields.ts';
import { combinedIn } from './globals.ts';
import { nameText, spokenIterable, spokenName } from './spoken-names.ts';
import { child, classParts, flag, isFunction, type Node, nodes, optional, text, unwrap } from './syntax.ts';

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
  readonly invocations: Invocations;
  readonly properties: PropertyUses;
  readonly #assignments: Assignments;

  constructor(context: MethodContext) {
    this.#context = context;
    this.patterns = new Patterns(context, this);
    this.#literals = new Literals(context, this);
    this.#yields = new Yields(context, this);
    this.invocations = new Invocations(context, this);
    this.properties = new PropertyUses(context, this);
    this.#assignments = new Assignments(context, this);
  }

  /** Emits whatever must come first. @returns code that yields the value, once, where it is put next */
  value(node: Node): Code {
    const inner = unwrap(node);
    if (!this.#context.hasSite(inner)) return this.#context.verbatim(inner);
    return this.#context.spoken.named(this.#parts(inner), inner);
  }

  /** Like `value`, for a value that nobody reads. */
  effect(node: Node): void {
    const inner = unwrap(node);
    if (inner.type === 'AssignmentExpression' && inner['operator'] === '=') {
      const left = unwrap(child(inner, 'left'));
      if (left.type === 'Identifier' && this.#assignments.name(left, child(inner, 'right'))) return;
    }
    const result = this.value(inner);
    if (!this.#context.hasSite(inner) || !isBareName(result))
      this.#context.plain(code(`${result.text};`, result));
  }

  /** What is walked: a generator that is made for that alone comes as its state. */
  walked(node: Node): Code {
    const { module } = this.#context;
    const call = unwrap(node);
    const callee = module.freshGenerators.calleeOf(call);
    if (callee === null) return this.value(node);
    const values = this.list(nodes(call, 'arguments'));
    if (module.calls.isSite(call)) return this.invocations.inPlaceOf(call, code(callee), values);
    return code(`${callee}(${values.map((value) => value.text).join(', ')})`, ...values);
  }

  /**
   * A temporary that holds the value: the one that it has already, if it is the result of a step.
   *
   * @param what the value is in the source
   */
  spill(value: Code, what = this.#context.spoken.whatIs(value)): Code {
    if (this.#held.has(value)) return what === null ? value : this.#context.spoken.named(value, what);
    const slot = this.#context.temporary();
    this.#context.set(slot, value);
    const held = this.hold(slot);
    return what === null ? held : this.#context.spoken.named(held, what);
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
      if (kept !== value) return this.spill(kept);
      return this.isStable(node, list.slice(index + 1)) ? value : this.spill(value, node);
    });
  }

  /** Whether nothing that comes between can change what an operand is; `later` is what this method evaluates then. */
  isStable(node: Node, later: readonly Node[]): boolean {
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
        return this.invocations.call(node);
      case 'ChainExpression':
        return this.invocations.chain(node);
      case 'NewExpression':
        return this.invocations.construct(node);
      case 'TaggedTemplateExpression':
        return this.invocations.tagged(node);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#class(node);
      case 'BinaryExpression':
        return this.#binary(node);
      case 'UnaryExpression':
        return this.#unary(node);
      case 'UpdateExpression':
        return this.#update(node);
      case 'LogicalExpression':
        return this.#logical(node);
      case 'ConditionalExpression':
        return this.#conditional(node);
      case 'AssignmentExpression':
        return this.#assignments.value(node);
      case 'SequenceExpression': {
        const list = nodes(node, 'expressions');
        for (const entry of list.slice(0, -1)) this.effect(entry);
        return this.value(list.at(-1) as Node);
      }
      case 'MemberExpression':
        return this.#read(node);
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
    this.invocations.awaits(argument);
    for (const element of combinedIn(argument, context.module.scopes)) this.invocations.handsOver(element);
    const value = this.value(argument);
    const slot = context.temporary();
    context.emit({ kind: 'await', site: context.site(node), slot, code: value, again: isEffect });
    return this.hold(slot);
  }

  awaited(node: Node, value: Code): Code {
    return this.#yields.awaited(node, value);
  }

  #class(node: Node): Code {
    const parts = classParts(node);
    const isDerived = optional(node, 'superClass') !== null;
    const keyed = (value: Code, index: number): Code =>
      isDerived && index === 0 ? value : code(`${this.#context.gate}.key(${value.text})`, value);
    const values = this.operands(parts, keyed);
    const keys = isDerived ? values.slice(1) : values;
    const creation = this.#context.classCreation(node, isDerived ? (values[0] as Code) : null, keys);
    if (!this.#context.module.classes.isCompletedLater(node)) return creation;
    const made = this.spill(creation);
    this.invocations.statics(node, made);
    return made;
  }

  /** A value that stays as it is while later operands are evaluated. */
  waiting(node: Node, later: readonly Node[]): Code {
    const value = this.value(node);
    return this.isStable(node, later) ? value : this.spill(value, node);
  }

  /** Arguments or elements, spreads included. */
  list(list: readonly Node[], areElements = false): Code[] {
    const context = this.#context;
    const last = list.findLastIndex((node) => context.hasSite(node));
    return list.map((node, index) => {
      if (node.type !== 'SpreadElement') {
        const value = this.value(node);
        if (index >= last || this.isStable(node, list.slice(index + 1))) return value;
        return this.spill(value, node);
      }
      const argument = child(node, 'argument');
      const given = this.value(argument);
      const array = context.module.calls.isWalked(argument)
        ? this.invocations.ofGate(node, 'spread', [given, ...spokenSpread(list, argument, areElements)])
        : given;
      const value = index < last ? this.spill(code(`[...${array.text}]`, array)) : array;
      return code(`...${value.text}`, value);
    });
  }

  #binary(node: Node): Code {
    if (child(node, 'left').type === 'PrivateIdentifier') {
      const right = this.value(child(node, 'right'));
      return code(`(#${text(child(node, 'left'), 'name')} in ${right.text})`, right);
    }
    const [left, right] = this.operands([child(node, 'left'), child(node, 'right')]) as [Code, Code];
    return code(`(${left.text} ${text(node, 'operator')} ${right.text})`, left, right);
  }

  #update(node: Node): Code {
    const operator = text(node, 'operator');
    const place = unwrap(child(node, 'argument'));
    const { accessors } = this.#context.module;
    if (place.type === 'MemberExpression' && (accessors.isRead(place) || accessors.isWritten(place)))
      return this.#assignments.update(place, operator, flag(node, 'prefix'));
    const target = this.member(place);
    const updated = flag(node, 'prefix') ? `(${operator}${target.text})` : `(${target.text}${operator})`;
    return code(updated, target);
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

  #read(node: Node): Code {
    if (!this.#context.module.accessors.isRead(node)) return this.member(node);
    const property = flag(node, 'computed') ? [child(node, 'property')] : [];
    const [base, ...key] = this.operands([child(node, 'object'), ...property]) as [Code, ...Code[]];
    return this.properties.load(node, base, key);
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

  /** A member whose object and key are held in variables, so that it can be read and assigned later. */
  heldMember(node: Node, later: readonly Node[]): Code {
    const property = flag(node, 'computed') ? [child(node, 'property')] : [];
    const given = this.waiting(child(node, 'object'), [...property, ...later]);
    const key = property.map((entry) => this.waiting(entry, later));
    const isSite = this.#context.module.accessors.isSite(node);
    const isSuper = unwrap(child(node, 'object')).type === 'Super';
    const base = isSite && !isSuper && !isBareName(given) ? this.spill(given) : given;
    return code(`${base.text}${access(node, key)}`, base, ...key);
  }

  #logical(node: Node): Code {
    const slot = this.#context.temporary();
    this.#context.set(slot, this.value(child(node, 'left')));
    this.when(text(node, 'operator'), slotCode(slot), () => {
      this.#context.set(slot, this.value(child(node, 'right')));
    });
    return this.hold(slot);
  }

  /** Emits `taken` for the case that a logical operator goes on to its right side. */
  when(operator: string, left: Code, taken: () => void): void {
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
}

/** How V8 names what is spread and is not iterable: elements and a call's only spread, behind all else, by what was written. */
function spokenSpread(list: readonly Node[], argument: Node, areElements: boolean): readonly Code[] {
  if (areElements) return nameText(spokenIterable(argument));
  const isOnly = list.filter(({ type }) => type === 'SpreadElement').length === 1;
  return isOnly && list.at(-1)?.type === 'SpreadElement'
    ? [code(JSON.stringify(spokenName(argument))), code('true')]
    : [];
}
