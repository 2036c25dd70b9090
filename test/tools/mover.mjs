// Runs methods of a file that a tool has built, each on one runtime, moves them to another whenever they can be moved, and
// prints what came of them. Arguments: the built runtime's folder, the file, and the calls: `[[id, args], …]`.
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [runtimeFolder, file, calls] = process.argv.slice(2);
const { createRuntime, decodeResult, encodeArgs } = await import(`${runtimeFolder}index.js`);
const path = resolve(file);
await import(pathToFileURL(path).href);
const hash = 'p'.repeat(64);
const tenure = { execution: 'x-1', epoch: 1, generation: 1 };
const digest = { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') };

let settled = null;
let hosts = 0;
function host() {
  hosts += 1;
  const emit = (event) => {
    if (event.kind === 'settled') settled = event.settlement;
  };
  const nothing = () => undefined;
  const runtime = createRuntime(
    {
      incarnation: `h${hosts}.1`,
      digest,
      buffer: Buffer,
      emit,
      wake: nothing,
      after: () => nothing,
      monotonicMs: () => performance.now(),
      attention: () => false,
      mayAct: () => true,
    },
    { interrupt: () => true },
  );
  runtime.install(hash, pathToFileURL(`${dirname(path)}/`).href);
  return runtime;
}

async function move(method, args) {
  settled = null;
  let runtime = host();
  let moves = 0;
  const pins = new Set();
  const lines = new Set();
  const admission = runtime.start(tenure, { package: hash, method }, encodeArgs(args));
  if (admission.kind === 'refused') throw new Error(admission.reason);
  runtime.run(tenure);
  for (let round = 0; settled === null && round < 100_000; round += 1) {
    const { ready } = runtime.step();
    if (settled !== null) break;
    for (const { frames } of runtime.inspect('x-1')?.tasks ?? []) {
      for (const frame of frames) lines.add(`${frame.file}:${frame.line}`);
    }
    const frozen = runtime.freeze('x-1');
    if (frozen.kind === 'captured') {
      moves += 1;
      runtime = host();
      const { kind, reason } = runtime.restore(tenure, frozen.capture.bytes);
      if (kind === 'refused') throw new Error(reason);
      runtime.run(tenure);
    } else pins.add(frozen.pin.reason);
    if (ready === 0) await new Promise((resume) => setImmediate(resume));
  }
  return {
    value: settled.kind === 'returned' ? decodeResult(settled.value) : settled.message,
    stack: settled.kind === 'returned' ? '' : settled.stack,
    moves,
    pins: [...pins],
    lines: [...lines],
  };
}

const told = [];
for (const [method, args] of JSON.parse(calls)) told.push(await move(method, args));
console.log(JSON.stringify(told));
