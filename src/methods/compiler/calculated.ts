import type { MethodContext } from './method-context.ts';
import { child, type Node, someInside, text, unwrap } from './syntax.ts';

const operators = new Set(['+', '-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>', '>>>']);
const signs = new Set(['+', '-', '~']);

/**
 * Notes the variables that a loop assigns the result of arithmetic: its counters and sums. A resume body has them from a
 * frame, where they could be anything, and tells the engine that they are numbers before it goes round by itself.
 */
export function noteCalculated(loop: Node, context: MethodContext): void {
  someInside(loop, (node) => {
    const place = calculatedIn(node);
    const binding = place?.type === 'Identifier' ? context.bindingOf(place) : null;
    const slot = binding === null || context.isBoxed(binding) ? null : context.slotOf(binding);
    if (slot !== null) context.calculated.add(slot);
    return false;
  });
}

function calculatedIn(node: Node): Node | null {
  if (node.type === 'UpdateExpression') return unwrap(child(node, 'argument'));
  if (node.type !== 'AssignmentExpression') return null;
  const operator = text(node, 'operator');
  const isResult =
    operator === '=' ? isArithmetic(unwrap(child(node, 'right'))) : operators.has(operator.slice(0, -1));
  return isResult ? unwrap(child(node, 'left')) : null;
}

function isArithmetic(node: Node): boolean {
  if (node.type === 'BinaryExpression') return operators.has(text(node, 'operator'));
  return node.type === 'UnaryExpression' && signs.has(text(node, 'operator'));
}
