import { codeId } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import type { FieldUnit } from './class-fields.ts';
import { type ClassFacts, classNames, type Place, selfOwner } from './classes.ts';
import { baseOf, codeOf } from './factories.ts';
import type { Method } from './functions.ts';
import { makesGenerator } from './generator-text.ts';
import type { ModuleContext } from './method-context.ts';
import type { LoweredMethod } from './methods.ts';
import { lineMark, selfMark, siteMark, withoutMarks } from './source-text.ts';
import { child, flag, type Node, optional, text, unwrap } from './syntax.ts';

/**
 * Prints the classes of a module around the bodies of their members, which stand where they stood. What a class extends, its
 * keys and what its members take from around it are parameters of its factory.
 *
 * @param lowered the functions of the module
 * @returns all of them, and the classes, in the order of `methods`; what must stand inside a class has gone there
 */
export function printClasses(
  module: ModuleContext,
  methods: readonly Method[],
  lowered: readonly LoweredMethod[],
  digest: Digest,
): readonly LoweredMethod[] {
  const printer = new ClassPrinter(module, lowered, digest);
  for (const method of [...methods].reverse()) if (method.form === 'class') printer.print(method);
  return methods.flatMap((method) => printer.done.get(method) ?? []);
}

class ClassPrinter {
  readonly done = new Map<Method, LoweredMethod>();
  readonly byNode = new Map<Node, LoweredMethod>();
  readonly #module: ModuleContext;
  readonly #digest: Digest;
  readonly #moved = new Map<string, string[]>();

  constructor(module: ModuleContext, lowered: readonly LoweredMethod[], digest: Digest) {
    this.#module = module;
    this.#digest = digest;
    for (const entry of lowered) this.#add(entry);
    for (const { instanceUnits, staticUnits, instanceCode, staticCode } of module.classes.all()) {
      this.#moveUnits(instanceCode, instanceUnits);
      this.#moveUnits(staticCode, staticUnits);
    }
  }

  print(method: Method): void {
    const { module } = this;
    const facts = module.classes.factsOf(method);
    const base = baseOf(method);
    const meta = module.fresh(`${base}$m`);
    const { bindings } = module.variables.capturesOf(method);
    const captured = bindings.map((binding) => module.names.of(binding));
    const superclass = facts.superclass === null ? null : module.fresh('$super');
    const keys = facts.keys.map(() => module.fresh('$key'));
    const isTop = method.parent === null;
    const own = new ClassText(this, facts, isTop, keys);
    const given = `[${captured.join(', ')}], ${isTop || superclass === null ? 'undefined' : superclass}, [${isTop ? '' : keys.join(', ')}]`;
    const body = own.body(meta, given);
    const id = optional(method.node, 'id');
    const name = id === null ? '' : ` ${text(id, 'name')}`;
    const heritage =
      facts.superclass === null
        ? ''
        : ` extends\n${isTop ? module.source.slice(facts.superclass.start, facts.superclass.end) : superclass}`;
    // The constructor that the language puts there stands at the beginning of the class, and does nothing of its own.
    const isImplicit =
      facts.superclass !== null && !facts.members.some((member) => member['kind'] === 'constructor');
    const passed = isImplicit && !facts.hasElements ? siteMark(method.index * 2, 0) : '';
    const written = `${passed}class${name}${heritage} {\n${body}}`;
    let factory: string | null = null;
    if (!isTop) {
      const parameters = [...captured, ...(superclass === null ? [] : [superclass]), ...keys].join(', ');
      // Without a name of its own it gets one from where it stands, as the language does it.
      const key = JSON.stringify(method.name);
      const named = method.name === '__proto__' ? `[${key}]` : key;
      const made = id === null ? `({ ${named}:\n${written} })` : `(\n${written})`;
      factory =
        `function ${module.functions.factoryOf(method)}(${parameters}) {\nlet ${classNames(facts).join(', ')};\n` +
        `${made};\nreturn ${facts.home.name};\n}`;
    }
    const identity = JSON.stringify([module.normalised(withoutMarks(own.identity)), captured.length]);
    this.#add({
      method,
      bodyName: '',
      isAsync: false,
      length: 0,
      code: codeId(this.#digest.sha256(new TextEncoder().encode(identity)).slice(0, 32)),
      metaName: meta,
      resumeName: null,
      stepName: null,
      text: written,
      factory,
      resume: '',
      step: '',
      form: '',
      sites: [],
      layout: [],
      constructs: true,
      savedNames: [],
      spoken: [],
    });
  }

  #add(entry: LoweredMethod): void {
    const placed = this.#placed(entry);
    this.done.set(entry.method, placed);
    this.byNode.set(entry.method.node, placed);
  }

  get module(): ModuleContext {
    return this.#module;
  }

  /** What stands in the object of that name; null when nothing does. */
  moved(name: string): readonly string[] | null {
    return this.#moved.get(name) ?? null;
  }

  /** Functions of fields stand in the object of the class's code. */
  #moveUnits(name: string, units: readonly FieldUnit[]): void {
    for (const unit of units) {
      const entry = unit.method === null ? undefined : this.done.get(unit.method);
      if (entry === undefined) continue;
      const moved = this.#moved.get(name) ?? [];
      this.#moved.set(name, moved);
      moved.push(`${unit.name}${entry.text}`);
    }
  }

  /** Moves what must stand inside a class there; what stays calls it. */
  #placed(entry: LoweredMethod): LoweredMethod {
    const place = this.#module.classes.placeOf(entry.method);
    if (place === null) return entry;
    const moved = this.#moved.get(codeOf(place)) ?? [];
    this.#moved.set(codeOf(place), moved);
    for (const body of [entry.factory, entry.resume, entry.step])
      if (body !== null && body !== '') moved.push(body.replace(/^function /, ''));
    return {
      ...entry,
      factory: entry.factory === null ? null : this.#factory(entry, place),
      resume: entry.resume === '' ? '' : this.#resume(entry, place, entry.resumeName, 1),
      step: entry.step === '' ? '' : this.#resume(entry, place, entry.stepName, 0),
    };
  }

  #factory(entry: LoweredMethod, { of, superOf }: Place): string {
    const { names, functions, gate, variables } = this.#module;
    const head = /^function [^(]+\(([^)]*)\)/.exec(entry.factory ?? '')?.[1] ?? '';
    const name = functions.factoryOf(entry.method) ?? '';
    const self = variables.capturesOf(entry.method).outer.find(({ kind }) => kind === 'this');
    const given = [self === undefined ? 'undefined' : names.ofOuter(self), ...(head === '' ? [] : [head])];
    const code = `${gate}.codeIn(${of.home.name}, ${superOf === 'static'})`;
    return `function ${name}(${head}) {\nreturn ${code}.${name}.call(${given.join(', ')});\n}`;
  }

  /** Captures pass through it: the body in the class is the activation. @param text which of its texts: 0 or 1 */
  #resume(entry: LoweredMethod, { of, superOf }: Place, name: string | null, text: 0 | 1): string {
    const { gate } = this.#module;
    const { method, savedNames } = entry;
    const variable = (slot: string): string => `$f.vars[${savedNames.indexOf(slot)}]`;
    const home = of.home.owner === null ? of.home.name : variable(of.home.name);
    const selfName = this.#module.names.ofOuter({ kind: 'this', of: selfOwner(method) });
    const self = savedNames.includes(selfMark) ? selfMark : selfName;
    const receiver = superOf === null || !savedNames.includes(self) ? 'undefined' : variable(self);
    const isGenerator = method.kind === 'generator' && text === 0;
    const given = `$f${makesGenerator(method.kind) ? ', $mode, $sent' : ''}${method.kind === 'asyncGenerator' ? ', $depth' : ''}`;
    const running = isGenerator ? `if ($f.pc < 0) return ${gate}.idle(${given});\n` : '';
    return (
      `function ${name}(${given}) {\n${running}const $c = ${gate}.codeIn(${home}, ${superOf === 'static'});\n` +
      `return (\n\uFDD3${method.index * 2 + text}:0\uFDD4$c.${name}.call(\n${receiver}, ${given})\n);\n}`
    );
  }
}

/** The text between a class's braces. */
class ClassText {
  /** What tells this class from another, but for the bodies of its members. */
  identity = '';
  readonly #printer: ClassPrinter;
  readonly #facts: ClassFacts;
  readonly #isTop: boolean;
  readonly #keys: readonly string[];

  constructor(printer: ClassPrinter, facts: ClassFacts, isTop: boolean, keys: readonly string[]) {
    this.#printer = printer;
    this.#facts = facts;
    this.#isTop = isTop;
    this.#keys = keys;
  }

  body(meta: string, given: string): string {
    const { members, superclass } = this.#facts;
    this.identity = superclass === null ? '' : 'extends';
    let keyed = 0;
    const kinds: string[] = [];
    const written = members.map((member) => {
      if (member.type === 'StaticBlock') return this.#block(member);
      const key = flag(member, 'computed') ? this.#computed(keyed++) : this.#key(member);
      if (member.type === 'PropertyDefinition') return this.#field(member, key);
      kinds.push(...this.#kind(member, key));
      return this.#method(member, key);
    });
    return `${this.#registration(meta, given, kinds)}\n${written.join('\n')}\n`;
  }

  #computed(index: number): string {
    const { source } = this.#printer.module;
    const key = this.#facts.keys[index] as Node;
    return this.#isTop ? `[${source.slice(key.start, key.end)}]` : `[${this.#keys[index]}]`;
  }

  #key(member: Node): string {
    const key = child(member, 'key');
    return this.#printer.module.source.source.slice(key.start, key.end);
  }

  #method(member: Node, key: string): string {
    const { source } = this.#printer.module;
    const value = child(member, 'value');
    const lowered = this.#printer.byNode.get(value);
    const kind = text(member, 'kind');
    const accessor = kind === 'get' || kind === 'set' ? `${kind} ` : '';
    const head = `${flag(member, 'static') ? 'static ' : ''}${accessor}${key}`;
    this.identity += `\n${head}`;
    return `${lineMark(source.lineOf(member.start))}${head}${lowered?.text ?? ''}`;
  }

  #block(member: Node): string {
    const { gate } = this.#printer.module;
    const lowered = this.#printer.byNode.get(member);
    this.identity += '\nstatic {}';
    if (this.#isApart(member)) return '';
    const body = lowered?.text ?? '{}';
    return this.#isTop ? `static ${body}` : `static {\nif (!${gate}.i) ${body}\n}`;
  }

  #field(member: Node, key: string): string {
    const { source, gate } = this.#printer.module;
    const isStatic = flag(member, 'static');
    const head = `${lineMark(source.lineOf(member.start))}${isStatic ? 'static ' : ''}${key}`;
    const value = optional(member, 'value');
    if (this.#isApart(member)) {
      this.identity += `\n${head} = …`;
      return child(member, 'key').type === 'PrivateIdentifier' ? `${head};` : '';
    }
    if (value === null) {
      this.identity += `\n${head}`;
      return `${head};`;
    }
    const given = source.slice(value.start, value.end).replaceAll(selfMark, 'this');
    this.identity += `\n${head} = ${given}`;
    const isSkipped = isStatic ? !this.#isTop : this.#facts.hasPrivates;
    const isPlain = unwrap(value).type === 'Literal';
    if (!isSkipped || isPlain) return `${head} = ${given};`;
    return `${head} = ${gate}.i ? void 0 : (${given});`;
  }

  #isApart(member: Node): boolean {
    const { instanceUnits, staticUnits } = this.#facts;
    return [...instanceUnits, ...staticUnits].some((unit) => unit.member === member);
  }

  /** Functions that are not what their text makes them: of methods that are async or make generators. */
  #kind(member: Node, key: string): readonly string[] {
    const { gate, classes } = this.#printer.module;
    const value = child(member, 'value');
    const method = this.#printer.byNode.get(value)?.method;
    if (method === undefined || method.kind === 'plain') return [];
    const isPrivate = child(member, 'key').type === 'PrivateIdentifier';
    const isStatic = flag(member, 'static');
    const name = classes.generatorName(method);
    if (isPrivate && !isStatic) return name === null ? [] : [`${name} = {};`];
    const isName = child(member, 'key').type === 'Identifier' && !flag(member, 'computed');
    const access = isPrivate || isName ? `.${key}` : key.startsWith('[') ? key : `[${key}]`;
    const made = `${gate}.functionOf(${JSON.stringify(method.kind)}, this${isStatic ? '' : '.prototype'}${access})`;
    return [name === null ? `${made};` : `${name} = ${made};`];
  }

  /** The first thing that the class does: its members, and whatever stands in it, become known to the runtime. */
  #registration(meta: string, given: string, kinds: readonly string[]): string {
    const { gate } = this.#printer.module;
    const { home, instanceCode, staticCode } = this.#facts;
    const code = [instanceCode, staticCode].map((name) => {
      const moved = this.#printer.moved(name);
      return moved === null ? 'null' : `${name} = {\n${moved.join(',\n')}\n}`;
    });
    const access = `${this.#instanceAccess()}, ${this.#staticAccess()}`;
    return (
      `static {\n${home.name} = this;\n${kinds.map((kind) => `${kind}\n`).join('')}` +
      `${gate}.class(this, ${meta}, ${given}, ${code.join(', ')}, ${access});\n}`
    );
  }

  #instanceAccess(): string {
    const { privateFields, hasPrivates, members } = this.#facts;
    if (!hasPrivates) return 'null';
    const first = members.find(
      (member) => !flag(member, 'static') && optional(member, 'key')?.type === 'PrivateIdentifier',
    );
    const name = first === undefined ? '' : text(child(first, 'key'), 'name');
    const read = privateFields.map((field) => `o.${field}`).join(', ');
    const write = privateFields.map((field, index) => `o.${field} = v[${index}];`).join(' ');
    const methods = this.#privateMethods(false).map((method) => `o.${method}`);
    return `{ read: (o) => #${name} in o ? [${read}] : null, write: (o, v) => { ${write} }, methods: (o) => [${methods.join(', ')}] }`;
  }

  #staticAccess(): string {
    const { staticFields } = this.#facts;
    const methods = this.#privateMethods(true).map((method) => `this.${method}`);
    if (methods.length === 0 && (staticFields.length === 0 || this.#isTop)) return 'null';
    const read = staticFields.map((field) => `this.${field}`).join(', ');
    const write = staticFields.map((field, index) => `this.${field} = v[${index}];`).join(' ');
    const access = this.#isTop ? 'read: () => null' : `read: () => [${read}]`;
    return `{ ${access}, write: (o, v) => { ${write} }, methods: () => [${methods.join(', ')}] }`;
  }

  /** Names of private methods: functions that a program can take from the class. */
  #privateMethods(isStatic: boolean): readonly string[] {
    return this.#facts.members
      .filter((member) => member.type === 'MethodDefinition' && flag(member, 'static') === isStatic)
      .filter((member) => member['kind'] === 'method' && child(member, 'key').type === 'PrivateIdentifier')
      .map((member) => `#${text(child(member, 'key'), 'name')}`);
  }
}
