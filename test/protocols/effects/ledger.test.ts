import { expect, test } from 'vitest';
import { epoch, executionId, generation, incarnationId } from '../../../src/core/ids.ts';
import type { EffectsEvent } from '../../../src/protocols/effects/ledger.ts';
import { beginEffects, EffectLedger } from '../../../src/protocols/effects/ledger.ts';

// Promise 5 of docs/semantics.md.

const here = incarnationId('h1.1');
const there = incarnationId('h2.1');

function tenure(generationNumber: number, epochNumber = generationNumber) {
  return {
    execution: executionId('x-1'),
    epoch: epoch(epochNumber),
    generation: generation(generationNumber),
  };
}

function called(name: string, again: number | null = null): EffectsEvent {
  return { kind: 'called', name, hash: `#${name}`, again };
}

/** As the execution would find it in another process, or here once more. */
function moved(ledger: EffectLedger, to = there): EffectLedger {
  return new EffectLedger(structuredClone(ledger.capture()), to);
}

function told(ledger: EffectLedger, ...events: readonly EffectsEvent[]): readonly string[] {
  return events.map((event) =>
    ledger
      .step(event)
      .map(({ kind, sequence }) => `${kind} ${sequence}`)
      .join(', '),
  );
}

function begun(durable: boolean): EffectLedger {
  return new EffectLedger(beginEffects(tenure(1), durable), here);
}

test('an effect starts where it is called, and settles once', () => {
  const ledger = begun(false);
  expect(
    told(
      ledger,
      called('a'),
      called('b'),
      { kind: 'ended', sequence: 1, generation: 1 },
      { kind: 'ended', sequence: 1, generation: 1 },
      { kind: 'ended', sequence: 2, generation: 7 },
    ),
  ).toEqual(['start 1', 'start 2', 'settle 1', '', '']);
  expect([...ledger.pending()].map(({ sequence, stand }) => [sequence, stand.kind])).toEqual([
    [2, 'running'],
  ]);
});

test('a move leaves a started effect where it is; its outcome follows', () => {
  const ledger = begun(false);
  told(ledger, called('a'));
  const target = moved(ledger);
  expect(
    told(
      target,
      { kind: 'claimed', tenure: tenure(1, 2), fromSnapshot: true },
      { kind: 'incarnationEnded', incarnation: there },
      { kind: 'ended', sequence: 1, generation: 1 },
    ),
  ).toEqual(['', '', 'settle 1']);
});

test('at the end of the lease where it runs it is called again, under the same key, once', () => {
  const ledger = begun(false);
  told(ledger, called('a'));
  const target = moved(ledger);
  const key = target.keyOf([...target.pending()][0]!);
  expect(
    told(
      target,
      { kind: 'incarnationEnded', incarnation: here },
      { kind: 'incarnationEnded', incarnation: here },
      { kind: 'claimed', tenure: tenure(2), fromSnapshot: true },
      called('a', 1),
    ),
  ).toEqual(['restart 1', '', '', 'start 1']);
  expect([...target.pending()].map((effect) => target.keyOf(effect))).toEqual([key]);
});

test('when the lane where it runs is gone it is called again, if that is still where it runs', () => {
  const ledger = begun(false);
  told(ledger, called('a'));
  const target = moved(ledger);
  const lost = { kind: 'outcomeLost', incarnation: here, sequence: 1 } as const;
  expect(
    told(
      target,
      { ...lost, life: generation(2) },
      { ...lost, incarnation: there, life: generation(1) },
      { ...lost, sequence: 2, life: generation(1) },
      { ...lost, life: generation(1) },
      { ...lost, life: generation(1) },
      called('a', 1),
      { ...lost, life: generation(1) },
    ),
  ).toEqual(['', '', '', 'restart 1', '', 'start 1', '']);
});

test('nobody who could call it again: it is abandoned, and its late outcome is dropped', () => {
  const ledger = moved(begun(false), here);
  told(ledger, called('a'));
  expect(
    told(
      ledger,
      { kind: 'incarnationEnded', incarnation: here },
      { kind: 'abandoned', sequence: 1 },
      { kind: 'ended', sequence: 1, generation: 1 },
    ),
  ).toEqual(['restart 1', '', '']);
});

test('a rewind calls again whatever an earlier life has started', () => {
  const ledger = begun(false);
  told(ledger, called('a'));
  const recovered = moved(ledger, here);
  expect(told(recovered, { kind: 'claimed', tenure: tenure(2), fromSnapshot: true })).toEqual(['restart 1']);
});

test('an effect of a durable execution starts once a checkpoint that holds it is durable', () => {
  const ledger = begun(true);
  expect(
    told(
      ledger,
      called('a'),
      called('b'),
      { kind: 'covered', upTo: 1 },
      { kind: 'covered', upTo: 1 },
      { kind: 'covered', upTo: 2 },
    ),
  ).toEqual(['record 1', 'record 2', 'start 1', '', 'start 2']);
});

test('numbers of durable effects are their keys, those of others only within a generation', () => {
  const keys = [true, false].map((durable) => {
    const ledger = new EffectLedger(beginEffects(tenure(3), durable), here);
    told(ledger, { kind: 'numbered' }, called('a'));
    return ledger.keyOf(ledger.get(2)!);
  });
  expect(keys).toEqual(['x-1:2', 'x-1:3:2']);
});

test('what was to be recorded when it moved is recorded by the new owner before it starts', () => {
  const ledger = begun(true);
  told(ledger, called('a'));
  const target = moved(ledger);
  expect(
    told(target, { kind: 'claimed', tenure: tenure(1, 2), fromSnapshot: true }, called('a', 1), {
      kind: 'covered',
      upTo: 1,
    }),
  ).toEqual(['restart 1', 'record 1', 'start 1']);
});

test('what a recovery finds in its snapshot stands in a durable checkpoint', () => {
  const ledger = begun(true);
  told(ledger, called('a'));
  const recovered = moved(ledger);
  expect(told(recovered, { kind: 'claimed', tenure: tenure(2), fromSnapshot: true }, called('a', 1))).toEqual(
    ['restart 1', 'start 1'],
  );
});

test('a kept copy that goes on is no durable checkpoint: what it was to record, it still has to', () => {
  const ledger = begun(true);
  expect(
    told(
      ledger,
      called('a'),
      { kind: 'claimed', tenure: tenure(2), fromSnapshot: false },
      { kind: 'covered', upTo: 1 },
    ),
  ).toEqual(['record 1', '', 'start 1']);
});

test('one that is called again with other arguments is refused: it is another effect', () => {
  const ledger = begun(true);
  told(ledger, called('a'), { kind: 'covered', upTo: 1 });
  expect(
    told(ledger, { kind: 'incarnationEnded', incarnation: here }, called('b', 1), {
      kind: 'ended',
      sequence: 1,
      generation: 1,
    }),
  ).toEqual(['restart 1', 'refuse 1', '']);
});
