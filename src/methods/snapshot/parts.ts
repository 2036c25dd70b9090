import type { Classified } from './classify.ts';
import type { Encoder } from './encoder.ts';
import { isMadeOfOthers, operandsOf } from './operands.ts';
import { Refusal } from './refusal.ts';

/**
 * Numbers a value after all that it is made of, however deep that goes.
 *
 * @returns false when a saved instance has to be written before
 */
export function meetParts(out: Encoder, value: object, first: Classified): boolean {
  const open = new Set<object>([value]);
  const stack: { readonly value: object; readonly found: Classified; readonly parent: object | null }[] = [
    { value, found: first, parent: out.current },
  ];
  const holder = out.current;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.found.kind === 'saved') {
      out.current = holder;
      out.saving.await(top.value, top.found, top.parent);
      return false;
    }
    out.current = top.value;
    out.forms.set(top.value, top.found);
    out.partOf.set(top.value, top.parent);
    const part = missingPart(out, top.found);
    if (part === null) {
      out.enter(top.value, top.found, top.parent);
      stack.pop();
      continue;
    }
    if (open.has(part)) throw new Refusal(part, 'something that is made out of itself');
    const found = out.classifier.classify(part);
    if (found.kind === 'named') out.names.set(part, found.name);
    else if (!isMadeOfOthers(found)) out.enter(part, found, top.value);
    else {
      open.add(part);
      stack.push({ value: part, found, parent: top.value });
    }
  }
  out.current = holder;
  return true;
}

/** The first of the objects that something is made of which is not there yet. */
export function missingPart(out: Encoder, found: Classified): object | null {
  if (found.kind === 'derived' && !isMadeOfOthers(found.base)) {
    return isThere(out, found.prototype) ? null : found.prototype;
  }
  for (const part of operandsOf(found)) if (!isThere(out, part)) return part as object;
  return null;
}

function isThere(out: Encoder, part: unknown): boolean {
  if (typeof part === 'symbol') out.prepareSymbol(part);
  if (typeof part !== 'function' && (typeof part !== 'object' || part === null)) return true;
  return out.numberOf(part) !== undefined || out.isNamed(part);
}
