import type { Command } from 'commander';
import { address } from '../actors/addresses.ts';
import type { Cluster } from '../cluster.ts';
import { NotFoundError, RefusedError } from '../cluster.ts';
import { resourceNames } from '../core/resources.ts';
import type { OrchestrationProblem } from '../placement/orchestration/contract.ts';
import type { ParetoFront } from '../placement/orchestration/pareto.ts';
import { axes, paretoFront, weightGrid } from '../placement/orchestration/pareto.ts';
import type {
  AnalyzerReply,
  ComponentForecast,
  OrchestratorReply,
  OrchestratorStanding,
} from '../protocols/messages.ts';
import type { StoreOption } from './options.ts';
import { jsonOption, storeOption, withCluster } from './options.ts';
import { bytesText, countText, table } from './table.ts';
import { columnsOf, wrapped } from './terminal.ts';

interface Flags extends StoreOption {
  readonly json: boolean;
}

const askMs = 10_000;

/** What the cluster's singletons, the analyzer and the orchestrator, know and have ordered. */
export function addControlCommands(program: Command): void {
  const command = (name: string, description: string, example: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(storeOption())
      .addOption(jsonOption())
      .addHelpText('after', `\nExample:\n  ${example}`);

  command(
    'racks',
    'show how full the racks are, and what the orchestrator has ordered',
    'godwit racks --json',
  ).action(racks);
  command(
    'workload',
    'show what each component is forecast to want, by latency impact',
    'godwit workload --json',
  ).action(workload);
  command(
    'trade-offs',
    'show the plans that no other beats in waiting, money, energy and churn, and pick one',
    'godwit trade-offs --pick much-energy',
  )
    .option('--pick <name>', 'weigh so from now on')
    .action(tradeOffs);
}

async function askOrchestrator<Kind extends OrchestratorReply['kind']>(
  cluster: Cluster,
  message: { readonly kind: string; readonly [field: string]: unknown },
  kind: Kind,
): Promise<Extract<OrchestratorReply, { kind: Kind }>> {
  const reply = await cluster
    .actor(address.cluster('orchestrator'))
    .ask<OrchestratorReply>(message, { timeoutMs: askMs });
  if (reply.kind === kind) return reply as Extract<OrchestratorReply, { kind: Kind }>;
  throw new RefusedError(`The orchestrator: ${reply.kind === 'refused' ? reply.reason : reply.kind}.`);
}

async function racks(flags: Flags): Promise<void> {
  const { standing } = await withCluster(flags, (cluster) =>
    askOrchestrator(cluster, { kind: 'standing' }, 'standing'),
  );
  if (flags.json) return console.log(JSON.stringify(standing));
  const columns = columnsOf(process.stdout);
  const titles = ['RACK', 'CPU %', 'MEMORY %', 'IO %', 'NETWORK %'];
  console.log(table(titles, rackRows(standing), columns));
  for (const { directive, phase, outcome } of standing.directives.slice(-10)) {
    const { componentId, targetRack, parts, text } = directive;
    const came = outcome === null ? '' : `, ${outcome.moved.length} moved`;
    console.log(
      wrapped(
        `${phase}${came}: ${countText(parts.length, 'execution')} of ${componentId} to ${targetRack}: ${text}`,
        columns,
        2,
      ),
    );
  }
  const { holder, term, policy } = standing;
  console.error(`Orchestrator: ${holder}, term ${term}, policy ${policy}.`);
}

function rackRows({ utilization }: OrchestratorStanding): readonly (readonly string[])[] {
  return Object.entries(utilization)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([rack, shares]) => [rack, ...resourceNames.map((name) => shares[name].toFixed(0))]);
}

async function workload(flags: Flags): Promise<void> {
  const { forecast } = await withCluster(flags, (cluster) =>
    cluster.actor(address.cluster('analyzer')).ask<AnalyzerReply>({ kind: 'forecast' }, { timeoutMs: askMs }),
  );
  if (flags.json) return console.log(JSON.stringify(forecast));
  if (forecast.atWallMs === 0) {
    console.error(
      'Nothing is forecast yet: the first forecast comes a step (analyzer.stepMs) after something runs.',
    );
    return;
  }
  const titles = [
    'COMPONENT',
    'RACK',
    'CPU P50',
    'CPU P90',
    'MEMORY',
    'IO/S',
    'NETWORK/S',
    'IMPACT MS/S',
    'MODEL',
  ];
  console.log(table(titles, forecast.components.map(forecastRow), columnsOf(process.stdout)));
}

/** The highest step of the horizon. */
function forecastRow({
  component,
  rack,
  quantiles,
  latencyImpact,
  models,
}: ComponentForecast): readonly string[] {
  const peak = (level: number, name: (typeof resourceNames)[number]): number =>
    Math.max(0, ...(quantiles.find((one) => one.level === level)?.steps ?? []).map((step) => step[name]));
  return [
    component,
    rack,
    peak(0.5, 'cpu').toFixed(2),
    peak(0.9, 'cpu').toFixed(2),
    bytesText(Math.round(peak(0.5, 'memory'))),
    bytesText(Math.round(peak(0.5, 'io'))),
    bytesText(Math.round(peak(0.5, 'network'))),
    latencyImpact.toFixed(1),
    models.cpu,
  ];
}

async function tradeOffs(flags: Flags & { readonly pick?: string }): Promise<void> {
  const front = await withCluster(flags, async (cluster) => {
    const { problem } = await askOrchestrator(cluster, { kind: 'problem' }, 'problem');
    const asked = JSON.parse(problem) as OrchestrationProblem;
    const found = paretoFront(asked, weightGrid(asked.policy.weights));
    if (flags.pick !== undefined) {
      const picked = found.points.find(({ name }) => name === flags.pick);
      if (picked === undefined) {
        const names = found.points.map(({ name }) => name).join(', ');
        throw new NotFoundError(`No plan on the front is called '${flags.pick}'. There are: ${names}.`);
      }
      await askOrchestrator(cluster, { kind: 'weigh', weights: { ...picked.weights } }, 'noted');
    }
    return found;
  });
  if (flags.json) return console.log(JSON.stringify(front));
  const titles = ['PLAN', 'WAIT MS/S', 'COST /H', 'POWER W', 'CHURN', 'MOVES'];
  console.log(table(titles, frontRows(front), columnsOf(process.stdout)));
  console.error(
    flags.pick === undefined
      ? 'The one marked * is nearest to the best of all at once. --pick NAME weighs so from now on.'
      : `From now on the orchestrator weighs as ${flags.pick} does.`,
  );
}

function frontRows({ points, knee }: ParetoFront): readonly (readonly string[])[] {
  return points.map(({ name, objectives, plan }, index) => [
    `${name}${index === knee ? ' *' : ''}`,
    ...axes.map((axis) => objectives[axis].toFixed(1)),
    String(plan.moves.length),
  ]);
}
