export { bundle, type BundleRoots, titleOf } from './bundle.ts';
export { compiledMark, compiledMarkOf, methodsOfBundle } from './compiled-bundle.ts';
export { readPackage } from './content.ts';
export { packageTitlePattern } from './contract.ts';
export type {
  AuthoredAffinity,
  BundleOutcome,
  BundlePorts,
  Installation,
  Package,
  PackageContent,
  PackagedMethod,
  PackagedModule,
  SourceFiles,
} from './contract.ts';
export { ownInstallation, sourceFilesOnDisk } from './disk.ts';
export { PackageCorruptError, PackageImportMissingError, PackageVersionError } from './errors.ts';
export {
  checkSignature,
  encodeSignature,
  makeKey,
  PackageNotTrustedError,
  type PackageSignature,
  SigningKeyError,
  signPackage,
} from './signature.ts';
export { PackageFolderError, packageRoots } from './sources.ts';
export { install, type InstallOptions } from './install.ts';
