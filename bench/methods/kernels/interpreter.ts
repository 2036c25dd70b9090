'use movable';

// A Lisp that is compiled to closures: each expression becomes a function of its environment.

interface Pair {
  readonly first: Value;
  readonly rest: Value;
}

type Value = number | string | null | Pair | Procedure;
type Procedure = (args: readonly Value[]) => Value;
type Code = (scope: Scope) => Value;
type Expression = string | number | readonly Expression[];

class Scope {
  readonly #values = new Map<string, Value>();
  readonly #outer: Scope | null;

  constructor(outer: Scope | null) {
    this.#outer = outer;
  }

  define(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  get(name: string): Value {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    if (this.#outer === null) throw new ReferenceError(`${name} is not defined`);
    return this.#outer.get(name);
  }
}

function read(source: string): Expression[] {
  const tokens = source.match(/[()]|[^()\s]+/g) ?? [];
  let at = 0;
  const expression = (): Expression => {
    const token = tokens[at]!;
    at++;
    if (token !== '(') return /^-?\d+$/.test(token) ? Number(token) : token;
    const list: Expression[] = [];
    while (tokens[at] !== ')') list.push(expression());
    at++;
    return list;
  };
  const program: Expression[] = [];
  while (at < tokens.length) program.push(expression());
  return program;
}

function compile(expression: Expression): Code {
  if (typeof expression === 'number') return () => expression;
  if (typeof expression === 'string') return (scope) => scope.get(expression);
  const [head, ...rest] = expression;
  switch (head) {
    case 'if': {
      const [condition, yes, no] = rest.map(compile) as [Code, Code, Code];
      return (scope) => (condition(scope) === null ? no(scope) : yes(scope));
    }
    case 'define': {
      const name = rest[0] as string;
      const value = compile(rest[1]!);
      return (scope) => {
        scope.define(name, value(scope));
        return null;
      };
    }
    case 'lambda': {
      const parameters = rest[0] as readonly string[];
      const body = compile(rest[1]!);
      return (scope) => (args) => {
        const inner = new Scope(scope);
        parameters.forEach((parameter, index) => inner.define(parameter, args[index] ?? null));
        return body(inner);
      };
    }
    default: {
      const callee = compile(head!);
      const operands = rest.map(compile);
      return (scope) => {
        const procedure = callee(scope);
        if (typeof procedure !== 'function') throw new TypeError('not a procedure');
        const args: Value[] = [];
        for (const operand of operands) args.push(operand(scope));
        return procedure(args);
      };
    }
  }
}

function globals(): Scope {
  const scope = new Scope(null);
  const numeric = (name: string, compute: (a: number, b: number) => number): void =>
    scope.define(name, ([a, b]) => compute(a as number, b as number));
  numeric('+', (a, b) => (a + b) | 0);
  numeric('-', (a, b) => (a - b) | 0);
  numeric('*', (a, b) => Math.imul(a, b));
  scope.define('<', ([a, b]) => ((a as number) < (b as number) ? 1 : null));
  scope.define('cons', ([first, rest]) => ({ first: first ?? null, rest: rest ?? null }));
  scope.define('first', ([pair]) => (pair as Pair).first);
  scope.define('rest', ([pair]) => (pair as Pair).rest);
  scope.define('nil', null);
  return scope;
}

const source = `
  (define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))
  (define range (lambda (a b) (if (< a b) (cons a (range (+ a 1) b)) nil)))
  (define map (lambda (f list) (if list (cons (f (first list)) (map f (rest list))) nil)))
  (define fold (lambda (f start list) (if list (fold f (f start (first list)) (rest list)) start)))
  (define twice (lambda (f) (lambda (x) (f (f x)))))
  (define sum (fold (lambda (a b) (+ (* a 31) b)) 7 (map (twice (lambda (x) (* x x))) (range 0 40))))
  (+ sum (fib size))
`;

/** Evaluates Fibonacci's number n, and higher-order functions on lists. */
export function main(n: number): number {
  const scope = globals();
  scope.define('size', n);
  let last: Value = null;
  for (const expression of read(source)) last = compile(expression)(scope);
  return last as number;
}
