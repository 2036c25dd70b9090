import { assertNever } from '../../core/assert.ts';
import type { Classified } from './classify.ts';
import { kind, type Kind } from './format.ts';

/** Whether something has to be there before the object can be made, a view's buffer apart. */
export function isMadeOfOthers(found: Classified): boolean {
  switch (found.kind) {
    case 'simple':
    case 'array':
    case 'date':
    case 'regExp':
    case 'error':
    case 'boxed':
    case 'buffer':
    case 'view':
    case 'named':
    case 'refused':
      return false;
    default:
      return true;
  }
}

/** What has to be there before the object can be made. */
export function operandsOf(found: Classified): readonly unknown[] {
  switch (found.kind) {
    case 'derived':
      return [found.prototype, ...operandsOf(found.base)];
    case 'closure':
      return found.captured;
    case 'class':
      return [...found.captured, found.superclass, ...found.keys];
    case 'bound':
      return [found.target, found.self, ...found.args];
    case 'member':
      return [found.home];
    case 'prototypeOf':
      return [found.of];
    case 'recipe':
      return found.args;
    case 'iterator':
      return found.collection === null ? [] : [found.collection];
    case 'external':
      return found.prototype === null ? [] : [found.prototype];
    default:
      return [];
  }
}

/** What the head of such an object begins with. */
export function kindOf(found: Classified): Kind {
  switch (found.kind) {
    case 'simple':
      return found.as;
    case 'buffer':
      return found.max === null ? kind.arrayBuffer : kind.resizableBuffer;
    case 'named':
    case 'refused':
      throw new TypeError(`Nothing is made of what is ${found.kind}`);
    case 'array':
    case 'date':
    case 'regExp':
    case 'error':
    case 'boxed':
    case 'view':
    case 'recipe':
    case 'derived':
    case 'closure':
    case 'class':
    case 'bound':
    case 'member':
    case 'prototypeOf':
    case 'external':
    case 'saved':
    case 'iterator':
      return kind[found.kind];
    default:
      return assertNever(found);
  }
}
