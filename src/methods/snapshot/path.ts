import type { Classified } from './classify.ts';
import type { Encoder } from './encoder.ts';
import { kind } from './format.ts';
import {
  dataViewExtent,
  describe,
  getPrototypeOf,
  mapForEach,
  ownKeys,
  setForEach,
  typedArrayExtent,
  typedArrayName,
} from './intrinsics.ts';
import type { PathStep } from './path-text.ts';
import { preview } from './preview.ts';
import { isAccessor } from './properties.ts';
import type { Refusal } from './refusal.ts';

const keyPreviewLength = 40;

/**
 * The way from the root to a refused value. The pass keeps no keys, only who met whom, so each step is searched for
 * afterwards: nothing is spent on values that are not refused.
 */
export function stepsTo(encoder: Encoder, holder: object | null, refusal: Refusal): PathStep[] {
  if (holder === null) return [];
  const last: PathStep | null =
    refusal.key === null
      ? stepBetween(encoder, holder, refusal.value)
      : { kind: 'property', key: refusal.key };
  const steps: PathStep[] = last === null ? [] : [last];
  let child = holder;
  for (let parent = encoder.parentOf(child); parent !== null; parent = encoder.parentOf(child)) {
    const step = stepBetween(encoder, parent, child);
    if (step !== null) steps.push(step);
    child = parent;
  }
  return steps.reverse();
}

function stepBetween(encoder: Encoder, holder: object, value: unknown): PathStep | null {
  const form = encoder.forms.get(holder);
  const part = form === undefined ? null : stepToPart(form, value);
  if (part !== null) return part;
  const number = encoder.numberOf(holder) ?? -1;
  switch (encoder.kinds[number]) {
    case kind.external: {
      const found = encoder.records.get(number);
      const own = found?.prototype === null ? null : stepByProperty(holder, value);
      return own ?? { kind: 'record', of: found?.record.kind ?? '' };
    }
    case kind.map:
      return stepInMap(holder, value) ?? stepByProperty(holder, value);
    case kind.set:
      return stepInSet(holder, value) ?? stepByProperty(holder, value);
    case kind.weakMap:
      return stepByProperty(holder, value) ?? { kind: 'weakEntry' };
    case kind.array:
      return stepByProperty(holder, value, true);
    case kind.view: {
      const extent = typedArrayName(holder) === undefined ? dataViewExtent(holder) : typedArrayExtent(holder);
      return extent.buffer === value ? { kind: 'buffer' } : stepByProperty(holder, value);
    }
    default:
      if (getPrototypeOf(holder) === value) return { kind: 'prototype' };
      return stepByProperty(holder, value) ?? stepToPrivate(encoder, number, value);
  }
}

/** Into what something is made of. */
function stepToPart(form: Classified, value: unknown): PathStep | null {
  switch (form.kind) {
    case 'derived':
      return form.prototype === value ? { kind: 'prototype' } : null;
    case 'closure':
    case 'class': {
      if (form.kind === 'class' && form.superclass === value) return { kind: 'superclass' };
      const index = form.captured.indexOf(value);
      return index < 0 ? null : { kind: 'captured', index };
    }
    case 'bound':
      if (form.target === value) return { kind: 'bound', part: 'target' };
      return form.self === value ? { kind: 'bound', part: 'this' } : boundArgument(form.args.indexOf(value));
    case 'external':
      return form.prototype === value ? { kind: 'prototype' } : null;
    case 'member':
      return form.home === value ? { kind: 'home' } : null;
    case 'prototypeOf':
      return form.of === value ? { kind: 'property', key: 'constructor' } : null;
    case 'saved':
      return { kind: 'record', of: form.name };
    default:
      return null;
  }
}

function boundArgument(index: number): PathStep | null {
  return index < 0 ? null : { kind: 'bound', part: `argument ${index}` };
}

function stepToPrivate(encoder: Encoder, number: number, value: unknown): PathStep | null {
  const found = encoder.privates.get(number)?.some(({ values }) => values.includes(value));
  return found === true ? { kind: 'private' } : null;
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
  for (const key of ownKeys(object)) {
    const property = describe(object, key);
    if (property === undefined || (key !== value && !holds(property, value))) continue;
    const index = isArray && typeof key === 'string' ? Number(key) : Number.NaN;
    return String(index) === key && key !== 'NaN' ? { kind: 'element', index } : { kind: 'property', key };
  }
  return null;
}

function holds(property: PropertyDescriptor, value: unknown): boolean {
  if (isAccessor(property)) return property.get === value || property.set === value;
  return property.value === value;
}
