import * as v from 'valibot';
import { codeId, methodId, type PackageHash } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import { type PackageContent, packageFormatVersion, packageTitlePattern } from './contract.ts';
import { PackageCorruptError, PackageVersionError } from './errors.ts';

/** Stays within the package's folder, on any system. */
const modulePath = v.pipe(
  v.string(),
  v.check(
    (path) =>
      !/^\/|^[a-z]:|\\|\0/i.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    'a path within the package',
  ),
);
const name = v.pipe(v.string(), v.regex(/^(?:@[^/\\]+\/)?[^/\\.@][^/\\]*$/, 'a name of an npm package'));

const texts = v.array(v.pipe(v.string(), v.minLength(1)));
const packageTitle = v.pipe(v.string(), v.regex(packageTitlePattern, 'a name of a package'));

const schema = v.strictObject({
  formatVersion: v.number(),
  compilerVersion: v.number(),
  name: packageTitle,
  base: v.pipe(v.string(), v.regex(/^file:\/\/.*\/$/)),
  entry: modulePath,
  marker: v.pipe(v.string(), v.regex(/^godwit-[0-9a-f]{24}$/)),
  modules: v.array(
    v.strictObject({
      path: modulePath,
      code: v.string(),
      sourceMap: v.string(),
      packages: v.array(name),
      readsImportMeta: v.boolean(),
    }),
  ),
  methods: v.array(
    v.strictObject({
      id: v.pipe(v.string(), v.transform(methodId)),
      code: v.pipe(v.string(), v.transform(codeId)),
      module: modulePath,
      name: v.string(),
      line: v.number(),
      isAsync: v.boolean(),
      exported: v.boolean(),
      length: v.number(),
      affinity: v.nullable(
        v.strictObject({ labels: texts, racks: texts, near: texts, apart: texts, data: texts }),
      ),
      starts: v.array(v.pipe(v.string(), v.transform(methodId))),
    }),
  ),
});

const versions = v.object({ formatVersion: v.number(), compilerVersion: v.number() });

/**
 * Reads a package's bytes.
 *
 * @throws {PackageCorruptError} when they are not the package of that hash
 * @throws {PackageVersionError} when another godwit made it
 */
export function readPackage(
  bytes: Uint8Array,
  expected: PackageHash,
  ports: { readonly digest: Digest; readonly compilerVersion: number },
): PackageContent {
  const found = ports.digest.sha256(bytes);
  if (found !== expected) throw new PackageCorruptError(expected, `its hash is ${found}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw new PackageCorruptError(expected, 'it is no JSON', { cause: thrown });
  }
  const made = v.safeParse(versions, parsed);
  if (made.success) {
    const { formatVersion, compilerVersion } = made.output;
    if (formatVersion !== packageFormatVersion) {
      throw new PackageVersionError('format', formatVersion, packageFormatVersion);
    }
    if (compilerVersion !== ports.compilerVersion) {
      throw new PackageVersionError('compiler', compilerVersion, ports.compilerVersion);
    }
  }
  const content = v.safeParse(schema, parsed);
  if (!content.success) {
    const issue = content.issues[0];
    throw new PackageCorruptError(expected, `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  return content.output;
}
