import type { Nonce } from '../../core/ids.ts';
import {
  absent,
  answer,
  claimWith,
  common,
  enter,
  handOver,
  pointerTo,
  recoverOwn,
  stay,
} from './claiming.ts';
import type {
  OwnershipAsk,
  OwnershipEffect,
  OwnershipEvent,
  OwnershipState,
  OwnershipStep,
} from './ownership.ts';
import { refusal } from './refusing.ts';
import { changeToken, judgeChange } from './register.ts';
import type { OwnerChange, RegisterRow, ResultPointer } from './register.ts';

type In<Phase extends OwnershipState['phase']> = Extract<OwnershipState, { phase: Phase }>;
type Writing = In<'running'> | In<'settling'>;

export function stepRestoring(state: In<'restoring'>, event: OwnershipEvent): OwnershipStep {
  const { tenure, point } = state;
  switch (event.kind) {
    case 'restored':
      if (!isOf(state, event.tenure)) return stay(state);
      return enter(
        { ...common(state), phase: 'running', tenure, arrival: null, change: null },
        // What it was loaded from is still its recovery point: nobody waits for another one.
        { kind: 'run', tenure },
      );
    case 'restoreFailed':
      return isOf(state, event.tenure) ? stay(state, { kind: 'retryLater' }) : stay(state);
    case 'storeFailed':
      return stay(state, { kind: 'retryLater' });
    case 'retryDue':
    case 'restarted':
      return stay(state, { kind: 'load', tenure, point });
    case 'copyLost':
      // A death like any other: it may be what its lane died of, before it ran.
      return recoverOwn(state, tenure, event.nonce, null);
    case 'asked':
      return refuse(state, event.ask);
    default:
      return stay(state);
  }
}

export function stepRunning(state: In<'running'>, event: OwnershipEvent): OwnershipStep {
  const { tenure } = state;
  switch (event.kind) {
    case 'asked':
      return askedRunning(state, event.ask, event.nonce);
    case 'checkpointStored':
      if (!isOf(state, event.tenure)) return stay(state, changed(checkpointOf(event), 'fenced'));
      return enter(
        { ...state, change: checkpointOf(event) },
        ...superseded(state),
        firstTry(state, checkpointOf(event), event.seen),
      );
    case 'proven':
      // Whatever is being written comes first: it is told again.
      if (!isOf(state, event.tenure) || state.change !== null) return stay(state);
      return enter({ ...state, change: { kind: 'prove' } }, { kind: 'read' });
    case 'resultStored':
      return isOf(state, event.tenure) ? settle(state, event.result) : stay(state);
    case 'captured':
      // A freeze was called off while the lane captured: let it run on.
      return stay(state, { kind: 'run', tenure });
    case 'copyLost':
      return recoverOwn(state, tenure, event.nonce, null, ...superseded(state));
    case 'restarted':
      return stay(
        state,
        { kind: 'run', tenure },
        ...(state.change === null ? [] : [{ kind: 'read' } as const]),
      );
    default:
      return stepWriting(state, event, state.change);
  }
}

function checkpointOf({ point, proven }: Extract<OwnershipEvent, { kind: 'checkpointStored' }>): OwnerChange {
  return { kind: 'checkpoint', point, proven };
}

/**
 * What was seen last is written over at once: if it is outdated, that is refused, and a read decides. Anything else that it may
 * say (that this host is fenced, above all) is believed of a linearizable read alone (rule 7).
 */
function firstTry(
  state: In<'running'>,
  change: OwnerChange,
  seen: { readonly row: RegisterRow; readonly revision: number } | null,
): OwnershipEffect {
  if (seen === null) return { kind: 'read' };
  const verdict = judgeChange(seen.row, state.self, state.tenure, change);
  if (verdict.kind !== 'write') return { kind: 'read' };
  return {
    kind: 'swap',
    token: changeToken(change),
    expectedRevision: seen.revision,
    row: verdict.row,
  };
}

export function stepSettling(state: In<'settling'>, event: OwnershipEvent): OwnershipStep {
  switch (event.kind) {
    case 'asked':
      return refuse(state, event.ask);
    case 'restarted':
      return stay(state, { kind: 'read' });
    default:
      return stepWriting(state, event, { kind: 'settle', result: state.result });
  }
}

/** Carries the owner's change into the register; every attempt is checked against the register as it is then. */
function stepWriting(state: Writing, event: OwnershipEvent, change: OwnerChange | null): OwnershipStep {
  switch (event.kind) {
    case 'found':
      return change === null ? checkOwner(state, event.row) : write(state, event.row, event.revision, change);
    case 'swapped':
      return change !== null && event.token === changeToken(change) ? written(state, change) : stay(state);
    case 'swapRefused':
      return change !== null && event.token === changeToken(change)
        ? stay(state, { kind: 'read' })
        : stay(state);
    case 'storeFailed':
      return change === null ? stay(state) : stay(state, { kind: 'retryLater' });
    case 'retryDue':
      return change === null ? stay(state) : stay(state, { kind: 'read' });
    default:
      return stay(state);
  }
}

function write(
  state: Writing,
  row: RegisterRow | null,
  revision: number,
  change: OwnerChange,
): OwnershipStep {
  const verdict = judgeChange(row, state.self, state.tenure, change);
  switch (verdict.kind) {
    case 'write':
      return stay(state, {
        kind: 'swap',
        token: changeToken(change),
        expectedRevision: revision,
        row: verdict.row,
      });
    case 'done':
      return written(state, change);
    case 'fenced':
      return fenced(state, verdict.row, changed(change, 'fenced'));
    case 'stale':
      return stay(state, { kind: 'retryLater' });
  }
}

function written(state: Writing, change: OwnerChange): OwnershipStep {
  if (state.phase === 'running') return enter({ ...state, change: null }, changed(change, 'done'));
  return enter(
    { ...common(state), phase: 'settled', result: state.result },
    { kind: 'discard' },
    changed(change, 'done'),
  );
}

function checkOwner(state: Writing, row: RegisterRow | null): OwnershipStep {
  const fencedOut = row === null || row.epoch > state.tenure.epoch;
  return fencedOut ? fenced(state, row) : stay(state);
}

function fenced(
  state: OwnershipState,
  row: RegisterRow | null,
  ...effects: OwnershipEffect[]
): OwnershipStep {
  return enter(absent(state, pointerTo(row)), { kind: 'discard' }, ...effects);
}

function askedRunning(state: In<'running'>, ask: OwnershipAsk, request: Nonce): OwnershipStep {
  const { tenure, arrival } = state;
  const { migration } = ask;
  switch (ask.kind) {
    case 'freeze':
      if (ask.epoch !== tenure.epoch) {
        const reason = `it is at epoch ${tenure.epoch}, the migration is for epoch ${ask.epoch}`;
        return stay(state, answer(migration, { kind: 'gone', reason }));
      }
      return enter(
        { ...common(state), phase: 'freezing', tenure, migration, request },
        ...superseded(state),
        { kind: 'freeze', tenure, request },
      );
    case 'unfreeze':
    case 'confirmHandOver':
      return stay(state, answer(migration, { kind: 'unfrozen', epoch: tenure.epoch }));
    case 'claim':
    case 'drop':
      return arrival === migration
        ? stay(state, answer(migration, { kind: 'claimed', epoch: tenure.epoch }))
        : refuse(state, ask);
    default:
      return refuse(state, ask);
  }
}

export function stepFreezing(state: In<'freezing'>, event: OwnershipEvent): OwnershipStep {
  const { tenure, migration, request } = state;
  switch (event.kind) {
    case 'captured':
      // A late capture is of a state that has been left: what ran since then would be done again.
      if (event.request !== request) return stay(state);
      return enter(
        {
          ...common(state),
          phase: 'frozen',
          tenure,
          migration,
          digest: event.digest,
          sizeBytes: event.sizeBytes,
        },
        answer(migration, { kind: 'frozen', digest: event.digest, sizeBytes: event.sizeBytes }),
      );
    case 'capturePinned':
      if (event.request !== request) return stay(state);
      return enter(backToRunning(state), answer(migration, { kind: 'pinned', reason: event.reason }));
    case 'resultStored':
      return isOf(state, event.tenure)
        ? settle(state, event.result, answer(migration, { kind: 'gone', reason: 'it has ended' }))
        : stay(state);
    case 'asked':
      if (event.ask.migration === migration && event.ask.kind === 'freeze') {
        return stay(state, { kind: 'freeze', tenure, request });
      }
      return askedToUnfreeze(state, event.ask) ?? refuse(state, event.ask);
    case 'migrationFailed':
      return event.migration === migration ? runOn(state) : stay(state);
    case 'copyLost':
      return lostFrozen(state, event.nonce);
    case 'restarted':
      return stay(state, { kind: 'freeze', tenure, request });
    default:
      return stay(state);
  }
}

/** Rule 6, first half: before `release`, the source may unfreeze freely. */
export function stepFrozen(state: In<'frozen'>, event: OwnershipEvent): OwnershipStep {
  const { tenure, migration, digest, sizeBytes } = state;
  switch (event.kind) {
    case 'asked': {
      const { ask } = event;
      if (ask.migration === migration && ask.kind === 'freeze') {
        return stay(state, answer(migration, { kind: 'frozen', digest, sizeBytes }));
      }
      if (ask.migration === migration && ask.kind === 'release' && ask.digest === digest) {
        return enter(
          { ...common(state), phase: 'released', tenure, migration, digest },
          answer(migration, { kind: 'released' }),
        );
      }
      return askedToUnfreeze(state, ask) ?? refuse(state, ask);
    }
    case 'migrationFailed':
      return event.migration === migration ? runOn(state) : stay(state);
    case 'copyLost':
      return lostFrozen(state, event.nonce);
    default:
      return stay(state);
  }
}

/** Rule 6, second half: after `release`, the source runs only after winning its own claim. */
export function stepReleased(state: In<'released'>, event: OwnershipEvent): OwnershipStep {
  const { tenure, migration } = state;
  switch (event.kind) {
    case 'asked':
      if (event.ask.migration !== migration) return refuse(state, event.ask);
      return askedReleased(state, event.ask, event.nonce);
    case 'migrationFailed':
      return event.migration === migration ? takeBack(state, event.nonce) : stay(state);
    case 'found':
      return event.row !== null && event.row.epoch <= tenure.epoch
        ? stay(state, answer(migration, { kind: 'released' }))
        : handOver(state, tenure, event.row, migration);
    case 'storeFailed':
      return stay(state, answer(migration, { kind: 'released' }));
    case 'copyLost':
      return recoverOwn(state, tenure, event.nonce, migration);
    default:
      return stay(state);
  }
}

function askedReleased(state: In<'released'>, ask: OwnershipAsk, fresh: Nonce): OwnershipStep {
  switch (ask.kind) {
    case 'release':
      return ask.digest === state.digest
        ? stay(state, answer(state.migration, { kind: 'released' }))
        : refuse(state, ask);
    case 'unfreeze':
      return takeBack(state, fresh);
    case 'confirmHandOver':
      return stay(state, { kind: 'read' });
    default:
      return refuse(state, ask);
  }
}

function takeBack(state: In<'released'>, fresh: Nonce): OwnershipStep {
  const { tenure, self, migration } = state;
  return claimWith(
    state,
    { kind: 'takeBack', nonce: fresh, owner: self, epoch: tenure.epoch, generation: tenure.generation },
    { kind: 'own', tenure },
    migration,
  );
}

type Stopping = In<'freezing'> | In<'frozen'>;

function askedToUnfreeze(state: Stopping, ask: OwnershipAsk): OwnershipStep | null {
  if (ask.kind !== 'unfreeze' || ask.migration !== state.migration) return null;
  return runOn(state, answer(state.migration, { kind: 'unfrozen', epoch: state.tenure.epoch }));
}

function runOn(state: Stopping, ...effects: OwnershipEffect[]): OwnershipStep {
  return enter(backToRunning(state), { kind: 'run', tenure: state.tenure }, ...effects);
}

function backToRunning(state: Stopping): OwnershipState {
  return { ...common(state), phase: 'running', tenure: state.tenure, arrival: null, change: null };
}

function lostFrozen(state: Stopping, fresh: Nonce): OwnershipStep {
  const told = answer(state.migration, {
    kind: 'gone',
    reason: 'its lane died; it recovers from its checkpoint',
  });
  return recoverOwn(state, state.tenure, fresh, null, told);
}

function settle(
  state: In<'running'> | In<'freezing'>,
  result: ResultPointer,
  ...effects: OwnershipEffect[]
): OwnershipStep {
  return enter(
    { ...common(state), phase: 'settling', tenure: state.tenure, result },
    ...(state.phase === 'running' ? superseded(state) : []),
    ...effects,
    { kind: 'read' },
  );
}

function refuse(state: OwnershipState, ask: OwnershipAsk): OwnershipStep {
  return stay(state, answer(ask.migration, refusal(state, ask)));
}

function changed(change: OwnerChange, outcome: 'done' | 'fenced' | 'superseded'): OwnershipEffect {
  return { kind: 'changed', change, outcome };
}

function superseded(state: In<'running'>): OwnershipEffect[] {
  return state.change === null ? [] : [changed(state.change, 'superseded')];
}

function isOf(state: { readonly tenure: In<'running'>['tenure'] }, tenure: In<'running'>['tenure']): boolean {
  return state.tenure.epoch === tenure.epoch && state.tenure.generation === tenure.generation;
}
