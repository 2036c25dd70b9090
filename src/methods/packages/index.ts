export { bundle, type BundleRoots, titleOf } from './bundle.ts';
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
export { install, type InstallOptions } from './install.ts';
