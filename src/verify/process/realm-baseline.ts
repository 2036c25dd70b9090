/** What the realm had before a program came, so that nothing that it leaves there outlives it in this process. */
export class RealmBaseline {
  readonly #objects: readonly (readonly [object: object, keys: ReadonlySet<PropertyKey>])[];

  constructor() {
    const objects = new Set<object>([globalThis]);
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(globalThis))) {
      const { value } = descriptor as { readonly value?: unknown };
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
      objects.add(value);
      const { prototype } = value as { readonly prototype?: unknown };
      if (typeof prototype === 'object' && prototype !== null) objects.add(prototype);
    }
    this.#objects = [...objects].map((object) => [object, new Set(Reflect.ownKeys(object))] as const);
  }

  /** Takes away what was added since. */
  restore(): void {
    for (const [object, keys] of this.#objects) {
      const now = Reflect.ownKeys(object);
      if (now.length === keys.size) continue;
      for (const key of now) if (!keys.has(key)) Reflect.deleteProperty(object, key);
    }
  }
}
