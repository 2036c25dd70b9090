import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeWeights } from '../../src/forecasting/learned/weights.ts';
import { shippedLearnedModel, shippedWeights, shippedWeightsFile } from '../../src/models/learned.ts';

const asset = JSON.parse(readFileSync(shippedWeightsFile, 'utf8')) as {
  readonly notice: string;
  readonly sources: readonly {
    readonly licence: string;
    readonly title: string;
    readonly attribution: string;
  }[];
  readonly weights: string;
};

test('the shipped weights are those of their file, and are read once', () => {
  const bytes = encodeWeights(shippedWeights());
  expect(Buffer.from(bytes).equals(Buffer.from(asset.weights, 'base64'))).toBe(true);
  expect(shippedWeights()).toBe(shippedWeights());
  expect(shippedLearnedModel().name).toBe('learned');
});

test('nothing was learned from data whose licence does not allow it, and each source is named', () => {
  expect(asset.sources.length).toBeGreaterThan(0);
  for (const { licence, title, attribution } of asset.sources) {
    expect(['MIT', 'CC-BY 4.0', 'Apache-2.0']).toContain(licence);
    expect(title).not.toBe('');
    expect(attribution).not.toBe('');
  }
  expect(asset.notice).toContain('sources');
});

test('the file is small, and is in the package', () => {
  expect(statSync(shippedWeightsFile).size).toBeLessThan(1_500_000);
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly files: readonly string[];
  };
  expect(files).toContain('assets');
});
