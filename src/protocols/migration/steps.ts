/** The four steps of a migration; each is a supervised child of the migration's supervisor. */
export type MigrationStep = 'prepare' | 'transfer' | 'resume' | 'commit';
