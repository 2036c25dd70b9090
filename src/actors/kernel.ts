export * from './kernel/contract.ts';
export * from './kernel/errors.ts';
export * from './kernel/exit-reason.ts';
