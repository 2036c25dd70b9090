import type { Method } from './functions.ts';
import type { Finding } from './language.ts';
import {
  child,
  flag,
  isFunction,
  keyName,
  memberName,
  type Node,
  nodes,
  optional,
  runtimeChildren,
  text,
  unwrap,
  walk,
} from './syntax.ts';

/** Finds state that a movable file would keep outside its methods. */
export function checkModule(
  program: Node,
  methods: readonly Method[],
  spaces: ReadonlySet<string>,
): readonly Finding[] {
  const findings: Finding[] = [];
  const find = (node: Node, what: string, instead: string): void => {
    findings.push({ offset: node.start, what, instead });
  };
  const isMethod = (node: Node): boolean => methods.some((method) => method.node === node);
  for (const statement of nodes(program, 'body')) {
    const declaration = optional(statement, 'declaration') ?? statement;
    if (
      statement.type === 'ExportDefaultDeclaration' &&
      isFunction(declaration) &&
      optional(declaration, 'id') === null
    ) {
      find(declaration, 'a function without a name', 'export default function name() { … }');
    }
    if (declaration.type === 'VariableDeclaration' && !flag(declaration, 'declare')) {
      for (const declarator of nodes(declaration, 'declarations'))
        if (!spaces.has(text(child(declarator, 'id'), 'name')))
          checkState(declaration, declarator, isMethod, find);
    }
    if (!isMethod(declaration)) {
      walk(declaration, (node) => {
        if (isFunction(node)) return false;
        if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && flag(node, 'await'))) {
          find(node, 'await at the top level', 'an async function');
        }
        return true;
      });
    }
  }
  for (const { node, form, parent, name } of methods)
    if (form === 'class' && parent === null) checkStatics(program, node, name, find);
  return findings;
}

/** Static fields of a class that is there once: state, unless nothing can change them. */
function checkStatics(
  program: Node,
  node: Node,
  name: string,
  find: (node: Node, what: string, instead: string) => void,
): void {
  const fields = new Set<string>();
  const instead = 'a frozen value, or a local of a method';
  for (const member of nodes(child(node, 'body'), 'body')) {
    if (member.type !== 'PropertyDefinition' || !flag(member, 'static')) continue;
    const key = keyName(child(member, 'key'));
    fields.add(key);
    const value = optional(member, 'value');
    const mutable = value === null ? member : mutablePart(unwrap(value), false);
    if (mutable !== null) find(mutable, `state of the module in '${name}.${key}'`, instead);
  }
  if (fields.size === 0) return;
  const visit = (at: Node, isStatic: boolean): void => {
    const isWrite = at.type === 'AssignmentExpression' || at.type === 'UpdateExpression';
    const target = isWrite ? unwrap(child(at, at.type === 'UpdateExpression' ? 'argument' : 'left')) : null;
    if (target?.type === 'MemberExpression') {
      const object = unwrap(child(target, 'object'));
      const property = child(target, 'property');
      const key = property.type === 'PrivateIdentifier' ? keyName(property) : memberName(target);
      const isClass = object.type === 'Identifier' && text(object, 'name') === name;
      const isThis = isStatic && object.type === 'ThisExpression';
      if (key !== null && fields.has(key) && (isClass || isThis))
        find(at, `an assignment to '${name}.${key}', which is state of the module`, instead);
    }
    for (const below of runtimeChildren(at)) {
      const isMember = below.type === 'MethodDefinition' || below.type === 'PropertyDefinition';
      if (isMember || below.type === 'StaticBlock')
        visit(below, at === child(node, 'body') && (flag(below, 'static') || below.type === 'StaticBlock'));
      else visit(below, isStatic);
    }
  };
  visit(program, false);
}

function checkState(
  declaration: Node,
  declarator: Node,
  isMethod: (node: Node) => boolean,
  find: (node: Node, what: string, instead: string) => void,
): void {
  const name = text(child(declarator, 'id'), 'name');
  if (declaration['kind'] !== 'const') {
    return find(declarator, `the module's variable '${name}'`, 'a local variable of a method, passed on');
  }
  const init = optional(declarator, 'init');
  if (init === null || isMethod(unwrap(init))) return;
  const mutable = mutablePart(unwrap(init), false);
  if (mutable !== null) {
    find(
      mutable,
      `state of the module in '${name}'`,
      'Object.freeze([...]) at each level, or a local of a method',
    );
  }
}

const mutableClasses = new Set([
  'Map',
  'Set',
  'Array',
  'Object',
  'Date',
  'WeakMap',
  'WeakSet',
  'ArrayBuffer',
]);

/** An array, object or collection that is plainly not frozen. What calls return is checked when the module is loaded. */
function mutablePart(node: Node, frozen: boolean): Node | null {
  const inner = unwrap(node);
  switch (inner.type) {
    case 'ArrayExpression':
      if (!frozen) return inner;
      return first(nodes(inner, 'elements'), (element) => mutablePart(element, false));
    case 'ObjectExpression':
      if (!frozen) return inner;
      return first(nodes(inner, 'properties'), (property) =>
        property.type === 'Property' ? mutablePart(child(property, 'value'), false) : null,
      );
    case 'NewExpression': {
      const callee = unwrap(child(inner, 'callee'));
      const name = callee.type === 'Identifier' ? text(callee, 'name') : '';
      return mutableClasses.has(name) || name.endsWith('Array') ? inner : null;
    }
    case 'CallExpression': {
      const callee = unwrap(child(inner, 'callee'));
      const object = callee.type === 'MemberExpression' ? unwrap(child(callee, 'object')) : null;
      const freezes =
        object?.type === 'Identifier' && text(object, 'name') === 'Object' && memberName(callee) === 'freeze';
      return freezes ? first(nodes(inner, 'arguments'), (argument) => mutablePart(argument, true)) : null;
    }
    default:
      return null;
  }
}

function first(list: readonly Node[], find: (node: Node) => Node | null): Node | null {
  for (const node of list) {
    const found = find(node);
    if (found !== null) return found;
  }
  return null;
}
