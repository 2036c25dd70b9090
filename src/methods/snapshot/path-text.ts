/** One step on the way from a snapshot's root to a value. */
export type PathStep =
  | { readonly kind: 'property'; readonly key: string | symbol }
  | { readonly kind: 'element'; readonly index: number }
  /** `key` is a short preview of the key. */
  | { readonly kind: 'mapValue'; readonly key: string }
  | { readonly kind: 'mapKey'; readonly index: number }
  | { readonly kind: 'setItem'; readonly index: number }
  | { readonly kind: 'buffer' }
  /** Into the record that stands for a value that the runtime replaced. */
  | { readonly kind: 'record'; readonly of: string }
  | { readonly kind: 'prototype' }
  /** What a function has captured, by its place among the captured values of its code. */
  | { readonly kind: 'captured'; readonly index: number }
  | { readonly kind: 'superclass' }
  | { readonly kind: 'bound'; readonly part: string }
  /** From a method to the class that it stands in. */
  | { readonly kind: 'home' }
  | { readonly kind: 'private' }
  | { readonly kind: 'weakEntry' };

const identifier = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** How people write the path: `state.conn`, `m.get("k")[3].x`. */
export function pathText(steps: readonly PathStep[]): string {
  let text = '';
  for (const step of steps) text += stepText(step, text === '');
  return text;
}

function stepText(step: PathStep, isFirst: boolean): string {
  switch (step.kind) {
    case 'property':
      if (typeof step.key === 'symbol') return `[${String(step.key)}]`;
      if (identifier.test(step.key)) return isFirst ? step.key : `.${step.key}`;
      return `[${JSON.stringify(step.key)}]`;
    case 'element':
      return `[${step.index}]`;
    case 'mapValue':
      return `.get(${step.key})`;
    case 'mapKey':
      return `.keys()[${step.index}]`;
    case 'setItem':
      return `.values()[${step.index}]`;
    case 'buffer':
      return '.buffer';
    case 'record':
      return `<${step.of}>`;
    case 'prototype':
      return '.__proto__';
    case 'captured':
      return `<captured ${step.index}>`;
    case 'superclass':
      return '<superclass>';
    case 'bound':
      return `<bound ${step.part}>`;
    case 'home':
      return '<class>';
    case 'private':
      return '<private element>';
    case 'weakEntry':
      return '<weak entry>';
  }
}
