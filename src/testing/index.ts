export {
  type ClusterTest,
  type DrawnFaults,
  type HostSettings,
  testCluster,
  type TestClusterOptions,
} from './simulated/index.ts';
export { delay, outside } from './simulated/scope.ts';
export type { ClusterFault, FaultKind, FaultTime } from './simulated/cluster-faults.ts';
export type { EffectCall } from './simulated/effect-calls.ts';
export type {
  EndFault,
  TestCluster,
  TestExecution,
  TestHost,
  TestStanding,
  TestStartOptions,
} from './simulated/contract.ts';
export {
  EffectHangsError,
  NotInTimeError,
  PromiseBrokenError,
  TestOptionsError,
} from './simulated/errors.ts';
export { NoMethodError } from './simulated/test-methods.ts';
export { tellWitness } from './witness-client.ts';
export { accountOf } from './witness-account.ts';
export {
  judge,
  type Account,
  type Expectation,
  type Fault,
  type Ownership,
  type Recovery,
  type Verdict,
} from './witness-verdict.ts';
export { parseWitnessLog, type Act, type LoggedAct } from './witness-log.ts';
export { startWitness, type Witness } from './witness.ts';
export { startRealCluster } from './local/start.ts';
export type { RealCluster } from './local/real-cluster.ts';
export type { RealClusterOptions } from './local/real-cluster-options.ts';
export type { LinkRule } from './local/link-rules.ts';
