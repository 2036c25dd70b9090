import { explore } from './explorer.ts';
import { ClusterModel } from './moves.ts';
const none = {
  crashes: 0,
  reboots: 0,
  expiries: 0,
  restarts: 0,
  losses: 0,
  duplicates: 0,
  ambiguities: 0,
  laneDeaths: 0,
  cancels: 0,
  migrations: 1,
  acts: 1,
  checkpoints: 0,
  messages: 3,
  slowReads: false,
};
const extra = JSON.parse(process.argv[2] ?? '{}');
const t = Date.now();
const m = new ClusterModel({ ...none, ...extra });
const r = explore(m, Number(process.argv[3] ?? 3e6));
console.log(JSON.stringify({ ...r, cpuMs: Math.round(process.cpuUsage().user / 1000) }, null, 1));
if (process.argv[4]) console.log([...m.phases()].sort().join('\n'));
