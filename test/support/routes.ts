// Every route of the API as it is declared, for tests that go through all of them.
import { apiRoutes } from '../../src/app.ts';

export const ROUTES = apiRoutes({ server: '', isStopping: () => false }).map(({ method, path, scope }) => ({
  name: `${method} ${path}`,
  method,
  path,
  /** Null for a public route. */
  scope,
}));
