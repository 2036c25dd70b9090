export { defaultOptions, sabotages } from './contract.ts';
export type { Observation, Reason, Sabotage, Verdict, VerdictKind, VerifyOptions } from './contract.ts';
export { describe, firstDifference } from './describe.ts';
export type { Description } from './describe.ts';
export { NodeVersionError, RunFailedError, SnapshotFileError } from './errors.ts';
export { resumeSnapshot, type Resumed } from './resume.ts';
export { verifyFile } from './verify-file.ts';
