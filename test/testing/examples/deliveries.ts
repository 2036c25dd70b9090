'use movable';

import { effect, sleep } from 'godwit';
import { tellWitness } from 'godwit/testing';

/** Delivers parcel after parcel, and says how many it has delivered. */
export async function deliver(witness: string, parcels: number): Promise<number> {
  let delivered = 0;
  for (let parcel = 1; parcel <= parcels; parcel += 1) {
    await sleep(10);
    await effect('deliver', {}, async ({ execution, fence, epoch, sequence }) => {
      // Here your own effect would be; the witness keeps the account of it.
      await tellWitness(witness, { execution, generation: fence, epoch, sequence, iteration: parcel });
    });
    delivered += 1;
  }
  return delivered;
}
