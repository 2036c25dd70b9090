import { type Choice, type ClassName, type Draft, Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { code, expression, lines, type Piece, statement } from './pieces.ts';

const start = 'const c: any = this.c;\nif (c.left-- <= 0) return 0;';

/** Statements that make objects of classes. */
export function classStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  const agents = p.of('agent');
  return [
    way(has(d.classes, 3), 'classes', () => {
      const value = d.number(p);
      const made = code`new ${d.pick(d.classes).name}(c, ${value})`;
      return statement(code`const ${p.declare(d.fresh('o'), 'agent', true)}: any = ${made};`);
    }),
    way(has(agents, 1), 'accessors', () =>
      statement(code`${d.pick(agents).name}.at ${d.pick(['=', '+=', '??='])} ${d.number(p)};`),
    ),
    way(has(agents, 1), 'classes', () => statement(code`c.kept.push(${d.pick(agents).name});`)),
    way(has(agents, 1), 'storedClosures', () => {
      const { name } = d.pick(agents);
      return statement(code`c.kept.push(${name}.step.bind(${name}, ${simple(d, p)}));`);
    }),
    way(has(agents, 1), 'generators', () =>
      statement(code`c.log.push([...${d.pick(agents).name}.walk()].length);`),
    ),
    way(1, 'classExpressions', () => {
      const name = d.fresh('Local');
      const value = d.number(p);
      const parent = d.classes.length > 0 && d.below(2) === 0 ? d.pick(d.classes) : null;
      const text = classText(
        d,
        p.nested('plain'),
        { name, hasLater: false, hasStatic: true, ancestor: parent?.name ?? null },
        true,
      );
      const agent = d.fresh('o');
      const piece = code`const ${name}: any = ${text};\nconst ${agent}: any = new ${name}(c, ${value});\nc.kept.push(${name}, ${agent});`;
      p.declare(agent, 'agent', true);
      return statement(piece);
    }),
  ];
}

/** A class at the top level of the program. */
export function classDeclaration(d: Draft, named: ClassName): Piece {
  return classText(d, Place.body('plain'), named, false);
}

function classText(d: Draft, outside: Place, named: ClassName, isLocal: boolean): Piece {
  d.note('classes');
  const { name, ancestor } = named;
  const isOwn = ancestor !== null && d.classes.some((known) => known.name === ancestor);
  if (ancestor !== null) d.note(isOwn ? 'inheritance' : 'builtinParents');
  const method = outside.nested('plain', { hasThis: true, hasSuper: isOwn, hasArguments: true });
  method.declare('n', 'number');
  const hasPrivates = d.once(2, 'privates');
  const members: Piece[] = [
    code`x: any = ${d.below(5)};`,
    'c: any;',
    ...(hasPrivates ? privates(d, method) : []),
    ...(isLocal ? statics(d, outside, name) : []),
    constructorText(d, outside, ancestor, isOwn, hasPrivates),
    code`step(n: any): any {\n${start}\n${d.block(method.inner(), 2)}\nreturn ${expression(code`${d.number(method, 2)}`)};\n}`,
    ...accessors(d, method, hasPrivates),
    ...extras(d, method, named),
  ];
  d.functions += 2;
  const parent = ancestor === null ? '' : ` extends ${ancestor}`;
  return code`class ${name}${parent} {\n${lines(members)}\n}`;
}

function constructorText(
  d: Draft,
  outside: Place,
  ancestor: string | null,
  isOwn: boolean,
  hasPrivates: boolean,
): Piece {
  const before = outside.nested('plain', { hasArguments: true });
  before.declare('x', 'number');
  const early = statement(code`c.log.push(${d.number(before)});`);
  const after = outside.nested('plain', { hasThis: true, hasSuper: isOwn, hasArguments: true });
  after.declare('x', 'number');
  const parts: Piece[] = [];
  if (ancestor !== null) {
    parts.push(early);
    parts.push(isOwn ? code`super(c, ${d.number(before)});` : builtinSuper(ancestor));
  }
  parts.push('this.c = c;', 'this.x = x;');
  if (hasPrivates) parts.push(statement(code`this.#s = ${d.number(after)};`));
  if (d.once(3, 'newTarget')) parts.push(statement(code`c.log.push(new.target.name, new.target.length);`));
  parts.push(code`if (c.left-- > 0) {\n${d.block(after, 1)}\n}`);
  return code`constructor(c: any, x: any) {\n${lines(parts)}\n}`;
}

const builtinSuper = (ancestor: string): string =>
  ancestor === 'Map'
    ? 'super([[1, x]]);'
    : ancestor === 'Error'
      ? `super('m' + x, { cause: x });`
      : 'super();';

function privates(d: Draft, method: Place): readonly Piece[] {
  const inner = method.inner();
  return [
    '#s: any = 1;',
    statement(
      code`#hidden(n: any): any {\n${start}\nthis.#s += n;\n${d.block(inner, 1)}\nreturn this.#s;\n}`,
    ),
    statement(code`static holds(o: any): any {\nreturn #s in o;\n}`),
    statement(code`get #secret(): any {\nreturn this.#s * 2;\n}`),
    statement(
      code`open(n: any): any {\n${start}\nthis.#s ${d.pick(['=', '+=', '??='])} ${d.number(inner)};\nreturn [this.#hidden?.(n), this.#secret, this.#s++].join();\n}`,
    ),
  ];
}

/** Only classes made while the program runs have state of their own. */
function statics(d: Draft, outside: Place, name: string): readonly Piece[] {
  if (!d.once(2, 'statics')) return [];
  // No calls on `this`: what a class lacks is misnamed by Node.js 20 in a static initialiser.
  const place = outside.nested('plain', { hasArguments: false, hasThis: false, hasSuper: false });
  return [
    statement(code`static made: any = ${d.number(place)};`),
    statement(
      code`static {\nif (c.left-- > 0) {\nthis.made = (this.made ?? 0) + ${d.number(place)};\n${name}.made |= 1;\n}\n}`,
    ),
    statement(code`[\`k\${${d.number(place)}}\`]: any = 7;`),
  ];
}

function accessors(d: Draft, method: Place, hasPrivates: boolean): readonly Piece[] {
  if (!d.has('accessors')) return ['at: any = 1;'];
  d.note('accessors');
  const inner = method.inner();
  inner.forget('n');
  const value = hasPrivates ? 'this.#s' : 'this.x';
  // Neither reads itself: it would not end.
  return [
    code`get at(): any {\n${start}\nreturn ${value} + ${expression(code`${d.number(inner.nested('plain', { hasThis: false, hasSuper: false }))}`)};\n}`,
    code`set at(n: any) {\nthis.x = n;\n}`,
  ];
}

function extras(d: Draft, method: Place, { name, hasLater, hasStatic }: ClassName): readonly Piece[] {
  const all: Piece[] = [];
  if (hasStatic)
    all.push(code`static make(c: any, x: any): any {\nreturn new ${d.pick(['this', name])}(c, x);\n}`);
  if (hasLater) {
    const inner = method.nested('async', { hasThis: true });
    all.push(
      code`async later(n: any): Promise<any> {\n${start}\n${d.block(inner, 2)}\nreturn ${expression(code`${d.number(inner, 2)}`)};\n}`,
    );
  }
  if (d.has('generators')) {
    const inner = method.nested('generator', { hasThis: true });
    inner.forget('n');
    all.push(
      code`*walk(): any {\nconst c: any = this.c;\nif (c.left-- <= 0) return;\nyield this.x;\n${d.block(inner, 1)}\n}`,
    );
  }
  if (d.once(3, 'toJson')) all.push(statement(code`toJSON(): any {\nreturn this.x;\n}`));
  if (d.once(3, 'lexicalThis')) all.push(statement(code`act: any = (n: any) => (this.x += n);`));
  return all;
}
