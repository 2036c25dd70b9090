import type { Encoder } from './encoder.ts';
import { kind } from './format.ts';
import {
  dataViewExtent,
  describe,
  mapForEach,
  ownNames,
  ownSymbols,
  setForEach,
  typedArrayExtent,
  typedArrayName,
} from './intrinsics.ts';
import type { PathStep } from './path-text.ts';
import { preview } from './preview.ts';
import type { Refusal } from './refusal.ts';

const keyPreviewLength = 40;

/**
 * The way from the root to a refused value. The pass keeps no keys, only who met whom, so each step is searched for
 * afterwards: nothing is spent on values that are not refused.
 */
export function stepsTo(encoder: Encoder, holder: number, refusal: Refusal): PathStep[] {
  if (holder < 0) return [];
  const last: PathStep | null =
    refusal.key === null
      ? stepBetween(encoder, holder, refusal.value)
      : { kind: 'property', key: refusal.key };
  const steps: PathStep[] = last === null ? [] : [last];
  for (let child = holder, parent = encoder.parents[child]; parent !== undefined && parent >= 0;) {
    const step = stepBetween(encoder, parent, encoder.objects[child]);
    if (step !== null) steps.push(step);
    child = parent;
    parent = encoder.parents[child];
  }
  return steps.reverse();
}

function stepBetween(encoder: Encoder, holder: number, value: unknown): PathStep | null {
  const object = encoder.objects[holder] as object;
  switch (encoder.kinds[holder]) {
    case kind.external:
      return { kind: 'record', of: encoder.records.get(holder)?.kind ?? '' };
    case kind.map:
      return stepInMap(object, value) ?? stepByProperty(object, value);
    case kind.set:
      return stepInSet(object, value) ?? stepByProperty(object, value);
    case kind.array:
      return stepByProperty(object, value, true);
    case kind.view: {
      const extent = typedArrayName(object) === undefined ? dataViewExtent(object) : typedArrayExtent(object);
      return extent.buffer === value ? { kind: 'buffer' } : stepByProperty(object, value);
    }
    default:
      return stepByProperty(object, value);
  }
}

function stepInMap(map: object, value: unknown): PathStep | null {
  let found: PathStep | null = null;
  let index = 0;
  mapForEach(map, (item, key) => {
    if (found === null && item === value) found = { kind: 'mapValue', key: preview(key, keyPreviewLength) };
    if (found === null && key === value) found = { kind: 'mapKey', index };
    index += 1;
  });
  return found;
}

function stepInSet(set: object, value: unknown): PathStep | null {
  let found: PathStep | null = null;
  let index = 0;
  setForEach(set, (item) => {
    if (found === null && item === value) found = { kind: 'setItem', index };
    index += 1;
  });
  return found;
}

function stepByProperty(object: object, value: unknown, isArray = false): PathStep | null {
  const symbols = ownSymbols(object);
  for (const symbol of symbols) {
    if (symbol === value || describe(object, symbol)?.value === value)
      return { kind: 'property', key: symbol };
  }
  for (const name of ownNames(object)) {
    if (describe(object, name)?.value !== value) continue;
    const index = Number(name);
    return isArray && String(index) === name ? { kind: 'element', index } : { kind: 'property', key: name };
  }
  return null;
}
