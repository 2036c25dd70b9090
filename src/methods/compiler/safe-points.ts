import type { Accessors } from './accessors.ts';
import type { Calls } from './calls.ts';
import type { Classes } from './classes.ts';
import {
  classParts,
  isCall,
  isClass,
  isFunction,
  isLoop,
  isSuperCall,
  type Node,
  runtimeChildren,
  walk,
} from './syntax.ts';

/** What knows where the code of a module may be captured. */
export interface SafePoints {
  readonly calls: Calls;
  readonly accessors: Accessors;
  readonly classes: Classes;
}

/**
 * Whether evaluating a node may reach a safe point of the method that it stands in; loops are left out.
 *
 * @param within the same of what stands directly inside: for whoever remembers
 */
export function reachesSite(
  points: SafePoints,
  node: Node,
  within: (node: Node) => boolean = (below) => reachesSite(points, below),
): boolean {
  const { calls, accessors, classes } = points;
  if (isFunction(node)) return false;
  if (isClass(node)) return classes.isCompletedLater(node) || classParts(node).some(within);
  if (suspending.has(node.type) || isComputedAccessor(node) || accessors.isSite(node)) return true;
  if (node.type === 'SpreadElement' && calls.isWalkedSpread(node)) return true;
  // What `super(…)` makes is kept for the frames that come after it: lowered in any case.
  if (isCall(node) && (isSuperCall(node) || calls.isSite(node))) return true;
  return runtimeChildren(node).some(within);
}

/** Whether a node repeats anything: each round is a safe point. */
export function hasLoop(node: Node): boolean {
  let found = false;
  walk(node, (below) => {
    if (isFunction(below) || isClass(below)) return false;
    found ||= isLoop(below);
    return !found;
  });
  return found;
}

/** `{ get [key]() {} }`: its key is needed twice, so the literal is put together out of parts. */
function isComputedAccessor({ type, kind, computed }: Node): boolean {
  return type === 'Property' && computed === true && (kind === 'get' || kind === 'set');
}

/** What is a safe point by itself; taking values from an iterator calls it. */
const suspending = new Set(['AwaitExpression', 'YieldExpression', 'ArrayPattern']);
