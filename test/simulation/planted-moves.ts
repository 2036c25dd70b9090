import type { OwnershipEvent, OwnershipState } from '../../src/protocols/ownership/ownership.ts';
import type { PlantedFault } from './planted-fault.ts';

/*
 * Moves, each with one rule broken on purpose, beside those of planted-faults.ts.
 */

/** Rule 8: the end of an earlier move drops whatever copy of the execution stands here by then. */
const droppedAtHome: PlantedFault = {
  rule: 8,
  breaks: ['neverNone', 'onceInOrder', 'checkpointed'],
  seeds: 50,
  ownership: (sound) => (state, event) => {
    const step = sound(state, event);
    const isHome =
      state.phase === 'claiming' && state.copy.kind === 'received' && step.state.phase === 'running';
    // Every execution of these runs that comes to its third epoch by moves alone was here, or will be, before.
    if (!isHome || step.state.phase !== 'running' || step.state.tenure.epoch % 3 !== 0) return step;
    return { ...step, effects: [...step.effects, { kind: 'discard' }] };
  },
};

/** Rule 9: the kept copy counts for as long as the new owner has it, whatever checkpoint that has made. */
const eternalCopy: PlantedFault = {
  rule: 9,
  breaks: ['checkpointed', 'onceInOrder', 'neverTwo'],
  seeds: 200,
  ownership: (sound) => (state, event) =>
    sound(state, isOfKeptCopy(state) ? withoutCheckpoint(event) : event),
};

function isOfKeptCopy(state: OwnershipState): boolean {
  if (state.phase === 'retained') return true;
  return state.phase === 'claiming' && state.claim.kind === 'recovery' && state.copy.kind === 'own';
}

function withoutCheckpoint(event: OwnershipEvent): OwnershipEvent {
  if (event.kind !== 'found' || event.row === null) return event;
  const { vaultKey } = event.row.recovery;
  return { ...event, row: { ...event.row, recovery: { kind: 'arguments', vaultKey } } };
}

/** Rule 15: a migration's word drops a copy that runs. */
const wordOfMigration: PlantedFault = {
  rule: 15,
  breaks: ['neverNone', 'onceInOrder', 'checkpointed'],
  seeds: 400,
  ownership: (sound) => (state, event) => {
    const step = sound(state, event);
    const isLate =
      state.phase === 'running' &&
      event.kind === 'asked' &&
      (event.ask.kind === 'unfreeze' || event.ask.kind === 'confirmHandOver' || event.ask.kind === 'drop');
    return isLate ? { ...step, effects: [...step.effects, { kind: 'discard' }] } : step;
  },
};

export const plantedMoves: Readonly<Record<string, PlantedFault>> = {
  'the end of an earlier move that drops the copy that came home': droppedAtHome,
  'a kept copy that outlives the checkpoint of the new owner': eternalCopy,
  'a migration that drops a copy that runs': wordOfMigration,
};
