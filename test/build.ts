import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Worker threads and host processes run the built program, so it is built before the tests. Type errors do not stop
 * the tests: they are found by `npm run types`, and the program is emitted all the same.
 */
export default function build(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
