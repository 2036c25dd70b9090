import { type HostValue, hostValue, madeBy } from './host-values.ts';
import type { ImportedNames } from './imported-names.ts';
import { childOf, childrenOf, isFunction, nameOf, type SyntaxNode } from './source-tree.ts';

/** What a variable may hold that a snapshot cannot, as far as syntax shows. */
export interface ValueGuess extends HostValue {
  /** Whether there is no doubt, as long as the variable holds what it was given there. */
  readonly isSure: boolean;
}

const register = 'plain data; or register its class with { save, load }';

/** @param annotation what stands after the colon */
export function guessFromType(annotation: SyntaxNode | null, names: ImportedNames): ValueGuess | null {
  const type = annotation?.type === 'TSTypeAnnotation' ? childOf(annotation, 'typeAnnotation') : annotation;
  if (type === null) return null;
  if (type.type === 'TSUnionType') {
    const guesses = childrenOf(type, 'types').map((one) => guessFromType(one, names));
    const found = guesses.find((guess) => guess !== null);
    return found === undefined || found === null ? null : { ...found, isSure: false };
  }
  if (type.type !== 'TSTypeReference') return null;
  const name = nameOf(childOf(type, 'typeName'));
  if (name === 'Promise' || name === 'Array' || name === 'ReadonlyArray') {
    const inner = childrenOf(childOf(type, 'typeArguments') ?? type, 'params').at(0) ?? null;
    return guessFromType(inner, names);
  }
  return guessOfClass(name, names);
}

/** @param init what the variable is given */
export function guessFromValue(init: SyntaxNode | null, names: ImportedNames): ValueGuess | null {
  if (init === null) return null;
  switch (init.type) {
    case 'AwaitExpression':
    case 'ChainExpression':
    case 'ParenthesizedExpression':
    case 'TSNonNullExpression':
      return guessFromValue(childOf(init, 'argument') ?? childOf(init, 'expression'), names);
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return (
        guessFromType(childOf(init, 'typeAnnotation'), names) ??
        guessFromValue(childOf(init, 'expression'), names)
      );
    case 'NewExpression':
      return guessOfClass(nameOf(childOf(init, 'callee')), names);
    case 'CallExpression':
      return guessOfCall(init, names);
    default:
      return null;
  }
}

function guessOfClass(name: string, names: ImportedNames): ValueGuess | null {
  if (name === '') return null;
  const origin = names.originOf(name);
  const last = name.slice(name.lastIndexOf('.') + 1);
  switch (origin.kind) {
    case 'global':
      return sure(hostValue(last));
    case 'node':
      return sure(hostValue(origin.imported));
    case 'package':
      return { type: `${name} of '${origin.specifier}'`, instead: register, isSure: false };
    case 'own':
    case 'godwit':
      return null;
  }
}

function guessOfCall(call: SyntaxNode, names: ImportedNames): ValueGuess | null {
  const callee = childOf(call, 'callee');
  const name = nameOf(callee);
  const last = name.slice(name.lastIndexOf('.') + 1);
  if (name === '') return callee?.type === 'MemberExpression' ? guessOfMethod(callee) : null;
  const origin = names.originOf(name);
  if (origin.kind === 'godwit') {
    return origin.imported === 'effect'
      ? guessOfEffect(childrenOf(call, 'arguments').at(-1) ?? null, names)
      : null;
  }
  if (origin.kind === 'global' && name === 'fetch') return sure(madeBy('fetch'));
  if (origin.kind === 'node') return sure(madeBy(origin.imported === name ? last : origin.imported));
  if (origin.kind === 'package') {
    return { type: `what ${name} of '${origin.specifier}' returns`, instead: register, isSure: false };
  }
  return callee?.type === 'MemberExpression' ? guessOfMethod(callee) : null;
}

/** `response.body.getReader()`: whatever it is called on. */
function guessOfMethod(callee: SyntaxNode): ValueGuess | null {
  const method = nameOf(childOf(callee, 'property'));
  if (method === 'getReader') return sure(hostValue('ReadableStreamDefaultReader'));
  if (method === 'getWriter') return sure(hostValue('WritableStreamDefaultWriter'));
  return null;
}

/** An effect gives what its function returns. */
function guessOfEffect(run: SyntaxNode | null, names: ImportedNames): ValueGuess | null {
  if (run === null || !isFunction(run)) return null;
  const body = childOf(run, 'body');
  if (body === null) return null;
  if (body.type !== 'BlockStatement') return guessFromValue(body, names);
  const returned = childrenOf(body, 'body').findLast(({ type }) => type === 'ReturnStatement');
  return guessFromValue(returned === undefined ? null : childOf(returned, 'argument'), names);
}

function sure(value: HostValue | null): ValueGuess | null {
  return value === null ? null : { ...value, isSure: true };
}
