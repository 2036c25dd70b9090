import { type Code, code, type Slot, slotCode, type Step } from './ir.ts';
import { depthMark } from './source-text.ts';
import type { Loops } from './loops.ts';
import { nameText, spokenAsyncIterable, spokenIterable } from './spoken-names.ts';
import type { Statements } from './statements.ts';
import { child, flag, memberName, type Node, nodes, unwrap } from './syntax.ts';

type Counter = 'thread' | 'local' | null;

/**
 * Lowers `for…of` and `for await`. Arrays are walked by index, Map, Set and strings by a cursor whose position can be
 * moved, and what a program iterates by itself is called as it would be natively, to be closed however the loop is left.
 */
export class Iterations {
  readonly #statements: Statements;
  readonly #loops: Loops;

  constructor(statements: Statements, loops: Loops) {
    this.#statements = statements;
    this.#loops = loops;
  }

  forOf(node: Node, names: readonly (string | null)[], counter: Counter): void {
    if (flag(node, 'await')) return this.#forAwait(node, names, counter);
    const { context, expressions } = this.#statements;
    const { gate } = context;
    const walked = expressions.spill(this.#walked(child(node, 'right')));
    const way = expressions.spill(code(`${gate}.wayOf(${walked.text})`, walked));
    const index = context.temporary();
    const value = context.temporary();
    const at = slotCode(index);
    context.set(index, code('0'));
    const leaveIf = (test: string, leave: Step, ...uses: Code[]): void =>
      context.emit({ kind: 'if', test: code(test, ...uses), taken: [leave], otherwise: [] });
    const byIndex = (leave: Step): void => {
      leaveIf(`${index.name} >= ${walked.text}.length`, leave, walked, at);
      context.set(value, code(`${walked.text}[${index.name}]`, walked, at));
      context.calculated.add(index);
      context.set(index, code(`${index.name} + 1`, at), true);
    };
    const natively = (leave: Step): void => {
      context.set(value, code(`${walked.text}.it.next()`, walked));
      leaveIf(`${value.name}.done`, leave, slotCode(value));
      context.set(value, code(`${value.name}.value`, slotCode(value)));
    };
    const called = (leave: Step): void => {
      const more = expressions.invocations.ofMethod(node, walked, 'step');
      leaveIf(`!${more.text}`, leave, more);
      context.set(value, code(`${walked.text}.value`, walked));
    };
    // A generator of movable code: its body is called from here, so that the loop's own experience with it counts.
    const directly = (leave: Step): void => {
      const given = [walked, code('0'), code('undefined')];
      const more = expressions.invocations.ofMethod(node, walked, 'body', given);
      const unless = code(
        `${more.text} !== true && !${gate}.took(${walked.text}, ${more.text})`,
        more,
        walked,
      );
      leaveIf(unless.text, leave, unless);
      context.set(value, code(`${walked.text}.value`, walked));
    };
    const ways = [byIndex, natively, called, directly];
    const advance = (leave: Step, from = 0): void => {
      const go = ways[from] as (leave: Step) => void;
      if (from === ways.length - 1) return go(leave);
      context.emit({
        kind: 'if',
        test: code(`${way.text} === ${from}`, way),
        taken: context.collect(() => go(leave)),
        otherwise: context.collect(() => advance(leave, from + 1)),
      });
    };
    const closes = code(`${way.text} > 1`, way);
    this.#closed({ node, names, counter, value, closes, advance }, (quietly) => {
      expressions.invocations.ofGate(node, quietly ? 'closeQuietly' : 'close', [walked]);
    });
  }

  #forAwait(node: Node, names: readonly (string | null)[], counter: Counter): void {
    const { context, expressions } = this.#statements;
    const right = expressions.value(child(node, 'right'));
    const name = code(JSON.stringify(spokenAsyncIterable(child(node, 'right'))));
    const walked = expressions.spill(expressions.invocations.ofGate(node, 'walkAsync', [right, name]));
    const value = context.temporary();
    const awaited = (given: Code): Code => {
      const slot = context.temporary();
      context.emit({ kind: 'await', site: context.site(node), slot, code: given, again: false });
      return slotCode(slot);
    };
    const advance = (leave: Step): void => {
      const depth = code(`${context.gate}.below(${depthMark})`);
      const result = awaited(expressions.invocations.ofMethod(node, walked, 'advance', [depth]));
      context.emit({
        kind: 'if',
        test: code(`!${walked.text}.took(${result.text})`, walked, result),
        taken: [leave],
        otherwise: [],
      });
      context.set(value, code(`${walked.text}.value`, walked));
    };
    this.#closed({ node, names, counter, value, closes: code('true'), advance }, (quietly) => {
      // Null where there is nothing to call, and so nothing to wait for.
      const made = expressions.spill(
        expressions.invocations.ofGate(node, quietly ? 'closeAsyncQuietly' : 'closeAsync', [walked]),
      );
      const wait = context.collect(() => {
        if (!quietly) {
          const result = awaited(made);
          context.plain(code(`${context.gate}.closed(${result.text});`, result));
          return;
        }
        const failed = context.temporary();
        const caught = context.temporary();
        const body = context.collect(() => void awaited(made));
        context.emit({ kind: 'try', body, flag: failed, caught });
      });
      context.emit({ kind: 'if', test: code(`${made.text} !== null`, made), taken: wait, otherwise: [] });
    });
  }

  /** A loop whose iterator is closed when it is left before its end. */
  #closed(
    loop: {
      readonly node: Node;
      readonly names: readonly (string | null)[];
      readonly counter: Counter;
      readonly value: Slot;
      /** Whether there is anything to close. */
      readonly closes: Code;
      advance(leave: Step): void;
    },
    close: (quietly: boolean) => void,
  ): void {
    const statements = this.#statements;
    const { context } = statements;
    const label = context.label('loop');
    const next = context.label('next');
    const round = context.label('round');
    const { node, names } = loop;
    const build = (): void => {
      statements.open(node);
      this.#loops.assignHead(child(node, 'left'), slotCode(loop.value));
      statements.jumps.block(next, () =>
        statements.jumps.inTarget(names, { breakLabel: null, continueLabel: next }, () =>
          statements.statement(child(node, 'body')),
        ),
      );
      // Where nothing left the body early, there is nothing to ask.
      context.emit({ kind: 'break', label: round });
    };
    const last = (completion: Slot): void => {
      const isError = code(`${completion.name} === 1`, slotCode(completion));
      const taken = context.collect(() =>
        context.emit({
          kind: 'if',
          test: isError,
          taken: context.collect(() => close(true)),
          otherwise: context.collect(() => close(false)),
        }),
      );
      const { closes } = loop;
      const test = code(`${completion.name} > 0 && ${closes.text}`, slotCode(completion), closes);
      context.emit({ kind: 'if', test, taken, otherwise: [] });
    };
    const body = context.collect(() => {
      this.#loops.tick(node, loop.counter);
      loop.advance({ kind: 'break', label });
      statements.jumps.block(round, () =>
        statements.jumps.inTarget(names, { breakLabel: label, continueLabel: null }, () =>
          statements.jumps.finalized(build, last),
        ),
      );
    });
    context.emit({ kind: 'loop', label, body, ends: false });
  }

  /** What a for-of walks. `map.entries()` and the like are walked in place, so that their position can move. */
  #walked(right: Node): Code {
    const { context, expressions } = this.#statements;
    const inner = unwrap(right);
    const callee = inner.type === 'CallExpression' ? unwrap(child(inner, 'callee')) : null;
    const name = callee?.type === 'MemberExpression' ? memberName(callee) : null;
    const isView = name === 'entries' || name === 'keys' || name === 'values';
    const object = callee !== null && isView ? unwrap(child(callee, 'object')) : null;
    const isGlobal =
      object === null || (object.type === 'Identifier' && context.module.scopes.globals.has(object));
    const isPlain = nodes(inner, 'arguments').length === 0 && callee?.['optional'] !== true;
    if (isGlobal || !isPlain || object.type === 'Super') {
      const name = spokenIterable(right);
      return expressions.invocations.ofGate(right, 'walk', [expressions.walked(right), ...nameText(name)]);
    }
    const held = expressions.spill(expressions.value(object));
    const walked = context.temporary();
    context.set(walked, code(`${context.gate}.view(${held.text}, '${name}')`, held));
    const taken = context.collect(() => {
      const views = expressions.invocations.ofMethod(right, held, name ?? '');
      context.set(walked, expressions.invocations.ofGate(right, 'walk', [views]));
    });
    context.emit({
      kind: 'if',
      test: code(`${walked.name} === null`, slotCode(walked)),
      taken,
      otherwise: [],
    });
    return slotCode(walked);
  }
}
