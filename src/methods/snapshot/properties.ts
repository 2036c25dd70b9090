import { attribute, integrity } from './format.ts';
import { isExtensible, isFrozen, isSealed } from './intrinsics.ts';

export type Integrity = (typeof integrity)[keyof typeof integrity];

/** How far the object is closed. */
export function integrityOf(value: object): Integrity {
  if (isExtensible(value)) return integrity.open;
  if (isFrozen(value)) return integrity.frozen;
  return isSealed(value) ? integrity.sealed : integrity.nonExtensible;
}

export function attributesOf(property: PropertyDescriptor): number {
  return (
    (property.writable === true ? attribute.writable : 0) |
    (property.enumerable === true ? attribute.enumerable : 0) |
    (property.configurable === true ? attribute.configurable : 0)
  );
}

export function isAccessor(property: PropertyDescriptor): boolean {
  return property.get !== undefined || property.set !== undefined;
}

/** Closes the object as far as the original was. */
export function close(value: object, level: number): void {
  if (level === integrity.frozen) Object.freeze(value);
  else if (level === integrity.sealed) Object.seal(value);
  else if (level === integrity.nonExtensible) Object.preventExtensions(value);
}
