import { afterAll, expect, test } from 'vitest';
import { Project } from './project.ts';

const project = new Project({
  'app.ts': `export { count } from './count.ts';\n`,
  'count.ts': `'use movable';
export async function count(n: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += await one(i);
  return sum;
}
async function one(i: number) {
  return i;
}
`,
  'refused.ts': `'use movable';\nexport const f = () => eval('1');\n`,
  'serve.mjs': `import godwit from 'godwit/vite';
import { createServer } from 'vite';
import { writeFileSync } from 'node:fs';
const server = await createServer({
  plugins: [godwit()], appType: 'custom', logLevel: 'silent', server: { middlewareMode: true, ws: false },
});
const { count } = await server.ssrLoadModule('/app.ts');
const first = await count(5);
const { modules } = globalThis[Symbol.for('godwit.gate.1')];
const shifted = [...modules.values()].map(({ path, shifted }) => [path, shifted]);
const browser = (await server.transformRequest('/count.ts')).code.includes('async function count(n)');
const refused = await server.ssrLoadModule('/refused.ts').catch((error) => error.message);
console.log(JSON.stringify({ first, shifted, browser, refused }));
await server.close();
`,
});
afterAll(() => project.remove());

test('a server of Vite: Node.js loads what is movable, browsers get it as it is, and what is refused is told', async () => {
  const { stdout, stderr } = await project.run('node serve.mjs');
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    first: 10,
    shifted: [['count.ts', null]],
    browser: true,
    refused: expect.stringMatching(/refused\.ts:2:\d+ 'eval'/) as string,
  });
});
