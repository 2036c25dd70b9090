import { expect, test } from 'vitest';
import { alongBytesMax } from '../../src/store/contract.ts';
import type { Revision } from '../../src/store/contract.ts';
import { StoreBoundsError, VaultKeyTakenError } from '../../src/store/errors.ts';
import type { WithStore } from './store.ts';
import { bytes, patientMs, text } from './store-sessions.ts';

const put = (key: string, value: string): { readonly key: string; readonly bytes: Uint8Array } => ({
  key,
  bytes: bytes(value),
});

/** Values of the vault that come and go along with a row. */
export function alongContract(withStore: WithStore): void {
  test(
    'values come and go with the row that is written, and not with one that is not',
    withStore(async ({ open, restart }) => {
      const [{ registry, vault }, other] = [await open(patientMs), await open(patientMs)];
      if (registry.alongMaxBytes === 0) {
        const refused = registry.cas('row', 'absent', bytes('1'), { puts: [put('v/1', 'one')], drops: [] });
        await expect(refused).rejects.toThrow(StoreBoundsError);
        expect([await registry.get('row'), await vault.get('v/1')]).toEqual([null, null]);
        return;
      }
      const first = await registry.cas('row', 'absent', bytes('1'), { puts: [put('v/1', 'one')], drops: [] });
      if (first.kind !== 'done') throw new Error('it was absent');
      expect(text((await other.vault.get('v/1')) ?? bytes(''))).toBe('one');
      expect([await other.vault.has('v/1'), await other.vault.list('v/')]).toEqual([true, ['v/1']]);
      const next = { puts: [put('v/2', 'two')], drops: ['v/1'] };
      const late = await registry.cas('row', (first.revision + 1_000) as Revision, bytes('2'), next);
      expect([late.kind, await other.vault.list('v/')]).toEqual(['conflict', ['v/1']]);
      expect((await registry.cas('row', first.revision, bytes('2'), next)).kind).toBe('done');
      expect([await other.vault.list('v/'), await other.vault.get('v/1')]).toEqual([['v/2'], null]);
      await restart();
      const again = await open(patientMs);
      expect(text((await again.vault.get('v/2')) ?? bytes(''))).toBe('two');
      await again.vault.delete('v/2');
      expect([await again.vault.get('v/2'), await again.vault.list('')]).toEqual([null, []]);
    }),
  );

  test(
    'each compare-and-set of a crowd brings its own along, and values that were put by themselves stay',
    withStore(async ({ open }) => {
      const { registry, vault } = await open(patientMs);
      if (registry.alongMaxBytes === 0) return;
      const large = { key: 'v/large', bytes: new Uint8Array(alongBytesMax).fill(7) };
      await vault.put('v/own', bytes('own'));
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          registry.cas(`row/${index % 30}`, 'absent', bytes('1'), {
            puts: index === 0 ? [large] : [put(`v/${index}`, `of ${index}`)],
            drops: index === 1 ? ['v/own'] : [],
          }),
        ),
      );
      const done = answers.flatMap(({ kind }, index) => (kind === 'done' ? [index] : []));
      expect(done).toHaveLength(30);
      const expected = done.map((index) => (index === 0 ? 'v/large' : `v/${index}`));
      const found = (await vault.list('v/')).filter((key) => key !== 'v/own');
      expect(found).toEqual(expected.toSorted());
      expect((await vault.get('v/large'))?.byteLength).toBe(alongBytesMax);
      const [some = 1] = done.filter((index) => index > 0);
      await expect(vault.put(`v/${some}`, bytes('other'))).rejects.toThrow(VaultKeyTakenError);
      expect(text((await vault.get(`v/${some}`)) ?? bytes(''))).toBe(`of ${some}`);
      const tooMuch = { puts: [{ key: 'v/more', bytes: new Uint8Array(alongBytesMax + 1) }], drops: [] };
      await expect(registry.cas('more', 'absent', bytes(''), tooMuch)).rejects.toThrow(StoreBoundsError);
    }),
  );
}
