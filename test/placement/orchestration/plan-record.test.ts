import { expect, test } from 'vitest';
import { actorAddress } from '../../../src/core/ids.ts';
import { explain } from '../../../src/placement/explanation.ts';
import type { OrchestrationProblem } from '../../../src/placement/orchestration/contract.ts';
import { plan } from '../../../src/placement/orchestration/plan.ts';
import type { PlanRecord } from '../../../src/placement/orchestration/plan-record.ts';
import { recordOfMove, replayPlan } from '../../../src/placement/orchestration/plan-record.ts';
import { movable, problem, site } from './problems.ts';

function recorded(asked: OrchestrationProblem): PlanRecord {
  const made = plan(asked);
  const [move] = made.moves;
  if (move === undefined) throw new Error('The plan moves something.');
  const record = recordOfMove(asked, made, move);
  return {
    ...record,
    decider: actorAddress('cluster/orchestrator'),
    atWallMs: 0,
    subject: move.component,
  };
}

const sites = [site('s1'), site('s2'), site('s3', { sleeps: false })];
const full = ['a', 'b', 'c'].map((name) => movable(name, 's1', 2));

test('a stored record plans the same again', () => {
  const record = recorded(problem(sites, full));
  const stored = JSON.parse(JSON.stringify(record)) as PlanRecord;
  expect(stored).toEqual(record);
  const again = replayPlan(stored, stored.subject, { weights: null, without: [] });
  expect(again).toMatchObject({ from: 's1', to: record.chosen });
});

test('without the chosen site it goes elsewhere; with no weight on waiting it stays', () => {
  const record = recorded(problem(sites, full));
  expect(record.chosen).toBe('s3');
  expect(replayPlan(record, record.subject, { weights: null, without: ['s3'] })?.to).toBe('s2');
  expect(replayPlan(record, record.subject, { weights: null, without: ['s2', 's3'] })).toBeNull();
  const blind = { latency: 0, cost: 0, energy: 0, churn: 1 };
  expect(replayPlan(record, record.subject, { weights: blind, without: [] })).toBeNull();
});

test('a record is explained with its reason, its numbers and what lost', () => {
  const text = explain(recorded(problem(sites, full))).join('\n');
  expect(text).toContain('from s1 to s3');
  expect(text).toContain('s1 is likely to be overloaded: without it, 100 % less');
  expect(text).toContain('s2: points gained by going there');
  expect(text).toContain('points less');
});

test('the record of a large round keeps what was compared, and says what it left out', () => {
  const many = Array.from({ length: 200 }, (_, at) => site(`t${at}`));
  const others = many.map(({ id }) => movable(`x${id}`, id, 3.5));
  const record = recorded(
    problem([...sites, ...many], [...full, ...others], { policy: { consolidates: false } }),
  );
  expect(record.inputs.sites.length).toBeLessThanOrEqual(5);
  expect(record.leftOut.text).toContain('of 203 components and');
  expect(replayPlan(record, record.subject, { weights: null, without: [] })?.to).toBe(record.chosen);
});
