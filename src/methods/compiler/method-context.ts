import type { Calls, Method } from './calls.ts';
import { closureOf } from './calls.ts';
import { inside, isBoxed } from './counted-loops.ts';
import { type Code, type Site, type Slot, type Step } from './ir.ts';
import type { Binding, Reference, Scopes } from './scopes.ts';
import type { SourceText } from './source-text.ts';
import { isFunction, type Node, unwrap, walk } from './syntax.ts';

/** What a module's methods share while they are lowered. */
export interface ModuleContext {
  readonly source: SourceText;
  readonly scopes: Scopes;
  readonly calls: Calls;
  /** The name under which generated code finds the runtime. */
  readonly gate: string;
  /** A name that nothing in the module has. */
  fresh(base: string): string;
}

interface LocalUse {
  readonly at: number;
  readonly slot: Slot;
}

/** One method while it is lowered: its variables, and the steps so far. */
export class MethodContext {
  readonly module: ModuleContext;
  readonly method: Method;
  readonly slots: Slot[] = [];
  /** Loop counters and such: never part of the state. */
  readonly scratch: string[] = [];
  #steps: Step[] = [];
  readonly #slotOf = new Map<Binding, Slot>();
  readonly #uses: LocalUse[] = [];
  readonly #siteful = new Map<Node, boolean>();
  #temporaries = 0;

  constructor(module: ModuleContext, method: Method) {
    this.module = module;
    this.method = method;
    this.#nameLocals();
  }

  get gate(): string {
    return this.module.gate;
  }

  /** Runs `build` and returns the steps that it emitted. */
  collect(build: () => void): Step[] {
    const outer = this.#steps;
    this.#steps = [];
    build();
    const steps = this.#steps;
    this.#steps = outer;
    return steps;
  }

  emit(step: Step): void {
    this.#steps.push(step);
  }

  plain(part: Code): void {
    this.emit({ kind: 'plain', code: part });
  }

  set(slot: Slot, value: Code): void {
    this.emit({ kind: 'set', slot, code: value });
  }

  site(node: Node): Site {
    return { pc: 0, line: this.module.source.lineOf(node.start), offset: node.start };
  }

  temporary(): Slot {
    const slot: Slot = {
      name: this.module.fresh(`$${(this.#temporaries += 1)}`),
      original: '',
      closureAt: -1,
    };
    this.slots.push(slot);
    return slot;
  }

  label(base: string): string {
    return this.module.fresh(`$${base}${(this.#temporaries += 1)}`);
  }

  slotOf(binding: Binding): Slot | null {
    return this.#slotOf.get(binding) ?? null;
  }

  bindingOf(identifier: Node): Binding | null {
    return this.module.scopes.byNode.get(identifier) ?? null;
  }

  /** How a variable of this method is spelled where it is read or assigned. */
  spelling(binding: Binding): string {
    const slot = this.#slotOf.get(binding);
    if (slot === undefined) return binding.name;
    return isBoxed(binding) ? `${slot.name}.v` : slot.name;
  }

  /** An expression without safe points, as its author wrote it. */
  verbatim(node: Node): Code {
    const outer = unwrap(node);
    const slice = this.module.source.slice(outer.start, outer.end).replace(/(?:;|\s|\uFDD1\d+\uFDD2)+$/, '');
    return { text: simple.has(outer.type) ? slice : `(${slice})`, uses: this.#usedIn(outer) };
  }

  /** Whether evaluating the node may reach a safe point of this method. */
  hasSite(node: Node): boolean {
    const known = this.#siteful.get(node);
    if (known !== undefined) return known;
    let found = false;
    walk(node, (below) => {
      if (found || isFunction(below)) return false;
      if (below.type === 'AwaitExpression') found = true;
      if (below.type === 'CallExpression' && this.module.calls.isSite(below)) found = true;
      return !found;
    });
    this.#siteful.set(node, found);
    return found;
  }

  /** Whether any of the nodes assigns the variable. */
  assignedIn(binding: Binding, places: readonly Node[]): boolean {
    return binding.references.some(
      ({ node, role }) => role !== 'read' && places.some((place) => inside(node, place)),
    );
  }

  #usedIn(node: Node): ReadonlySet<Slot> {
    const found = new Set<Slot>();
    let low = 0;
    let high = this.#uses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#uses[middle] as LocalUse).at < node.start) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < this.#uses.length; index += 1) {
      const use = this.#uses[index] as LocalUse;
      if (use.at >= node.end) break;
      found.add(use.slot);
    }
    return found;
  }

  /** Gives every variable of the method a name at function level, and writes the edits that spell it so. */
  #nameLocals(): void {
    const { bindings, byNode, globals } = this.module.scopes;
    const owned = bindings.filter(({ owner }) => owner === this.method.node);
    const taken = new Set<string>();
    walk(this.method.node, (node) => {
      const binding = byNode.get(node);
      if (binding !== undefined && binding.owner !== this.method.node) taken.add(binding.name);
      const global = globals.get(node);
      if (global !== undefined) taken.add(global);
    });
    for (const binding of owned) {
      const name = taken.has(binding.name) ? this.module.fresh(`${binding.name}$`) : binding.name;
      taken.add(name);
      const closure = closureOf(binding);
      const slot: Slot = { name, original: binding.name, closureAt: closure === null ? -1 : closure.start };
      this.slots.push(slot);
      this.#slotOf.set(binding, slot);
      for (const reference of binding.references) this.#spell(binding, slot, reference);
    }
    this.#uses.sort((a, b) => a.at - b.at);
  }

  #spell(binding: Binding, slot: Slot, reference: Reference): void {
    const { node, shorthand } = reference;
    this.#uses.push({ at: node.start, slot });
    const spelling = this.spelling(binding);
    if (spelling === binding.name) return;
    const end = node.start + binding.name.length;
    this.module.source.edit(node.start, end, shorthand ? `${binding.name}: ${spelling}` : spelling);
  }
}

const simple = new Set(['Identifier', 'Literal', 'TemplateLiteral', 'ArrayExpression']);
