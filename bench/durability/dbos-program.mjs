import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// `node dbos-program.mjs FOLDER`, with the database's URL in DBOS_BENCH_URL. Each line of its input is a number of steps; the
// answer is one line of JSON: how long each of them took, in milliseconds. It ends with its input.
const load = createRequire(join(process.argv[2], 'package.json'));
const { DBOS } = load('@dbos-inc/dbos-sdk');

const logger = { info: () => undefined, debug: () => undefined, warn: console.error, error: console.error };
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: process.env.DBOS_BENCH_URL,
  runAdminServer: false,
  logLevel: 'error',
  logger,
});

const steps = DBOS.registerWorkflow(
  async (count) => {
    const tookMs = [];
    for (let step = 0; step < count; step += 1) {
      const before = process.hrtime.bigint();
      await DBOS.runStep(() => Promise.resolve(null), { name: 'nothing' });
      tookMs.push(Number(process.hrtime.bigint() - before) / 1e6);
    }
    return tookMs;
  },
  { name: 'steps' },
);

await DBOS.launch();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await steps(Number(line))));
}
await DBOS.shutdown();
