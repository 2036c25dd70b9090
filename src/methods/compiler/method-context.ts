import type { AwaitedCalls } from './awaited-calls.ts';
import type { Accessors } from './accessors.ts';
import type { FreshGenerators } from './fresh-generators.ts';
import type { Calls } from './calls.ts';
import type { Classes } from './classes.ts';
import type { Functions } from './factories.ts';
import type { Method, OuterUse } from './functions.ts';
import { type Code, code, type Site, type Slot, slotCode, type Step } from './ir.ts';
import type { Names } from './names.ts';
import { reachesSite } from './safe-points.ts';
import type { Binding, Scopes } from './scopes.ts';
import { selfMark, type SourceText } from './source-text.ts';
import { SpokenValues } from './spoken-values.ts';
import { child, type Node, nodes, optional, text, unwrap } from './syntax.ts';
import { inside, type Variables } from './variables.ts';
import type { Links } from './whole.ts';

/** What a module's methods share while they are lowered. */
export interface ModuleContext {
  readonly path: string;
  /** Where the whole module belongs to the execution. */
  readonly links: Links | null;
  readonly source: SourceText;
  readonly scopes: Scopes;
  readonly variables: Variables;
  readonly names: Names;
  readonly calls: Calls;
  readonly awaited: AwaitedCalls;
  readonly accessors: Accessors;
  readonly freshGenerators: FreshGenerators;
  readonly functions: Functions;
  readonly classes: Classes;
  /** Uses of `this`, `arguments` and `new.target`, by the methods whose code contains them. */
  readonly outer: ReadonlyMap<Method, readonly OuterUse[]>;
  /** A safe point wherever the source defines one; otherwise only where time can pass. */
  readonly isDense: boolean;
  /** The name under which generated code finds the runtime. */
  readonly gate: string;
  /** A name that nothing in the module has. */
  fresh(base: string): string;
  /** A text with generated names as they would be if nothing else stood in the module. */
  normalised(text: string): string;
}

interface LocalUse {
  readonly at: number;
  readonly slot: Slot;
}

/** A variable that has its value when the method begins, and what that is in the function itself. */
export interface Given {
  readonly slot: Slot;
  readonly value: string;
}

/** One method while it is lowered: its variables, and the steps so far. */
export class MethodContext {
  readonly module: ModuleContext;
  readonly method: Method;
  readonly slots: Slot[] = [];
  readonly spoken = new SpokenValues();
  /** What it has captured: in scope where its factory puts it together. */
  readonly captured: Slot[] = [];
  /** Its own function, where its code refers to it. */
  self: Slot | null = null;
  /** `this`, `arguments` and `new.target`, where it or an arrow inside it uses them. */
  readonly own: Given[] = [];
  /** What a frame keeps at every site: without it the resume body could not be found, or `this` would be lost. */
  readonly kept: Slot[] = [];
  /** In the constructor of a class that extends another: `this`, once there is one. */
  made: Slot | null = null;
  /** The box in which arrow functions share it, where one may be made before it. */
  box: Slot | null = null;
  /** Variables that expressions may assign, besides the steps that do nothing else. */
  readonly assigned = new Set<Slot>();
  /** Variables that loops assign the result of arithmetic. */
  readonly calculated = new Set<Slot>();
  /** Loop counters and such: never part of the state. */
  readonly scratch: string[] = [];
  /** The ends of strips, and what they are in a resume body: whoever goes on there begins another strip. */
  readonly limits: Given[] = [];
  /** Returns a value that stands in a variable, through whatever `finally` is around. */
  leave: (value: Slot) => void = () => undefined;
  /** Builds something that has an end of its own, however it is left; see `Jumps`. */
  finalized: (build: () => void, last: (completion: Slot) => void) => void = () => undefined;
  #steps: Step[] = [];
  readonly #slotOf = new Map<Binding, Slot>();
  readonly #uses: LocalUse[] = [];
  readonly #siteful = new Map<Node, boolean>();
  #isCharged = false;
  #mode: string | null = null;
  #temporaries = 0;
  #templates = 0;

  constructor(module: ModuleContext, method: Method) {
    this.module = module;
    this.method = method;
    this.#findVariables();
    this.#findOuter();
    this.#findKept();
    this.#uses.sort((a, b) => a.at - b.at);
  }

  get gate(): string {
    return this.module.gate;
  }

  /** In a generator: how it was gone on with. */
  get mode(): string {
    return (this.#mode ??= this.module.fresh('$mode'));
  }

  /** Runs `build` and returns the steps that it emitted. */
  collect(build: () => void): Step[] {
    const outer = this.#steps;
    const isCharged = this.#isCharged;
    this.#steps = [];
    build();
    const steps = this.#steps;
    this.#steps = outer;
    this.#isCharged = isCharged;
    return steps;
  }

  emit(step: Step): void {
    if (step.kind === 'call') this.#chargeOnce(step.site);
    else if (step.kind === 'tick') this.#isCharged = true;
    else if (step.kind === 'begin') this.#isCharged = false;
    this.#steps.push(step);
  }

  /**
   * Charges fuel before the first call of each path through the method, so that an endless recursion is noticed. The site has
   * its number whether or not it is checked there: that depends on other functions of the module.
   */
  #chargeOnce({ line, offset }: Site): void {
    if (this.#isCharged || this.module.isDense) return;
    const isSilent = !this.module.calls.ticksOnEntry(this.method);
    this.#isCharged = true;
    const site: Site = { pc: 0, line, offset, isSilent };
    this.#steps.push({
      kind: 'tick',
      point: 'entry',
      site,
      counter: 'thread',
      units: 1,
      stretch: 1,
      wraps: false,
    });
  }

  plain(part: Code): void {
    this.emit({ kind: 'plain', code: part });
  }

  set(slot: Slot, value: Code, through = false): void {
    this.emit({ kind: 'set', slot, code: value, through });
  }

  site(node: Node, isSilent = false): Site {
    return { pc: 0, line: this.module.source.lineOf(node.start), offset: node.start, isSilent };
  }

  temporary(): Slot {
    const slot: Slot = { name: this.module.fresh(`$${(this.#temporaries += 1)}`), original: '' };
    this.slots.push(slot);
    return slot;
  }

  /** A variable that no frame keeps. */
  limit(value: string): Slot {
    const slot: Slot = { name: this.module.fresh(`$${(this.#temporaries += 1)}`), original: '' };
    this.limits.push({ slot, value });
    return slot;
  }

  label(base: string): string {
    return this.module.fresh(`$${base}${(this.#temporaries += 1)}`);
  }

  /** Names a tagged template's strings: the same object each time it is evaluated. */
  templateKey(): string {
    return `${this.module.path}#${this.method.id}:${(this.#templates += 1)}`;
  }

  slotOf(binding: Binding): Slot | null {
    return this.#slotOf.get(binding) ?? null;
  }

  bindingOf(identifier: Node): Binding | null {
    return this.module.scopes.byNode.get(identifier) ?? null;
  }

  /** How a variable of this method is spelled where it is read or assigned. */
  spelling(binding: Binding): string {
    return this.module.names.spelling(binding);
  }

  /** How a variable is spelled where a name assigns it. */
  written(name: Node): string {
    const binding = this.bindingOf(name);
    if (binding === null) return text(name, 'name');
    const reference = binding.references.find(({ node }) => node === name);
    return reference === undefined || this.slotOf(binding) === null
      ? this.spelling(binding)
      : this.module.names.spelledAt(binding, { ...reference, role: 'write' });
  }

  isBoxed(binding: Binding): boolean {
    return this.module.variables.isBoxed(binding);
  }

  /** Whether a variable's box is made at the start of its block, before the variable is initialised. */
  isMadeEarly(binding: Binding): boolean {
    const { variables } = this.module;
    const isHoisted = binding.kind === 'function' || binding.kind === 'var';
    return variables.isEarly(binding) || (isHoisted && variables.isBoxed(binding));
  }

  /** An expression without safe points, as its author wrote it. */
  verbatim(node: Node): Code {
    const outer = unwrap(node);
    const slice = this.module.source.slice(outer.start, outer.end).replace(/(?:;|\s|\uFDD1\d+\uFDD2)+$/, '');
    return { text: simple.has(outer.type) ? slice : `(${slice})`, uses: this.#usedIn(outer) };
  }

  /** A function inside the method, as its factory makes it here. */
  creation(node: Node): Code {
    return { text: this.module.functions.creation(node), uses: this.#usedIn(node) };
  }

  /** Whether evaluating the node may reach a safe point of this method. */
  hasSite(node: Node): boolean {
    const known = this.#siteful.get(node);
    if (known !== undefined) return known;
    const found = reachesSite(this.module, node, (below) => this.hasSite(below));
    this.#siteful.set(node, found);
    return found;
  }

  /** Whether any of the nodes assigns the variable. */
  assignedIn(binding: Binding, places: readonly Node[]): boolean {
    return binding.references.some(
      ({ node, role }) => role !== 'read' && places.some((place) => inside(node, place)),
    );
  }

  /** What evaluates a class here, out of what it extends and its keys. */
  classCreation(node: Node, superclass: Code | null, keys: readonly Code[]): Code {
    const { functions } = this.module;
    const text = functions.classCreation(
      node,
      superclass?.text ?? null,
      keys.map((key) => key.text),
    );
    const parts = [...(superclass === null ? [] : [superclass]), ...keys];
    return code(text, { text: '', uses: this.#usedIn(node) }, ...parts);
  }

  /** `this` where `super` stands. */
  selfAt(node: Node): Code {
    const use = this.module.outer
      .get(this.method)
      ?.find((candidate) => candidate.node === node && candidate.value.kind === 'this');
    const isOwn = use === undefined || use.value.of === this.method;
    return {
      text: isOwn ? selfMark : this.module.names.ofOuter(use.value),
      uses: this.#usedIn(node),
    };
  }

  /** `this` of the method itself, whether its author says it or not. */
  itself(): Code {
    if (this.made !== null) return slotCode(this.made);
    let slot = this.own.find(({ value }) => value === 'this')?.slot;
    if (slot === undefined) {
      slot = { name: selfMark, original: 'this' };
      this.slots.push(slot);
      this.own.push({ slot, value: 'this' });
    }
    return slotCode(slot);
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

  #findVariables(): void {
    const { variables, names } = this.module;
    const { node } = this.method;
    const captures = variables.capturesOf(this.method);
    for (const binding of variables.ownedBy(node)) {
      const slot: Slot = { name: names.of(binding), original: binding.name };
      if (binding.kind === 'functionName') this.self = slot;
      this.#addVariable(binding, slot);
    }
    for (const binding of captures.bindings) {
      const slot: Slot = { name: names.of(binding), original: binding.name };
      this.captured.push(slot);
      this.#addVariable(binding, slot);
    }
    if (captures.self === null) return;
    this.self = { name: names.of(captures.self), original: captures.self.name };
    this.#addVariable(captures.self, this.self);
  }

  #addVariable(binding: Binding, slot: Slot): void {
    this.slots.push(slot);
    this.#slotOf.set(binding, slot);
    if (!isPlain(binding)) this.assigned.add(slot);
    for (const { node } of binding.references) {
      if (inside(node, this.method.node)) this.#uses.push({ at: node.start, slot });
    }
  }

  #findKept(): void {
    const { classes } = this.module;
    const place = classes.placeOf(this.method);
    const home = place === null ? null : this.slotOf(place.of.home);
    if (home !== null) this.kept.push(home);
    if (this.made !== null) {
      this.kept.push(this.made, ...this.own.filter(({ value }) => value === 'new.target').map((o) => o.slot));
      const own = classes.around(this.method);
      const own2 = own === null ? null : this.slotOf(own.home);
      if (own2 !== null && own2 !== home) this.kept.push(own2);
    }
    if (place === null || place.superOf === null) return;
    const self = this.slots.find(({ original, name }) => original === 'this' || name === selfMark);
    if (self !== undefined && self !== this.made) this.kept.push(self);
  }

  #findOuter(): void {
    const { names, outer } = this.module;
    const slots = new Map<string, Slot>();
    if (this.method.form === 'derived') {
      this.made = { name: names.ofMade(this.method), original: 'this' };
      slots.set('this', this.made);
      this.slots.push(this.made);
      this.#findBox();
    }
    for (const { node, value, isCaptured } of outer.get(this.method) ?? []) {
      const isOwn = value.of === this.method && value.kind !== 'home';
      let slot = slots.get(value.kind);
      if (slot === undefined) {
        const name = names.ofOuter(value);
        slot = { name: isOwn && value.kind === 'this' ? selfMark : name, original: value.kind };
        slots.set(value.kind, slot);
        this.slots.push(slot);
        if (isOwn) this.own.push({ slot, value: value.kind });
        else this.captured.push(slot);
      }
      this.#uses.push({ at: node.start, slot: isCaptured && isOwn ? (this.box ?? slot) : slot });
    }
  }

  #findBox(): void {
    const { names, classes } = this.module;
    if (!classes.isThisBoxed(this.method)) return;
    this.box = { name: names.ofOuter({ kind: 'this', of: this.method }), original: '' };
    this.slots.push(this.box);
    this.own.push({ slot: this.box, value: '{ v: undefined }' });
  }
}

/** Whether a variable gets its only value by its own declaration, and no pattern is part of that. */
function isPlain({ kind, source, owner, declaration, references }: Binding): boolean {
  if (references.some(({ role }) => role === 'write' || role === 'readWrite')) return false;
  if (source.type === 'VariableDeclarator') return child(source, 'id') === declaration && kind !== 'var';
  if (kind !== 'parameter' || owner === null) return false;
  return nodes(owner, 'params').some(
    (parameter) => parameter === declaration || optional(parameter, 'left') === declaration,
  );
}

const simple = new Set(['Super', 'Identifier', 'Literal', 'TemplateLiteral', 'ArrayExpression']);
