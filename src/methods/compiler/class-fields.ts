import type { ClassFacts } from './classes.ts';
import type { Method } from './functions.ts';
import { type Code, code, slotCode } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import type { Statements } from './statements.ts';
import {
  child,
  children,
  classParts,
  flag,
  isClass,
  isFunction,
  isLoop,
  isTypeOnly,
  keyName,
  memberName,
  type Node,
  nodes,
  optional,
  text,
  unwrap,
  walk,
} from './syntax.ts';

// Fields and static blocks whose evaluation may be captured are functions of their own: the constructor calls those of
// instances, and whoever evaluates the class those of the class itself. All others stay in the text of the class.

/** A field or static block that is evaluated apart from the text of its class. */
export interface FieldUnit {
  readonly member: Node;
  /** Null for a field without a value. */
  readonly method: Method | null;
  /** Its function, in the object of the class's code. */
  readonly name: string;
  /** Among the class's computed keys; null for any other. */
  readonly keyIndex: number | null;
}

/** Whether evaluating a field's value, or a static block, may reach a safe point, as far as syntax shows. */
export function reaches(node: Node, globals: ReadonlyMap<Node, string>): boolean {
  let found = false;
  walk(node, (below) => {
    if (found || isFunction(below)) return false;
    if (isClass(below)) {
      const parts = [...classParts(below), ...staticParts(below)];
      found = parts.some((part) => reaches(part, globals));
      return false;
    }
    found = isReaching(below, globals);
    return !found;
  });
  return found;
}

function isReaching(node: Node, globals: ReadonlyMap<Node, string>): boolean {
  if (isLoop(node)) return true;
  switch (node.type) {
    case 'TaggedTemplateExpression':
    case 'ArrayPattern':
      return true;
    case 'SpreadElement':
      return unwrap(child(node, 'argument')).type !== 'ArrayExpression';
    case 'Property':
      return flag(node, 'computed') && (node['kind'] === 'get' || node['kind'] === 'set');
    case 'NewExpression': {
      const global = globals.get(unwrap(child(node, 'callee')));
      return global === undefined || global === 'Promise' || nodes(node, 'arguments').some(isSpread);
    }
    case 'CallExpression':
      return isReachingCall(node, globals);
    default:
      return false;
  }
}

function isSpread({ type }: Node): boolean {
  return type === 'SpreadElement';
}

function isReachingCall(call: Node, globals: ReadonlyMap<Node, string>): boolean {
  const callee = unwrap(child(call, 'callee'));
  if (callee.type === 'Identifier') return !globals.has(callee);
  if (callee.type !== 'MemberExpression') return true;
  const global = globals.get(unwrap(child(callee, 'object')));
  const name = memberName(callee);
  return global === undefined || global === 'Promise' || name === 'from' || name === 'bind' || name === null;
}

/** The values of a class's static fields, and its static blocks. */
function staticParts(node: Node): readonly Node[] {
  return nodes(child(node, 'body'), 'body').flatMap((member) => {
    if (member.type === 'StaticBlock') return [member];
    const isField = member.type === 'PropertyDefinition' && flag(member, 'static') && !isTypeOnly(member);
    const value = isField ? optional(member, 'value') : null;
    return value === null ? [] : [value];
  });
}

/** The elements from the first that may be captured to the last: what comes after it has to wait for it. */
export function deferredFrom(elements: readonly Node[], globals: ReadonlyMap<Node, string>): readonly Node[] {
  const first = elements.findIndex((element) => {
    const part = element.type === 'StaticBlock' ? element : optional(element, 'value');
    return part !== null && reaches(part, globals);
  });
  return first === -1 ? [] : elements.slice(first);
}

interface UnitsPlace {
  /** Whether the class is made by a method; at the top level of its module it is evaluated natively, whole. */
  readonly isMadeHere: boolean;
  /** The class's computed keys, in order. */
  readonly keys: readonly Node[];
  readonly globals: ReadonlyMap<Node, string>;
}

/** What is evaluated apart, out of a class's elements of one kind. */
export function unitsOf(
  members: readonly Node[],
  { isMadeHere, keys, globals }: UnitsPlace,
): readonly Pick<FieldUnit, 'member' | 'keyIndex'>[] {
  const elements = members.filter(({ type }) => type === 'PropertyDefinition' || type === 'StaticBlock');
  const isOfClass = elements.some((member) => flag(member, 'static') || member.type === 'StaticBlock');
  if (isOfClass && !isMadeHere) return [];
  const deferred = deferredFrom(elements, globals);
  if (!isMadeHere && deferred.some((member) => flag(member, 'computed'))) return [];
  return deferred.map((member) => ({
    member,
    keyIndex: flag(member, 'computed') ? keys.indexOf(child(member, 'key')) : null,
  }));
}

/** Whether a unit may be captured after all, once it is known which calls may be. */
export function mayWait({ member }: FieldUnit, canBeCaptured: (part: Node) => boolean): boolean {
  const part = member.type === 'StaticBlock' ? member : optional(member, 'value');
  return part !== null && canBeCaptured(part);
}

/** The body of a field's own function: its value becomes a property of `this`. */
export function buildField(context: MethodContext, statements: Statements): void {
  const { method, module } = context;
  if (method.node.type === 'StaticBlock') return statements.scope(method.node, children(method.node, 'body'));
  const facts = module.classes.around(method) as ClassFacts;
  const units = method.isStatic ? facts.staticUnits : facts.instanceUnits;
  const unit = units.find((candidate) => candidate.method === method) as FieldUnit;
  const value = statements.expressions.value(child(method.node, 'value'));
  define(context, unit, facts.home.name, context.itself(), value);
}

/** Gives an object one field, as the language defines it: whatever it inherits. */
function define(context: MethodContext, unit: FieldUnit, home: string, self: Code, value: Code): void {
  const { member, keyIndex } = unit;
  const { gate } = context;
  const key = child(member, 'key');
  if (key.type === 'PrivateIdentifier')
    return context.plain(code(`${self.text}.#${text(key, 'name')} = ${value.text};`, self, value));
  if (keyIndex !== null) {
    const found = `${gate}.fieldKey(${home}, ${keyIndex})`;
    const isNamed = namesItself(optional(member, 'value'));
    const given = isNamed ? `${gate}.named(${found}, ${value.text})` : value.text;
    return context.plain(code(`${gate}.define(${self.text}, ${found}, ${given});`, self, value));
  }
  const slot = context.temporary();
  context.set(slot, value);
  const name = JSON.stringify(keyName(key));
  const place = key.type === 'Identifier' ? `.${text(key, 'name')}` : `[${name}]`;
  const how = `if (${name} in ${self.text}) ${gate}.define(${self.text}, ${name}, ${slot.name}); else ${self.text}${place} = ${slot.name};`;
  context.plain(code(how, self, slotCode(slot)));
}

/** Whether a value takes its name from the key that it stands under. */
function namesItself(value: Node | null): boolean {
  if (value === null) return false;
  const inner = unwrap(value);
  return (isFunction(inner) || isClass(inner)) && optional(inner, 'id') === null;
}

/** Calls the functions of a class's fields, in their order. `self` is the object that gets them. */
export function callUnits(
  statements: { readonly context: MethodContext; readonly call: CallOn },
  units: readonly FieldUnit[],
  self: Code,
  target: (unit: FieldUnit) => Code,
  home: string,
): void {
  const { context, call } = statements;
  for (const unit of units) {
    const isPrivate = optional(unit.member, 'key')?.type === 'PrivateIdentifier';
    if (unit.method !== null) call(unit.member, self, target(unit));
    else if (!isPrivate) define(context, unit, home, self, code('undefined'));
  }
}

/** Calls a function on an object, as a site. */
type CallOn = (node: Node, self: Code, target: Code) => void;

/** The methods that stand for deferred elements. */
export function unitMethods(units: readonly FieldUnit[]): readonly Method[] {
  return units.flatMap(({ method }) => (method === null ? [] : [method]));
}
