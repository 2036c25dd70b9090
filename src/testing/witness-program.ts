import { startWitness } from './witness.ts';

// The witness as a process of its own: `node witness-program.js LOGFILE`. It prints its address as one line of JSON, and
// ends with whoever started it.
const file = process.argv[2];
if (file === undefined) {
  console.error('The witness needs the path of its log.');
  process.exit(2);
}
const witness = await startWitness(file);
console.log(JSON.stringify({ address: witness.address }));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
