import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bundleScripts } from '../../src/verify/script-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('each line of a bundle knows its file', () => {
  const first = file('first.js', 'var a = 1;\nvar b = 2;');
  const second = file('second.js', '#!/usr/bin/env node\na += b;\n');
  const { text, placeOf } = bundleScripts([first, second]);
  expect(text).toBe('var a = 1;\nvar b = 2;\n\na += b;\n');
  expect(placeOf(2)).toEqual({ file: first, line: 2 });
  expect(placeOf(4)).toEqual({ file: second, line: 2 });
  expect(placeOf(9)).toBe(null);
});

test('a bundle is strict if its last script is', () => {
  const harness = file('harness.js', 'var a = 1;');
  const strict = file('strict.js', '// Says so.\n"use strict";\na = 2;');
  const { text, placeOf } = bundleScripts([harness, strict]);
  expect(text).toBe(`'use strict';\nvar a = 1;\n// Says so.\n"use strict";\na = 2;`);
  expect(placeOf(1)).toBe(null);
  expect(placeOf(5)).toEqual({ file: strict, line: 3 });
});
