import { apply, getterOf, type Method, methodOf } from './intrinsics.ts';

/** Objects of the platform that are made again out of what can be asked of them. */
export interface Recipe {
  readonly name: string;
  readonly prototype: object | null;
  /** @returns primitives, or objects that need not be whole; null when it cannot be made again. @throws TypeError for an impostor */
  take(value: object): readonly unknown[] | null;
  make(args: readonly unknown[]): object;
}

type Constructor = new (...args: readonly unknown[]) => object;

const holder = (within: object, name: string): Record<string, unknown> | null => {
  const found: unknown = Reflect.get(within, name);
  return typeof found === 'function' || (typeof found === 'object' && found !== null)
    ? (found as Record<string, unknown>)
    : null;
};

function prototypeOf(constructor: object | null): object | null {
  return constructor === null ? null : (Reflect.get(constructor, 'prototype') as object);
}

const urlHref = getterOf(URL.prototype, 'href');
const urlSearchParams = getterOf(URL.prototype, 'searchParams');
const searchParamsText = methodOf(URLSearchParams.prototype, 'toString');
const derefMethod = methodOf(WeakRef.prototype, 'deref');

export const searchParamsOf = (url: object): object => apply(urlSearchParams, url, []) as object;
export const urlName = 'URL';
export const searchParamsOfUrl = 'URL.searchParams';

const url: Recipe = {
  name: urlName,
  prototype: URL.prototype,
  take: (value) => [apply(urlHref, value, [])],
  make: ([href]) => new URL(href as string),
};

const searchParams: Recipe = {
  name: 'URLSearchParams',
  prototype: URLSearchParams.prototype,
  take: (value) => [apply(searchParamsText, value, [])],
  make: ([text]) => new URLSearchParams(text as string),
};

const searchParamsOfItsUrl: Recipe = {
  name: searchParamsOfUrl,
  prototype: null,
  take: () => null,
  make: ([value]) => searchParamsOf(value as object),
};

const weakRef: Recipe = {
  name: 'WeakRef',
  prototype: WeakRef.prototype,
  take(value) {
    const target: unknown = apply(derefMethod, value, []);
    return target === undefined ? null : [target];
  },
  make: ([target]) => new WeakRef(target as object),
};

const textEncoder: Recipe = {
  name: 'TextEncoder',
  prototype: TextEncoder.prototype,
  take: (value) => (apply(encodingOfEncoder, value, []) === 'utf-8' ? [] : null),
  make: () => new TextEncoder(),
};
const encodingOfEncoder = getterOf(TextEncoder.prototype, 'encoding');

const decoderGetters = (['encoding', 'fatal', 'ignoreBOM'] as const).map((key) =>
  getterOf(TextDecoder.prototype, key),
);
const textDecoder: Recipe = {
  name: 'TextDecoder',
  prototype: TextDecoder.prototype,
  take: (value) => decoderGetters.map((getter) => apply(getter, value, [])),
  make: ([encoding, fatal, ignoreBOM]) =>
    new TextDecoder(encoding as string, { fatal: fatal === true, ignoreBOM: ignoreBOM === true }),
};

/** The names that any of them has for its options; those that only say what was resolved are left out. */
const intlNames =
  'Collator DateTimeFormat DisplayNames DurationFormat ListFormat NumberFormat PluralRules RelativeTimeFormat Segmenter';
const resolvedOnly: ReadonlySet<string> = new Set(['locale', 'pluralCategories']);

/** Made by its locale and resolved options, if that yields the same options again. */
function intlRecipe(name: string): Recipe[] {
  const constructor = holder(Intl, name) as Constructor | null;
  const prototype = prototypeOf(constructor);
  if (constructor === null || prototype === null) return [];
  const resolved: Method = methodOf(prototype, 'resolvedOptions');
  const optionsOf = (value: object): Record<string, unknown> =>
    apply(resolved, value, []) as Record<string, unknown>;
  const make = ([locale, ...pairs]: readonly unknown[]): object => {
    const options: Record<string, unknown> = {};
    for (let at = 0; at < pairs.length; at += 2) options[pairs[at] as string] = pairs[at + 1];
    // An hour cycle says it more exactly.
    if ('hourCycle' in options) delete options['hour12'];
    return new constructor(locale, options);
  };
  const take = (value: object): readonly unknown[] | null => {
    const options = optionsOf(value);
    const args: unknown[] = [options['locale']];
    for (const [key, option] of Object.entries(options)) if (!resolvedOnly.has(key)) args.push(key, option);
    const again = optionsOf(make(args));
    return Object.entries(options).every(([key, option]) => resolvedOnly.has(key) || again[key] === option)
      ? args
      : null;
  };
  return [{ name: `Intl.${name}`, prototype, take, make }];
}

function localeRecipe(): Recipe {
  const text = methodOf(Intl.Locale.prototype, 'toString');
  return {
    name: 'Intl.Locale',
    prototype: Intl.Locale.prototype,
    take: (value) => [apply(text, value, [])],
    make: ([tag]) => new Intl.Locale(tag as string),
  };
}

const temporalNames =
  'Instant ZonedDateTime PlainDateTime PlainDate PlainTime PlainYearMonth PlainMonthDay Duration';

/** Where the engine has Temporal: each of its values has a text that says it all. */
function temporalRecipe(name: string): Recipe[] {
  const temporal = holder(globalThis, 'Temporal');
  const constructor = temporal === null ? null : holder(temporal, name);
  const prototype = prototypeOf(constructor);
  if (constructor === null || prototype === null) return [];
  const text = methodOf(prototype, 'toString');
  const from = methodOf(constructor, 'from');
  return [
    {
      name: `Temporal.${name}`,
      prototype,
      take: (value) => [apply(text, value, [])],
      make: ([written]) => apply(from, constructor, [written]) as object,
    },
  ];
}

const all: readonly Recipe[] = [
  url,
  searchParams,
  searchParamsOfItsUrl,
  weakRef,
  textEncoder,
  textDecoder,
  localeRecipe(),
  ...intlNames.split(' ').flatMap(intlRecipe),
  ...temporalNames.split(' ').flatMap(temporalRecipe),
];

const byPrototype: ReadonlyMap<object, Recipe> = new Map(
  all.flatMap((recipe) => (recipe.prototype === null ? [] : [[recipe.prototype, recipe] as const])),
);
const byName: ReadonlyMap<string, Recipe> = new Map(all.map((recipe) => [recipe.name, recipe]));

export const recipeFor = (prototype: object): Recipe | undefined => byPrototype.get(prototype);
export const recipeNamed = (name: string): Recipe | undefined => byName.get(name);

/** The own properties that every such object has from the start (Node.js hides its state under symbols), in one set. */
export function ownKeysFromStart(name: string, args: readonly unknown[]): ReadonlySet<string | symbol> {
  const recipe = recipeNamed(name);
  if (recipe === undefined || recipe.prototype === null) return new Set();
  return new Set(Reflect.ownKeys(recipe.make(args)));
}
