import type { Code } from './ir.ts';
import { child, memberName, type Node, text } from './syntax.ts';

export function join(values: readonly Code[]): string {
  return values.map((value) => value.text).join(', ');
}

/** `.name` or `[key]`. */
export function access(member: Node, key: readonly Code[]): string {
  if (key[0] !== undefined) return `[${key[0].text}]`;
  const property = child(member, 'property');
  const isPrivate = property.type === 'PrivateIdentifier';
  return `.${isPrivate ? `#${text(property, 'name')}` : (memberName(member) ?? text(property, 'name'))}`;
}

/**
 * A call whose position no other operation of the method has: the callee is loaded on the lines before, the arguments
 * are evaluated on the lines after. `mark` is empty for calls that are not sites.
 */
export function callText(target: Code, via: string, args: readonly Code[], mark: string): string {
  if (mark === '') return `${target.text}${via}(${join(args)})`;
  if (isBareName(target) && via === '') return `${mark}${target.text}(\n${join(args)})`;
  return `(${target.text}${via})${mark}(\n${join(args)})`;
}

export function isBareName(value: Code): boolean {
  return /^(?:\uFDD1\d+\uFDD2)?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(value.text);
}
