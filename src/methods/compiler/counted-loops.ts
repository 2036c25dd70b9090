import type { Slot } from './ir.ts';
import type { MethodContext } from './method-context.ts';
import type { Binding } from './scopes.ts';
import { child, flag, isFunction, isLoop, type Node, nodes, optional, text, unwrap, walk } from './syntax.ts';
import { inside, type Variables } from './variables.ts';

/** Trips that a nest of loops may make without any check of fuel, and the length of one strip of a longer loop. */
export const stripTrips = 1024;

/** A `for` loop over one variable that only its update changes, always in one direction. */
export interface CountedLoop {
  readonly variable: Binding;
  readonly direction: 1 | -1;
  /** A literal, or a local that the loop does not assign. */
  readonly step: Node | 1;
  /** The bound, when the test is just a comparison with something that the loop does not change; null otherwise. */
  readonly bound: { readonly operator: string; readonly node: Node } | null;
}

/** Recognises a counted loop. The values' types are checked when it runs. */
export function countedLoop(loop: Node, variables: Variables): CountedLoop | null {
  if (loop.type !== 'ForStatement') return null;
  const update = optional(loop, 'update');
  const test = optional(loop, 'test');
  if (update === null || test === null) return null;
  const counted = stepOf(unwrap(update), loop, variables);
  if (counted === null) return null;
  return { ...counted, bound: boundOf(unwrap(test), counted.variable, counted.direction, loop, variables) };
}

function stepOf(update: Node, loop: Node, variables: Variables): Omit<CountedLoop, 'bound'> | null {
  const target = update.type === 'UpdateExpression' ? child(update, 'argument') : optional(update, 'left');
  if (target === null || target.type !== 'Identifier') return null;
  const variable = variables.scopes.byNode.get(target);
  if (variable === undefined || variable.owner === null || variables.isCaptured(variable)) return null;
  const writes = variable.references.filter(
    (reference) =>
      (reference.role === 'write' || reference.role === 'readWrite') && inside(reference.node, loop),
  );
  const init = optional(loop, 'init');
  const others = writes.filter(({ node }) => node !== target && !(init !== null && inside(node, init)));
  if (others.length > 0) return null;
  const operator = text(update, 'operator');
  if (update.type === 'UpdateExpression') {
    return { variable, direction: operator === '++' ? 1 : -1, step: 1 };
  }
  if (update.type !== 'AssignmentExpression' || (operator !== '+=' && operator !== '-=')) return null;
  const step = unwrap(child(update, 'right'));
  if (!isStable(step, loop, variables)) return null;
  return { variable, direction: operator === '+=' ? 1 : -1, step };
}

function boundOf(
  test: Node,
  variable: Binding,
  direction: 1 | -1,
  loop: Node,
  variables: Variables,
): CountedLoop['bound'] {
  if (test.type !== 'BinaryExpression') return null;
  const left = unwrap(child(test, 'left'));
  if (left.type !== 'Identifier' || variables.scopes.byNode.get(left) !== variable) return null;
  const operator = text(test, 'operator');
  if (!(direction === 1 ? ['<', '<='] : ['>', '>=']).includes(operator)) return null;
  const node = unwrap(child(test, 'right'));
  return isStable(node, loop, variables) ? { operator, node } : null;
}

function isStable(node: Node, loop: Node, variables: Variables): boolean {
  if (node.type === 'Literal') return typeof node['value'] === 'number' && node['value'] > -Infinity;
  if (node.type !== 'Identifier') return false;
  const binding = variables.scopes.byNode.get(node);
  if (binding === undefined) return false;
  if (binding.owner === null) return binding.kind === 'const';
  return (
    !variables.isBoxed(binding) &&
    !binding.references.some(({ node: at, role }) => role !== 'read' && inside(at, loop))
  );
}

/**
 * How often the body of a loop (and of all loops inside it) runs, where that is plain to see and, with what it calls, at most
 * 1,024.
 *
 * @param weightOf what a call does, in steps; null where that is not known
 */
export function constantTrips(
  loop: Node,
  variables: Variables,
  weightOf: (call: Node) => number | null,
): number | null {
  const own = ownTrips(loop, variables);
  if (own === null) return null;
  let most = 1;
  let called = 0;
  let known = true;
  walk(child(loop, 'body'), (node) => {
    if (isFunction(node)) return false;
    if (node.type === 'AwaitExpression') known = false;
    if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const weight = weightOf(node);
      if (weight === null) known = false;
      else called += weight;
    }
    if (!isLoop(node)) return true;
    const trips = constantTrips(node, variables, weightOf);
    if (trips === null) known = false;
    else most = Math.max(most, trips);
    return false;
  });
  const all = own * (most + called);
  return known && all <= stripTrips ? all : null;
}

function ownTrips(loop: Node, variables: Variables): number | null {
  const counted = countedLoop(loop, variables);
  const init = optional(loop, 'init');
  if (counted === null || counted.bound === null || init === null) return null;
  const declarator = nodes(init, 'declarations')[0];
  const start = declarator === undefined ? null : numberOf(optional(declarator, 'init'));
  const step = counted.step === 1 ? 1 : numberOf(counted.step);
  const bound = numberOf(counted.bound.node);
  if (declarator === undefined || variables.scopes.byNode.get(child(declarator, 'id')) !== counted.variable)
    return null;
  if (start === null || bound === null || step === null || step <= 0 || flag(init, 'declare')) return null;
  return Math.max(0, Math.ceil(((bound - start) * counted.direction + 1) / step));
}

function numberOf(node: Node | null): number | null {
  if (node === null) return null;
  const literal = unwrap(node);
  return literal.type === 'Literal' && typeof literal['value'] === 'number' ? literal['value'] : null;
}

/** The boxed variables that a loop's head declares: each iteration has its own. */
export function boxedNames(context: MethodContext, declaration: Node): readonly Slot[] {
  return nodes(declaration, 'declarations').flatMap((declarator) => {
    const binding = context.bindingOf(child(declarator, 'id'));
    const slot = binding === null ? null : context.slotOf(binding);
    return binding !== null && slot !== null && context.isBoxed(binding) && binding.kind !== 'var'
      ? [slot]
      : [];
  });
}
