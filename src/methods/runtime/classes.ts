import { isObject } from '../../core/is-object.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';

// Classes of movable code stay classes of the language's own: private names, `super` and fields are the engine's. Each tells
// the runtime of itself as it is evaluated, so that it, its members and its private elements can be written and made again.

/** Reads and writes the private fields that a class has put on an object. */
interface PrivateAccess {
  /** Null when the object has none of this class. */
  readonly read: (o: object) => readonly unknown[] | null;
  readonly write: (o: object, values: readonly unknown[]) => void;
  /** The functions of its private methods, as found on an object that has them. */
  readonly methods: (o: object) => readonly object[];
}

/** Resume bodies and factories that must stand in a class. */
type ClassCode = Record<string, AnyFunction>;

type Constructor = new (...args: unknown[]) => object;

/** One evaluation of a class. */
export interface ClassRecord {
  readonly made: AnyFunction;
  readonly method: LoadedMethod;
  readonly captured: readonly unknown[];
  /** Undefined without `extends`. */
  readonly superclass: unknown;
  readonly keys: readonly unknown[];
  readonly instanceCode: ClassCode | null;
  readonly staticCode: ClassCode | null;
  readonly privates: PrivateAccess | null;
  readonly staticPrivates: PrivateAccess | null;
  readonly isDerived: boolean;
  /** By what `memberOf` calls them. */
  readonly members: Map<string, object>;
  /** Whether its private methods are among them. */
  isOpen: boolean;
}

interface Member {
  readonly home: AnyFunction;
  readonly member: string;
}

/** How generated constructors and initialisers are told that only the elements of one class are wanted. */
export interface ElementsSwitch {
  /** A constructor that begins while it is set makes or takes an object, and does nothing else. */
  c: object | null;
  /** Initialisers are skipped. */
  i: boolean;
}

const { apply, construct, getPrototypeOf, setPrototypeOf, ownKeys, getOwnPropertyDescriptor } = Reflect;

const records = new WeakMap<object, ClassRecord>();
const ofPrototype = new WeakMap<object, ClassRecord>();
const members = new WeakMap<object, Member>();

export function recordOf(made: object): ClassRecord | null {
  return records.get(made) ?? null;
}

/** What the generators of a class's members inherit from, under names that mean the same wherever the class is. */
export function memberPrototypes(made: object): readonly (readonly [name: string, prototype: object])[] {
  return [...(records.get(made)?.members ?? [])].flatMap(([name, f]) => {
    const prototype: unknown = getOwnPropertyDescriptor(f, 'prototype')?.value;
    return typeof prototype === 'object' && prototype !== null ? [[name, prototype] as const] : [];
  });
}

export function memberOf(gate: ElementsSwitch, f: object): Member | null {
  const known = members.get(f);
  if (known !== undefined) return known;
  const name: unknown = getOwnPropertyDescriptor(f, 'name')?.value;
  if (typeof name !== 'string' || !name.startsWith('#')) return null;
  openPrivates(gate);
  return members.get(f) ?? null;
}

/** Classes whose private methods nobody has asked for yet: it takes an object that has them. */
let unopened: WeakRef<ClassRecord>[] = [];

function openPrivates(gate: ElementsSwitch): void {
  const records = unopened;
  unopened = [];
  for (const reference of records) {
    const record = reference.deref();
    if (record !== undefined) openRecord(gate, record);
  }
}

function openRecord(gate: ElementsSwitch, record: ClassRecord): void {
  const { privates, staticPrivates, made, isDerived } = record;
  if (record.isOpen) return;
  record.isOpen = true;
  const note = (f: object, index: number, side: string): void => {
    const member = `${side} private ${index}`;
    members.set(f, { home: made, member });
    record.members.set(member, f);
  };
  staticPrivates?.methods(made).forEach((f, index) => note(f, index, 'static'));
  if (privates === null) return;
  const object = isDerived
    ? withoutInitialisers(gate, record, () => adopt(gate, made, {}))
    : blankInstance(gate, record, {});
  privates.methods(object).forEach((f, index) => note(f, index, 'prototype'));
}

export function findMember(gate: ElementsSwitch, made: object, member: string): object | null {
  const record = records.get(made);
  if (record === undefined) return null;
  if (member.includes(' private ')) openRecord(gate, record);
  return record.members.get(member) ?? null;
}

/** A computed key of a class, as it was when the class was evaluated. */
export function fieldKey(made: object, index: number): PropertyKey {
  return (records.get(made) as ClassRecord).keys[index] as PropertyKey;
}

/** Gives an object a field: a property of its own, whatever it inherits. */
export function defineField(o: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(o, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Called by each class as the first of its static parts. */
export function noteClass(
  made: AnyFunction,
  method: LoadedMethod,
  captured: readonly unknown[],
  superclass: unknown,
  keys: readonly unknown[],
  instanceCode: ClassCode | null,
  staticCode: ClassCode | null,
  privates: PrivateAccess | null,
  staticPrivates: PrivateAccess | null,
): void {
  const { prototype } = made as unknown as { readonly prototype: object };
  const found = new Map<string, object>();
  noteMembers(made, prototype, 'prototype', found);
  noteMembers(made, made, 'static', found);
  const record: ClassRecord = {
    made,
    method,
    captured,
    superclass,
    keys,
    instanceCode,
    staticCode,
    privates,
    staticPrivates,
    isDerived: getPrototypeOf(prototype) !== Object.prototype || getPrototypeOf(made) !== Function.prototype,
    members: found,
    isOpen: false,
  };
  records.set(made, record);
  ofPrototype.set(prototype, record);
  if (privates !== null || staticPrivates !== null) unopened.push(new WeakRef(record));
  if (instanceCode !== null) codeIn(made, false);
  if (staticCode !== null) codeIn(made, true);
}

/** Before anything of the program runs, what stands there is what the class's text says. */
function noteMembers(home: AnyFunction, holder: object, side: string, found: Map<string, object>): void {
  ownKeys(holder).forEach((key, index) => {
    if (key === (side === 'static' ? 'prototype' : 'constructor')) return;
    const property = getOwnPropertyDescriptor(holder, key);
    for (const part of ['value', 'get', 'set'] as const) {
      const f: unknown = property?.[part];
      if (typeof f !== 'function') continue;
      const member = `${side} ${part} ${typeof key === 'symbol' ? `@${index}` : key}`;
      members.set(f, { home, member });
      found.set(member, f);
    }
  });
}

/** What stands in a class, with `super` as it is now. */
export function codeIn(made: object, isStatic: boolean): ClassCode {
  const record = records.get(made) as ClassRecord;
  const code = (isStatic ? record.staticCode : record.instanceCode) as ClassCode;
  const home = isStatic ? made : (record.made as unknown as { readonly prototype: object }).prototype;
  const above = getPrototypeOf(home);
  if (getPrototypeOf(code) !== above) setPrototypeOf(code, above);
  return code;
}

/** Puts the elements of one class on an object that its parent has made: its initialisers run, as after `super(…)`. */
export function adopt(gate: ElementsSwitch, made: AnyFunction, object: object): object {
  const parent = getPrototypeOf(made);
  const stub = function () {
    // From here on everything is as it was: no initialiser can tell.
    setPrototypeOf(made, parent);
    return object;
  };
  setPrototypeOf(stub, parent);
  const before = gate.c;
  if (!setPrototypeOf(made, stub)) {
    throw new TypeError(
      `An object of class ${made.name} cannot get its fields after a move: the class is frozen. Freeze its prototype only.`,
    );
  }
  gate.c = made;
  try {
    return construct(made as unknown as Constructor, [], made);
  } finally {
    setPrototypeOf(made, parent);
    gate.c = before;
  }
}

/** An object with the private elements of one class that extends nothing, all of them undefined, and nothing else. */
function blankInstance(gate: ElementsSwitch, record: ClassRecord, prototype: object): object {
  const target = function () {};
  target.prototype = prototype;
  const made = withoutInitialisers(gate, record, () =>
    construct(record.made as unknown as Constructor, [], target),
  );
  for (const key of ownKeys(made).reverse()) Reflect.deleteProperty(made, key);
  return made;
}

function withoutInitialisers<T>(gate: ElementsSwitch, record: ClassRecord | null, run: () => T): T {
  const { c, i } = gate;
  gate.c = record === null ? null : record.made;
  gate.i = true;
  try {
    return run();
  } finally {
    gate.c = c;
    gate.i = i;
  }
}

/** Evaluates a class again: none of its static parts runs. */
export function makeAgain(
  gate: ElementsSwitch,
  factory: AnyFunction,
  given: readonly unknown[],
): AnyFunction {
  return withoutInitialisers(gate, null, () => apply(factory, undefined, given) as AnyFunction);
}

/** Objects that have private elements of classes that they do not inherit from: somebody else's constructor returned them. */
const strangers = new WeakMap<object, Set<ClassRecord>>();
let hasStrangers = false;

/** Called by a constructor once `super(…)` has given it an object. */
export function stamped(made: AnyFunction, object: object): void {
  const { prototype } = made as unknown as { readonly prototype: object };
  for (let holder = getPrototypeOf(object); holder !== null; holder = getPrototypeOf(holder)) {
    if (holder === prototype) return;
  }
  const record = records.get(made);
  if (record === undefined) return;
  hasStrangers = true;
  const known = strangers.get(object) ?? new Set();
  strangers.set(object, known.add(record));
}

export function isStranger(o: object): boolean {
  return hasStrangers && strangers.has(o);
}

/** The classes in an object's chain that have put private elements on it, and their values, the outermost first. */
export function privatesOf(o: object): readonly { owner: AnyFunction; values: readonly unknown[] }[] {
  const found: { owner: AnyFunction; values: readonly unknown[] }[] = [];
  const own = records.get(o);
  const statics = own?.staticPrivates?.read(o) ?? null;
  if (own !== undefined && statics !== null) found.push({ owner: own.made, values: statics });
  for (let holder = getPrototypeOf(o); holder !== null; holder = getPrototypeOf(holder)) {
    const record = ofPrototype.get(holder);
    const values = record?.privates?.read(o) ?? null;
    if (record !== undefined && values !== null) found.unshift({ owner: record.made, values });
  }
  for (const record of hasStrangers ? (strangers.get(o) ?? []) : []) {
    const values = record.privates?.read(o) ?? null;
    const isKnown = found.some(({ owner }) => owner === record.made);
    if (values !== null && !isKnown) found.push({ owner: record.made, values });
  }
  return found;
}

/** An instance with room for the private elements of the class at the root of its chain; null when that has none. */
export function makeInstance(gate: ElementsSwitch, prototype: object): object | null {
  let root: ClassRecord | null = null;
  for (let holder: object | null = prototype; holder !== null; holder = getPrototypeOf(holder)) {
    const record = ofPrototype.get(holder);
    if (record !== undefined && record.privates !== null && !record.isDerived) root = record;
  }
  return root === null ? null : blankInstance(gate, root, prototype);
}

/** Gives an object the private elements of a class. Its own properties stay as they are. */
export function fillPrivates(
  gate: ElementsSwitch,
  o: object,
  owner: AnyFunction,
  values: readonly unknown[],
): void {
  const record = records.get(owner);
  if (record === undefined) throw new TypeError(`${owner.name} is no class of movable code`);
  if (o === owner) return record.staticPrivates?.write(o, values);
  if (record.privates === null) return;
  if (record.privates.read(o) === null) {
    const before = ownKeys(o).map((key) => [key, getOwnPropertyDescriptor(o, key)] as const);
    const known = new Set(ownKeys(o));
    withoutInitialisers(gate, record, () => adopt(gate, record.made, o));
    for (const key of ownKeys(o)) if (!known.has(key)) Reflect.deleteProperty(o, key);
    for (const [key, property] of before)
      if (property !== undefined) Reflect.defineProperty(o, key, property);
  }
  record.privates.write(o, values);
  stamped(owner, o);
}

/** What evaluating `class extends value` would say against it, before any key is evaluated. */
export function heritage(value: unknown): unknown {
  void class extends (value as Constructor) {};
  return value;
}

/** What `super(…)` has made becomes `this`, unless there is one. */
export function onceMade(self: object | undefined, object: object): object {
  if (self === undefined) return object;
  throw new ReferenceError('Super constructor may only be called once');
}

/** `this` in a constructor that went on after a move. */
export function ownThis(made: object | undefined): object {
  if (made !== undefined) return made;
  throw new ReferenceError(
    "Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
  );
}

/** What the constructor of a class that extends another returns. */
export function derivedResult(made: object | undefined, value: unknown): unknown {
  if (isObject(value)) return value;
  if (value !== undefined) throw new TypeError('Derived constructors may only return object or undefined');
  return ownThis(made);
}
