import { type Code, code, type Slot, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import type { Binding } from './scopes.ts';
import type { Statements } from './statements.ts';
import { child, isFunction, isTypeOnly, type Node, nodes, optional } from './syntax.ts';
import type { Links } from './whole.ts';

/**
 * Lowers the body of a whole module: what it shares with others, those that come first, and its statements.
 *
 * @param modules holds the modules of the execution
 */
export function buildModule(
  context: MethodContext,
  statements: Statements,
  links: Links,
  modules: Slot,
): void {
  new WholeBody(context, statements, links, modules).build();
}

class WholeBody {
  readonly #context: MethodContext;
  readonly #statements: Statements;
  readonly #links: Links;
  readonly #held: Code;
  readonly #path: string;

  constructor(context: MethodContext, statements: Statements, links: Links, modules: Slot) {
    this.#context = context;
    this.#statements = statements;
    this.#links = links;
    this.#held = slotCode(modules);
    this.#path = context.module.path;
  }

  build(): void {
    const statements = this.#statements;
    const { node } = this.#context.method;
    for (const [binding, name] of this.#links.exports) this.#setBox(binding, this.#path, name);
    for (const { binding, path, name } of this.#links.imports) {
      if (name === '*') this.#setNamespace(binding, path);
      else this.#setBox(binding, path, name);
    }
    statements.open(node);
    for (const [name, binding] of this.#links.given) {
      statements.expressions.patterns.assign(binding.declaration, this.#ofModules('given', this.#path, name));
    }
    for (const dependency of this.#links.dependencies) this.#evaluate(dependency);
    // What a CommonJS module exports is known now.
    for (const { binding, path, name } of this.#links.imports) {
      if (name !== '*') this.#setBox(binding, path, name);
    }
    for (const statement of nodes(node, 'body')) if (!isTypeOnly(statement)) this.#statement(statement);
  }

  /** A call of one of the gate's functions for modules. */
  #ofModules(name: string, ...texts: readonly string[]): Code {
    const given = [this.#held.text, ...texts.map((text) => JSON.stringify(text))].join(', ');
    return code(`${this.#context.gate}.${name}(${given})`, this.#held);
  }

  #setBox(binding: Binding, path: string, name: string): void {
    const slot = this.#context.slotOf(binding);
    if (slot !== null) this.#context.set(slot, this.#ofModules('box', path, name));
  }

  #setNamespace(binding: Binding, path: string): void {
    const slot = this.#context.slotOf(binding);
    if (slot !== null) this.#context.set(slot, this.#ofModules('namespace', path));
  }

  /** Evaluates another module first, unless that has begun already. */
  #evaluate(dependency: string): void {
    const context = this.#context;
    const body = context.temporary();
    context.set(body, this.#ofModules('dependency', dependency));
    const taken = context.collect(() => this.#callBody(body));
    const test = code(`${body.name} !== null`, slotCode(body));
    context.emit({ kind: 'if', test, taken, otherwise: [] });
  }

  #callBody(body: Slot): void {
    const context = this.#context;
    const { node } = context.method;
    const { invocations } = this.#statements.expressions;
    const result = invocations.ofFunction(node, slotCode(body), [this.#held]);
    if (!this.#links.awaits) return;
    const slot = context.temporary();
    const taken = context.collect(() =>
      context.emit({ kind: 'await', site: context.site(node), slot, code: result, again: false }),
    );
    context.emit({ kind: 'if', test: code(`${result.text} !== undefined`, result), taken, otherwise: [] });
  }

  #statement(statement: Node): void {
    switch (statement.type) {
      case 'ExportDefaultDeclaration':
        return this.#default(child(statement, 'declaration'));
      case 'ExportNamedDeclaration': {
        const declaration = optional(statement, 'declaration');
        return declaration === null ? undefined : this.#statements.statement(declaration);
      }
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      default:
        this.#statements.statement(statement);
    }
  }

  #default(given: Node): void {
    const context = this.#context;
    const isDeclared = isFunction(given) || given.type === 'ClassDeclaration';
    if (isDeclared && optional(given, 'id') !== null) {
      if (given.type === 'ClassDeclaration') this.#statements.statement(given);
      return;
    }
    const value =
      given.type === 'FunctionDeclaration'
        ? context.creation(given)
        : this.#statements.expressions.value(given);
    const box = this.#ofModules('box', this.#path, 'default');
    context.plain(code(`${box.text}.v = ${value.text};`, value, box));
  }
}
