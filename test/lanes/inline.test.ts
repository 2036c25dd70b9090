import { SystemClock } from '../../src/clock.ts';
import { SystemDigest } from '../../src/digest.ts';
import { builtEntry } from '../../src/entries.ts';
import { describeLane } from '../contract/lane.ts';
import { nativeImport } from './native-import.ts';

const { startInlineLane } = (await nativeImport(
  builtEntry('lanes/inline').href,
)) as typeof import('../../src/lanes/inline.ts');

const ports = {
  clock: new SystemClock(),
  digest: new SystemDigest(),
  defer: (task: () => void) => void setImmediate(task),
};

describeLane('inline', (options, listener) => startInlineLane(options, ports, listener));
