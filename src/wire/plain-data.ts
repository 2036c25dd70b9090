const depthMax = 64;
const nodesMax = 1_000_000;
/** msgpackr writes these keys as something else, or cannot tell them from a prototype's. */
const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'toJSON']);
const loneSurrogate = /\p{Surrogate}/u;

/** What makes a value unfit to be carried: where, and why. */
export interface Fault {
  /** `.peers[3].name`; empty for the value itself. */
  readonly path: string;
  readonly why: string;
}

/** What `examine` found. */
export type Examination =
  | { readonly kind: 'plain'; readonly hasMinusZero: boolean }
  | { readonly kind: 'faulty'; readonly fault: Fault };

/** Whether a value is plain data, which the codec carries exactly. Repeated references arrive as separate copies. */
export function examine(value: unknown): Examination {
  const examiner = new Examiner();
  const fault = examiner.faultOf(value);
  return fault === null ? { kind: 'plain', hasMinusZero: examiner.hasMinusZero } : { kind: 'faulty', fault };
}

class Examiner {
  hasMinusZero = false;
  #nodes = 0;
  /** Containers around the value in hand: one that is met again is a cycle. */
  readonly #around: object[] = [];

  faultOf(value: unknown): Fault | null {
    switch (typeof value) {
      case 'number':
        if (Object.is(value, -0)) this.hasMinusZero = true;
        return null;
      case 'string':
        return loneSurrogate.test(value) ? here('a lone surrogate is not text; send bytes instead') : null;
      case 'boolean':
      case 'undefined':
        return null;
      case 'bigint':
        return value === BigInt.asIntN(64, value) || value === BigInt.asUintN(64, value)
          ? null
          : here('a bigint of more than 64 bits; send bytes instead');
      case 'object':
        return value === null ? null : this.#faultOfObject(value);
      default:
        return here(`a ${typeof value} is not plain data`);
    }
  }

  #faultOfObject(value: object): Fault | null {
    this.#nodes += 1;
    if (this.#nodes > nodesMax) return here(`more than ${nodesMax} objects; send bytes instead`);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) return null;
    if (this.#around.includes(value)) return here('it contains itself');
    if (this.#around.length >= depthMax) return here(`nested more than ${depthMax} deep`);
    this.#around.push(value);
    const fault = this.#faultOfContainer(value, prototype);
    this.#around.pop();
    return fault;
  }

  #faultOfContainer(value: object, prototype: unknown): Fault | null {
    if (Array.isArray(value)) {
      return prototype === Array.prototype ? this.#faultOfArray(value) : here('a subclass of Array');
    }
    if (prototype !== Object.prototype) {
      return here(
        `a ${constructorName(value)} is not plain data; send its content as plain objects or bytes`,
      );
    }
    return this.#faultOfRecord(value);
  }

  #faultOfArray(value: readonly unknown[]): Fault | null {
    if (Reflect.ownKeys(value).length !== value.length + 1)
      return here('an array with holes or extra properties');
    for (let index = 0; index < value.length; index += 1) {
      const fault = this.faultOf(value[index]);
      if (fault !== null) return { path: `[${index}]${fault.path}`, why: fault.why };
    }
    return null;
  }

  #faultOfRecord(value: object): Fault | null {
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol') return here(`a symbol key, ${String(key)}`);
      if (refusedKeys.has(key)) return here(`the key '${key}' is not allowed`);
      if (loneSurrogate.test(key)) return here('a key with a lone surrogate');
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property?.enumerable !== true || !('value' in property)) {
        return { path: `.${key}`, why: 'a hidden or computed property' };
      }
      const fault = this.faultOf(property.value);
      if (fault !== null) return { path: `.${key}${fault.path}`, why: fault.why };
    }
    return null;
  }
}

function here(why: string): Fault {
  return { path: '', why };
}

function constructorName(value: object): string {
  const maker: unknown = Object.getPrototypeOf(value)?.constructor;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'object without prototype';
}
