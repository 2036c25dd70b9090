export { tellWitness } from './witness-client.ts';
export { judge, type Expectation, type Fault, type Recovery, type Verdict } from './witness-verdict.ts';
export { parseWitnessLog, type Act, type LoggedAct } from './witness-log.ts';
export { startWitness, type Witness } from './witness.ts';
