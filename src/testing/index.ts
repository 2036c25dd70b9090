export { tellWitness } from './witness-client.ts';
export { accountOf } from './witness-account.ts';
export {
  judge,
  type Account,
  type Expectation,
  type Fault,
  type Loss,
  type Recovery,
  type Verdict,
} from './witness-verdict.ts';
export { parseWitnessLog, type Act, type LoggedAct } from './witness-log.ts';
export { startWitness, type Witness } from './witness.ts';
export { startRealCluster } from './local/start.ts';
export type { RealCluster, RealClusterOptions } from './local/real-cluster.ts';
export type { LinkRule } from './local/link-rules.ts';
