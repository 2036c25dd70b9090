/**
 * The layout of a snapshot, all of it little-endian:
 *
 *   magic "GDWT" · format version (1 byte) · body · SHA-256 of everything before it
 *
 * The body (which is what `encodeValue` yields, after a version byte of its own):
 *
 *   lengths of the sections (8 whole numbers) · strings · shapes · heads · contents · pools · blobs · order · weak
 *
 * Objects are numbered in the order in which they were met. *Heads* say, in that order, what each object is, and all
 * that is needed to make it empty. *Contents* say, in the same order, what it holds; they refer to objects by number,
 * so neither side recurses. *Shapes* are lists of keys that many plain objects share. *Blobs* are the bytes of
 * buffers, in the order of their heads, and *pools* the extents of those that are cut down to what is used.
 *
 * Functions, and objects with a prototype of their own, are made out of others: their heads name these, so those come
 * first. A saved instance is made out of whole data: *order* says for each, in the order of heads, which contents (in that
 * order) were written before its head. All other contents follow in the order of numbers. *Weak* holds the entries of weak collections.
 */
export const formatVersion = 2;
export const magic = [0x47, 0x44, 0x57, 0x54] as const;
export const digestBytes = 32;
export const containerHeadBytes = magic.length + 1;
export const sectionCount = 8;

/** How a value begins in *contents*. From `smallInteger` on, the byte itself is a number. */
export const tag = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  /** whole: magnitude */
  integer: 4,
  /** whole: magnitude - 1 */
  negativeInteger: 5,
  float64: 6,
  /** whole: string */
  string: 7,
  /** whole: object */
  object: 8,
  /** byte: 1 when negative; whole: number of hexadecimal digits; the digits */
  bigint: 9,
  /** Only within arrays. whole: how many elements in a row are missing */
  hole: 10,
  /** whole: string, the key of `Symbol.for` */
  registeredSymbol: 11,
  /** whole: string, the name within `Symbol` */
  wellKnownSymbol: 12,
  /** whole: string, the name of a permanent */
  permanent: 13,
  /** Only for a property of a shape. byte: its attributes; value, or getter and setter */
  special: 14,
  smallInteger: 32,
} as const;

/** What `smallInteger` stands for; 255 stands for 191. */
export const smallestSmallInteger = -32;
export const greatestSmallInteger = 255 - tag.smallInteger + smallestSmallInteger;

/** What an object is, the first byte of its head. */
export const kind = {
  /** whole: shape * 8 + (4 when properties under symbols follow the values) + how far it is closed */
  plain: 0,
  /** The same. */
  nullPrototype: 1,
  /** whole: length */
  array: 2,
  map: 3,
  set: 4,
  /** float64: time */
  date: 5,
  /** whole: string (source); whole: string (flags) */
  regExp: 6,
  /** byte: place in `errorNames` */
  error: 7,
  /** value, no object: what is boxed */
  boxed: 8,
  /** whole: length; the bytes are in *blobs* */
  arrayBuffer: 9,
  /** whole: length; whole: maximum length */
  resizableBuffer: 10,
  /** Extent in *pools*: Buffers that share Node's pool keep their sharing, and carry no bytes of others along. */
  pool: 11,
  /** byte: place in `viewNames`; whole: buffer; byte: 1 when it follows its buffer's length; whole: offset; whole: length */
  view: 12,
  /** whole: string (kind); byte: 1 when a prototype follows; value: prototype */
  external: 13,
  /** A symbol of nobody else's. byte: 1 when a description follows; whole: string */
  symbol: 14,
  /** value: prototype; byte: 1 when it has private elements; then the head of what it is but for its prototype */
  derived: 15,
  /** whole: string (code); list of values: captured */
  closure: 16,
  /** whole: string (code); list of values: captured; value: superclass; list of values: computed keys */
  class: 17,
  /** value: target; value: this; list of values: arguments */
  bound: 18,
  /** value: home; whole: string (member) */
  member: 19,
  /** value: the function whose `prototype` it is */
  prototypeOf: 20,
  /** whole: string (name within `recipes`); list of values: arguments */
  recipe: 21,
  /** whole: string (name); value: data */
  saved: 22,
  weakMap: 23,
  weakSet: 24,
  detachedBuffer: 25,
  arguments: 26,
  sloppyArguments: 27,
  /** byte: place in `walkViews`; value: collection, null when it is over; whole: entries passed */
  iterator: 28,
} as const;

export type Kind = (typeof kind)[keyof typeof kind];

/** What iterators of a Map or Set show. */
export const walkViews = ['Map entries', 'Map keys', 'Map values', 'Set entries', 'Set values'] as const;

export const errorNames = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
] as const;

export const viewNames = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Float16Array',
  'Buffer',
] as const;

export type ViewName = (typeof viewNames)[number];

/** How far an object is closed: the low two bits of its trailer. */
export const integrity = { open: 0, nonExtensible: 1, sealed: 2, frozen: 3 } as const;

export const levelMask = 3;
/** In the head of a plain object: properties under symbols follow. */
export const hasSymbols = 4;
/** By what its shape is multiplied there. */
export const shapeUnit = 8;

/** In an object's trailer: further properties follow, each a key, attributes and a value. */
export const hasProperties = 4;
/** In an array's trailer: `length` is not writable. */
export const hasFixedLength = 8;
/** In a function's trailer: a value follows, its prototype, which is not the one that it was made with. */
export const hasPrototype = 16;
/**
 * Attributes of a property, as bits. An accessor has a getter and a setter in place of a value. A native stack is an error's own
 * on engines where that is an accessor; elsewhere it is an ordinary property.
 */
export const attribute = {
  writable: 1,
  enumerable: 2,
  configurable: 4,
  all: 7,
  accessor: 8,
  nativeStack: 16,
} as const;
