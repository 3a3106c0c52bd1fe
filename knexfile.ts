// For knex's own command line (`npx knex migrate:make`): the same settings as `npm run migrate`.
import { migrationSettings } from './src/db/migrations.ts';
import { migrationUrl } from './src/migrate.ts';

export default migrationSettings(migrationUrl());
