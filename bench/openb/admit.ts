import type { Cluster, RequestClass } from './cluster.ts';
import type { Admission } from './policies.ts';

/** How far a request that fits nowhere may be helped in. */
export type MakeRoom = (pod: number, request: RequestClass) => number | null;

export interface AdmissionReport {
  /** Per cent of the cluster's GPUs allocated, by whole per cent of its GPUs that have been asked for. */
  readonly allocated: ReadonlyMap<number, number>;
  readonly admitted: number;
  readonly refused: number;
  readonly moves: number;
  /** Admissions that took moves. */
  readonly helped: number;
}

/**
 * Admits arrivals one by one; who fits nowhere, moves included, is refused for good. As in the published simulation, the
 * share at a demand is the mean over the arrivals at which the demand, rounded, was that one.
 *
 * @param makeRoom admits a request that fits nowhere, and says by how many moves; null if it cannot
 */
export function admitAll(
  cluster: Cluster,
  stream: readonly RequestClass[],
  admission: Admission,
  makeRoom: MakeRoom,
): AdmissionReport {
  const sums = new Map<number, { sum: number; count: number }>();
  const report = { admitted: 0, refused: 0, moves: 0, helped: 0 };
  let askedMilli = 0;
  for (const [pod, request] of stream.entries()) {
    askedMilli += request.gpus * request.gpuMilli;
    const seat = admission.choose(request);
    if (seat !== null) {
      cluster.place(pod, request, seat);
      cluster.commit();
      report.admitted += 1;
    } else {
      const moves = makeRoom(pod, request);
      if (moves === null) report.refused += 1;
      else {
        report.admitted += 1;
        report.helped += 1;
        report.moves += moves;
      }
    }
    const demand = Math.round((100 * askedMilli) / cluster.capacityMilli);
    const entry = sums.get(demand) ?? { sum: 0, count: 0 };
    entry.sum += (100 * cluster.allocatedMilli) / cluster.capacityMilli;
    entry.count += 1;
    sums.set(demand, entry);
  }
  const allocated = new Map([...sums].map(([demand, { sum, count }]) => [demand, sum / count]));
  return { allocated, ...report };
}

/** Nobody is moved. */
export const noRoom: MakeRoom = () => null;
