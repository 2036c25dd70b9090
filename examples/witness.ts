import type { EffectContext } from 'godwit';
import { tellWitness } from 'godwit/testing';

/**
 * What the examples do in an effect now and then, so that somebody outside the cluster sees each execution go on.
 *
 * @param address `host:port` of a witness
 * @param iteration counts this execution's acts, from 1
 */
export function act(address: string, iteration: number, context: EffectContext): Promise<void> {
  const { execution, fence, epoch, sequence } = context;
  return tellWitness(address, { execution, generation: fence, epoch, sequence, iteration });
}
