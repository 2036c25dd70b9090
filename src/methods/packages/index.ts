export { bundle } from './bundle.ts';
export { readPackage } from './content.ts';
export type {
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
