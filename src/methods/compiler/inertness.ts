import { child, flag, isFunction, isTypeOnly, type Node, nodes, optional, unwrap } from './syntax.ts';

/** Whether evaluating an expression only makes values: it calls nothing, and nothing in it can be called meanwhile. */
export function isInert(node: Node): boolean {
  const inner = unwrap(node);
  if (isFunction(inner)) return true;
  switch (inner.type) {
    case 'Literal':
    case 'Identifier':
    case 'ThisExpression':
    case 'MetaProperty':
      return true;
    case 'TemplateLiteral':
      return nodes(inner, 'expressions').length === 0;
    case 'ArrayExpression':
      return nodes(inner, 'elements').every(isInert);
    case 'ObjectExpression':
      return nodes(inner, 'properties').every(
        (property) =>
          property.type === 'Property' && !flag(property, 'computed') && isInert(child(property, 'value')),
      );
    case 'UnaryExpression':
      return ['!', 'typeof', 'void'].includes(String(inner['operator'])) && isInert(child(inner, 'argument'));
    case 'ConditionalExpression':
      return ['test', 'consequent', 'alternate'].every((part) => isInert(child(inner, part)));
    case 'LogicalExpression':
      return isInert(child(inner, 'left')) && isInert(child(inner, 'right'));
    default:
      return false;
  }
}

/** Whether statements only declare, and so call nothing. */
export function areInert(statements: readonly Node[]): boolean {
  return statements.every((statement) => {
    if (isTypeOnly(statement)) return true;
    const exported = statement.type === 'ExportNamedDeclaration' ? optional(statement, 'declaration') : null;
    const declaration = exported ?? statement;
    switch (declaration.type) {
      case 'FunctionDeclaration':
      case 'EmptyStatement':
      case 'ImportDeclaration':
        return true;
      case 'VariableDeclaration':
        return nodes(declaration, 'declarations').every((declarator) => {
          const init = optional(declarator, 'init');
          return child(declarator, 'id').type === 'Identifier' && (init === null || isInert(init));
        });
      default:
        return false;
    }
  });
}
