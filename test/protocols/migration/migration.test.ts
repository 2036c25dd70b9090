import { expect, test } from 'vitest';
import { epoch } from '../../../src/core/ids.ts';
import type { MigrationMessage } from '../../../src/protocols/migration/messages.ts';
import {
  answerAsUnknownSource,
  beginSource,
  sourceStepOf,
  stepSource,
} from '../../../src/protocols/migration/source-step.ts';
import type { SourceEvent, SourceState } from '../../../src/protocols/migration/source.ts';
import {
  answerAsUnknownTarget,
  beginTarget,
  stepTarget,
  targetStepOf,
} from '../../../src/protocols/migration/target-step.ts';
import type { TargetEvent, TargetState } from '../../../src/protocols/migration/target.ts';
import { cargo, d1, m1 } from '../ownership/fixtures.ts';
import { described, documentedRows, rowOf } from '../transition-table.ts';
import { passage, source, target } from './fixtures.ts';
import { sourceRows } from './source-transitions.ts';
import { targetRows } from './target-transitions.ts';

test.each(sourceRows)('source, $from: $on', ({ state, event, to, effects }) => {
  const stepped = stepSource(state, event);
  expect([stepped.state.phase, described(stepped.effects)]).toEqual([to, effects]);
});

test.each(targetRows)('target, $from: $on', ({ state, event, to, effects }) => {
  const stepped = stepTarget(state, event);
  expect([stepped.state.phase, described(stepped.effects)]).toEqual([to, effects]);
});

test('the tables are what the document says', () => {
  expect(documentedRows('migration', 'The source')).toEqual(sourceRows.map(rowOf));
  expect(documentedRows('migration', 'The target')).toEqual(targetRows.map(rowOf));
});

test('every change of phase is saved before anything is sent or asked', () => {
  for (const { state, event, on } of sourceRows) {
    const stepped = stepSource(state, event);
    if (stepped.state.phase !== state.phase) expect(stepped.effects[0]?.kind, on).toBe('save');
  }
  for (const { state, event, on } of targetRows) {
    const stepped = stepTarget(state, event);
    if (stepped.state.phase !== state.phase) expect(stepped.effects[0]?.kind, on).toBe('save');
  }
});

/** One line per event at either end: who, what came, what was done. */
function transcript(
  script: readonly (readonly ['source', SourceEvent] | readonly ['target', TargetEvent])[],
): string[] {
  const begun = beginSource(passage, cargo, 2);
  const welcomed = beginTarget({ kind: 'prepare', passage, cargo });
  let sourceState: SourceState = begun.state;
  let targetState: TargetState = welcomed.state;
  const lines = [
    `source begins -> ${sourceState.phase}: ${described(begun.effects)}`,
    `target begins -> ${targetState.phase}: ${described(welcomed.effects)}`,
  ];
  for (const [end, event] of script) {
    const came =
      event.kind === 'received'
        ? event.message.kind
        : event.kind === 'answered'
          ? event.answer.kind
          : event.kind;
    if (end === 'source') {
      const stepped = stepSource(sourceState, event);
      sourceState = stepped.state;
      lines.push(`source ${came} -> ${sourceState.phase}: ${described(stepped.effects)}`);
    } else {
      const stepped = stepTarget(targetState, event);
      targetState = stepped.state;
      lines.push(`target ${came} -> ${targetState.phase}: ${described(stepped.effects)}`);
    }
  }
  return lines;
}

test('a move that meets no trouble', () => {
  expect(
    transcript([
      ['target', { kind: 'admitted' }],
      ['source', { kind: 'received', message: { kind: 'prepared', passage } }],
      ['source', { kind: 'answered', answer: { kind: 'frozen', digest: d1, sizeBytes: 100 } }],
      ['target', { kind: 'received', message: { kind: 'transfer', passage, digest: d1, sizeBytes: 100 } }],
      ['target', { kind: 'fetched', digest: d1 }],
      ['target', { kind: 'answered', answer: { kind: 'received', digest: d1 } }],
      ['source', { kind: 'received', message: { kind: 'transferred', passage, digest: d1 } }],
      ['source', { kind: 'answered', answer: { kind: 'released' } }],
      ['target', { kind: 'received', message: { kind: 'resume', passage, digest: d1 } }],
      ['target', { kind: 'answered', answer: { kind: 'claimed', epoch: epoch(2) } }],
      ['source', { kind: 'received', message: { kind: 'resumed', passage, epoch: epoch(2) } }],
      [
        'source',
        {
          kind: 'answered',
          answer: { kind: 'handedOver', pointer: { owner: passage.target, epoch: epoch(2) } },
        },
      ],
      ['target', { kind: 'received', message: { kind: 'commit', passage } }],
      ['source', { kind: 'received', message: { kind: 'committed', passage } }],
    ]),
  ).toEqual([
    'source begins -> preparing: save, send prepare, start prepare timer',
    'target begins -> admitting: save, admit',
    'target admitted -> prepared: save, send prepared, start reservation timer',
    'source prepared -> freezing: save, ask freeze',
    'source frozen -> transferring: save, send transfer, start transfer timer',
    'target transfer -> fetching: save, fetch',
    'target fetched -> rebuilding: save, ask receive',
    'target received -> transferred: save, send transferred, start reservation timer',
    'source transferred -> releasing: save, ask release',
    'source released -> resuming: save, send resume, start resume timer',
    'target resume -> claiming: save, ask claim',
    'target claimed -> resumed: save, release reservation, send resumed, start commit timer',
    'source resumed -> confirming: save, ask confirm hand over',
    'source handedOver -> committing: save, send commit, start commit timer',
    'target commit -> done: save, send committed, release reservation, finish owner',
    'source committed -> done: save, finish moved',
  ]);
});

test('each phase belongs to the step that its row of the design names', () => {
  const steps = (['preparing', 'transferring', 'resuming', 'committing'] as const).map((phase) =>
    sourceStepOf(source[phase]),
  );
  expect(steps).toEqual(['prepare', 'transfer', 'resume', 'commit']);
  expect([target.prepared, target.transferred, target.claiming, target.resumed].map(targetStepOf)).toEqual([
    'prepare',
    'transfer',
    'resume',
    'commit',
  ]);
});

test('whoever does not know a migration answers so that nobody waits', () => {
  const reason = 'x';
  const messages: readonly MigrationMessage[] = [
    { kind: 'transfer', passage, digest: d1, sizeBytes: 1 },
    { kind: 'resume', passage, digest: d1 },
    { kind: 'commit', passage },
    { kind: 'cancel', passage, reason },
  ];
  const answers = messages.map((message) => answerAsUnknownTarget(message as never)?.kind ?? null);
  expect(answers).toEqual(['transferFailed', 'declined', 'committed', null]);
  expect(answerAsUnknownSource({ kind: 'resumed', passage, epoch: epoch(2) })).toEqual({
    kind: 'commit',
    passage,
  });
  expect(answerAsUnknownSource({ kind: 'transferred', passage, digest: d1 })?.kind).toBe('cancel');
  expect(answerAsUnknownSource({ kind: 'committed', passage })).toBeNull();
  expect(passage.migration).toBe(m1);
});
