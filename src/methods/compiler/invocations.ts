import { assert } from '../../core/assert.ts';
import { callText, isBareName, join } from './call-text.ts';
import type { Substitution } from './calls.ts';
import { callUnits, type FieldUnit } from './class-fields.ts';
import type { ClassFacts } from './classes.ts';
import type { Expressions } from './expressions.ts';
import { type Code, code, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import { Returns } from './returns.ts';
import { depthMark, knownMarks, lineMark, superMarks } from './source-text.ts';
import { spokenName } from './spoken-names.ts';
import { child, flag, memberName, type Node, nodes, optional, unwrap } from './syntax.ts';

/** Lowers calls of every kind: each that may be captured is a step of its own, on a line of its own. */
export class Invocations {
  readonly #context: MethodContext;
  readonly #expressions: Expressions;
  /** What calls tell a callee of where it stands, if they know it. */
  readonly #depths = new Map<Node, string>();
  readonly #returns: Returns;

  constructor(context: MethodContext, expressions: Expressions) {
    this.#context = context;
    this.#expressions = expressions;
    this.#returns = new Returns(context);
  }

  /** A call of one of the gate's functions that may call movable code. */
  ofGate(node: Node, name: string, values: readonly Code[]): Code {
    return this.#called(node, code(`${this.#context.gate}.${name}`), '', values);
  }

  /** A call of a function that a variable holds. */
  ofFunction(node: Node, target: Code, values: readonly Code[]): Code {
    return this.#called(node, target, '', values);
  }

  /** A call of the author's whose callee is spelled in another way. */
  inPlaceOf(call: Node, target: Code, values: readonly Code[]): Code {
    const result = this.#called(call, target, '', values);
    this.#returns.point(call);
    return result;
  }

  /** A call of a method of something that a variable holds. */
  ofMethod(node: Node, object: Code, name: string, values: readonly Code[] = []): Code {
    return this.#called(node, code(`${object.text}.${name}`, object), '', values);
  }

  /** A call that its author did not write as one: always a step of its own. */
  #called(node: Node, target: Code, via: string, values: readonly Code[]): Code {
    const context = this.#context;
    const slot = context.temporary();
    const mark = `\n\uFDD5${lineMark(context.module.source.lineOf(node.start))}`;
    context.emit({
      kind: 'call',
      site: context.site(node),
      slot,
      code: code(callText(target, via, values, mark), target, ...values),
      holds: false,
    });
    return this.#expressions.hold(slot);
  }

  /** `super(…)`: what it made is `this` from here on; after a move it may have come without the class's own fields. */
  #superCall(node: Node, args: readonly Node[]): Code {
    const context = this.#context;
    const { made } = context;
    assert(made !== null, 'super(…) stands in a constructor that has a parent');
    const around = context.verbatim(child(node, 'callee'));
    const values = this.#expressions.list(args);
    const result = this.#perform(
      node,
      (mark) => `${mark}${superMarks.open}\n${join(values)}${superMarks.close}`,
      around,
      ...values,
    );
    context.set(made, code(`${superMarks.made}${result.text})`, result, around));
    const { box } = context;
    if (box !== null) context.plain(code(`${box.name}.v = ${made.name};`, slotCode(box), slotCode(made)));
    const { hasPrivates, home } = context.module.classes.around(context.method) as ClassFacts;
    const { gate } = context;
    if (hasPrivates)
      context.plain(code(`${gate}.stamped(${home.name}, ${made.name});`, slotCode(made), around));
    this.#returns.point(node);
    this.fields();
    return slotCode(made);
  }

  /** What a call gives is awaited before anything else happens. */
  awaits(call: Node): void {
    this.#depths.set(call, `${this.#context.gate}.below(${depthMark})`);
  }

  /** What a call gives is handed on to the runtime, which knows promises by their records. */
  handsOver(call: Node): void {
    this.#depths.set(unwrap(call), `${this.#context.gate}.apart`);
  }

  /** A call's arguments, and for a method that is sure to be called what stands below it. */
  #given(call: Node, values: readonly Code[]): readonly Code[] {
    const { awaited } = this.#context.module;
    const told = this.#depths.get(call);
    const takes = told === undefined ? null : awaited.parametersOf(call);
    if (takes === null) return values;
    const depth = `${'undefined, '.repeat(takes - values.length)}${told}`;
    const last = values.at(-1);
    if (last === undefined) return [code(`${knownMarks.open}${depth}${knownMarks.close}`)];
    const text = `${last.text}${knownMarks.open}, ${depth}${knownMarks.close}`;
    return [...values.slice(0, -1), code(text, last)];
  }

  /** In a constructor: the fields of the class that are evaluated apart. */
  fields(): void {
    const context = this.#context;
    const facts = context.module.classes.around(context.method);
    if (facts === null || facts.instanceUnits.length === 0) return;
    const target = ({ name }: FieldUnit): Code => code(`${facts.instanceCode}.${name}`);
    callUnits(this.#units, facts.instanceUnits, context.itself(), target, facts.home.name);
  }

  /** What is left of a class's evaluation once it was made. */
  statics(node: Node, made: Code): void {
    const { module, gate } = this.#context;
    const method = module.calls.methodOf(node);
    if (method === null || !module.classes.isCompletedLater(node)) return;
    const target = ({ name }: FieldUnit): Code => code(`${gate}.codeIn(${made.text}, true).${name}`, made);
    callUnits(this.#units, module.classes.factsOf(method).staticUnits, made, target, made.text);
  }

  get #units(): Parameters<typeof callUnits>[0] {
    return {
      context: this.#context,
      call: (node, self, target) => void this.#called(node, target, '.call', [self]),
    };
  }

  call(node: Node): Code {
    const callee = unwrap(child(node, 'callee'));
    const args = nodes(node, 'arguments');
    if (callee.type === 'Super') return this.#superCall(node, args);
    if (callee.type === 'MemberExpression') return this.#memberCall(node, callee, args);
    const [target, ...values] = this.#expressions.list([callee, ...args]) as [Code, ...Code[]];
    const given = this.#given(node, values);
    return this.#perform(node, (mark) => callText(target, '', given, mark), target, ...values);
  }

  #memberCall(node: Node, callee: Node, args: readonly Node[]): Code {
    const context = this.#context;
    const object = child(callee, 'object');
    const isSite = context.module.calls.isSite(node);
    const substitution = context.module.calls.substitution(node);
    // What `super` finds is called on `this` by name: a resume body has another `this` of its own.
    const isSuper = unwrap(object).type === 'Super';
    const isPlain = substitution === null && !isSuper && !this.#returns.asks(node);
    if (isPlain && !args.some((argument) => context.hasSite(argument))) {
      if (!context.module.accessors.isRead(callee)) {
        const target = this.#expressions.member(callee);
        const values = this.#given(node, this.#expressions.list(args));
        return this.#perform(node, (mark) => callText(target, '', values, mark), target, ...values);
      }
    }
    const computed = flag(callee, 'computed') ? [child(callee, 'property')] : [];
    const global = unwrap(object).type === 'Identifier' && context.bindingOf(unwrap(object)) === null;
    const base = global
      ? this.#expressions.value(object)
      : this.#expressions.waiting(object, [...computed, ...args]);
    if (substitution !== null) {
      const target = this.#expressions.spill(this.#substituted(substitution, base, callee));
      return this.#callOn(node, base, target, this.#expressions.list(args));
    }
    const key = computed.map((property) => this.#expressions.waiting(property, args));
    const load = this.#expressions.properties.load(callee, base, key);
    if (isSuper) {
      return this.#callOn(
        node,
        context.selfAt(unwrap(object)),
        this.#expressions.spill(load),
        this.#expressions.list(args),
      );
    }
    if (!isSite) {
      // Loads the method before its arguments, as written: nothing to load is an error before they are evaluated.
      context.plain(code(`${load.text};`, load));
      context.spoken.shows(load);
      const values = this.#expressions.list(args);
      return code(`${load.text}(${join(values)})`, load, ...values);
    }
    const target = this.#expressions.spill(load);
    return this.#callOn(node, base, target, this.#given(node, this.#expressions.list(args)));
  }

  #callOn(node: Node, base: Code, target: Code, values: readonly Code[]): Code {
    const passed = [base, ...values];
    this.#checkCallee(target, base, node);
    this.#returns.ask(node, target);
    return this.#perform(node, (mark) => callText(target, '.call', passed, mark), target, ...passed);
  }

  /**
   * What is called by `call` has to have that from the language. Something that is no function is named as its author
   * did, not as it is called here.
   */
  #checkCallee(target: Code, self: Code, call: Node): void {
    const context = this.#context;
    const { gate } = context;
    const callee = unwrap(child(call, call.type === 'TaggedTemplateExpression' ? 'tag' : 'callee'));
    const name = JSON.stringify(spokenName(callee));
    const f = target.text;
    const bound = `${f} = ${gate}.callee(${f}, ${self.text}, ${name})`;
    for (const slot of target.uses) context.assigned.add(slot);
    context.plain(
      code(`typeof ${f} === 'function' && ${f}.call === ${gate}.call || (${bound});`, target, self),
    );
  }

  /** What a method of the language's own is, in its movable form, if that is what stands there. */
  #substituted(substitution: Substitution, base: Code, callee: Node): Code {
    const { gate } = this.#context;
    const name = JSON.stringify(memberName(callee) ?? '');
    return code(`${gate}.${substitution}(${base.text}, ${name})`, base);
  }

  construct(node: Node): Code {
    const callee = unwrap(child(node, 'callee'));
    const args = nodes(node, 'arguments');
    if (this.#context.module.scopes.globals.get(callee) === 'Promise' && args.length > 0) {
      return this.#newPromise(node, args);
    }
    const [given, ...values] = this.#expressions.list([callee, ...args]) as [Code, ...Code[]];
    this.#context.spoken.shows(given);
    if (!this.#context.module.calls.isSite(node)) {
      return code(`(new (${given.text})(${join(values)}))`, given, ...values);
    }
    const target = isBareName(given) ? given : this.#expressions.spill(given, callee);
    return this.#perform(node, (mark) => `${mark}new ${target.text}(\n${join(values)})`, target, ...values);
  }

  /** The executor of a promise is called as any function is: a native one would turn a capture into a rejection. */
  #newPromise(node: Node, args: readonly Node[]): Code {
    const context = this.#context;
    const [executor] = this.#expressions.list(args) as [Code];
    const held = this.#expressions.spill(executor);
    const made = this.#expressions.spill(code(`${context.gate}.deferred(${held.text})`, held));
    const flag = context.temporary();
    const caught = context.temporary();
    context.set(flag, code('0'));
    const body = context.collect(() => {
      const passed = [code(`${made.text}.resolve`, made), code(`${made.text}.reject`, made)];
      const target = isBareName(held) ? held : this.#expressions.spill(held);
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

  tagged(node: Node): Code {
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
      const target = this.#expressions.waiting(tag, values);
      const passed = [strings, ...this.#expressions.list(values)];
      return this.#perform(node, (mark) => callText(target, '', passed, mark), target, ...passed);
    }
    const computed = flag(tag, 'computed') ? [child(tag, 'property')] : [];
    const base = this.#expressions.waiting(child(tag, 'object'), [...computed, ...values]);
    const keys = computed.map((property) => this.#expressions.waiting(property, values));
    const target = this.#expressions.spill(this.#expressions.properties.load(tag, base, keys));
    const owner = unwrap(child(tag, 'object'));
    const self = owner.type === 'Super' ? context.selfAt(owner) : base;
    return this.#callOn(node, self, target, [strings, ...this.#expressions.list(values)]);
  }

  /** Makes the call: a step of its own where it is a site. */
  #perform(node: Node, textOf: (mark: string) => string, ...parts: Code[]): Code {
    const context = this.#context;
    if (parts[0] !== undefined) context.spoken.shows(parts[0]);
    if (!context.module.calls.isSite(node)) return code(textOf(''), ...parts);
    const slot = context.temporary();
    const mark = lineMark(context.module.source.lineOf(node.start));
    context.emit({
      kind: 'call',
      site: context.site(node),
      slot,
      code: code(textOf(`\n\uFDD5${mark}`), ...parts),
      holds: false,
    });
    // What `super` has made is nobody's before it is `this`.
    if (unwrap(optional(node, 'callee') ?? node).type !== 'Super') this.#returns.point(node);
    return this.#expressions.hold(slot);
  }

  /** An optional chain. */
  chain(node: Node): Code {
    const context = this.#context;
    const slot = context.temporary();
    const label = context.label('chain');
    const body = context.collect(() => {
      context.set(slot, code('undefined'));
      const end = this.#link(child(node, 'expression'), label).value;
      context.set(slot, end);
    });
    context.emit({ kind: 'block', label, body });
    return this.#expressions.hold(slot);
  }

  /** One link of an optional chain, and the object that it was read from. */
  #link(node: Node, label: string): { readonly value: Code; readonly object: Code | null } {
    const context = this.#context;
    const inner = unwrap(node);
    if (inner.type === 'MemberExpression') {
      const owner = unwrap(child(inner, 'object'));
      const isSuper = owner.type === 'Super';
      const base = isSuper
        ? context.verbatim(owner)
        : this.#expressions.spill(this.#link(owner, label).value, owner);
      if (flag(inner, 'optional')) this.#leaveIfNullish(base, label);
      const key = flag(inner, 'computed') ? [this.#expressions.value(child(inner, 'property'))] : [];
      const object = isSuper ? context.selfAt(owner) : base;
      return { value: this.#expressions.properties.load(inner, base, key), object };
    }
    if (inner.type !== 'CallExpression') return { value: this.#expressions.value(inner), object: null };
    const substitution = context.module.calls.substitution(inner);
    const calleeNode = unwrap(child(inner, 'callee'));
    const callee = this.#link(calleeNode, label);
    const found =
      substitution === null || callee.object === null
        ? callee.value
        : this.#substituted(substitution, callee.object, calleeNode);
    const target = this.#expressions.spill(found, calleeNode);
    if (flag(inner, 'optional')) this.#leaveIfNullish(target, label);
    const args = this.#expressions.list(nodes(inner, 'arguments'));
    const passed = callee.object === null ? args : [callee.object, ...args];
    const via = callee.object === null ? '' : '.call';
    if (callee.object !== null) this.#checkCallee(target, callee.object, inner);
    this.#returns.ask(inner, target);
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
