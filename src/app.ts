// Assembles the HTTP application: what surrounds every request, the routes, and the answer to everything else.
import { type Env, Hono } from 'hono';
import type { Context } from './context.ts';
import type { Route } from './http/define-route.ts';
import type { HttpEnv } from './http/exchange.ts';
import { mountRoutes } from './http/mount.ts';
import { answerError, answerProblem } from './http/problem.ts';
import { addressLimits, limitAddresses } from './http/rate-limit.ts';
import { apiKeyRoutes } from './http/routes/api-keys.ts';
import { beneficiaryRoutes } from './http/routes/beneficiaries.ts';
import { bulkPayoutRoutes } from './http/routes/bulk-payouts.ts';
import { collectionRoutes } from './http/routes/collections.ts';
import { deliveryRoutes } from './http/routes/deliveries.ts';
import { mountDocs } from './http/routes/docs.ts';
import { earningRoutes } from './http/routes/earnings.ts';
import { eventRoutes } from './http/routes/events.ts';
import { healthRoutes } from './http/routes/health.ts';
import { withDescription } from './http/routes/openapi.ts';
import { payoutRoutes } from './http/routes/payouts.ts';
import { personalDataRoutes } from './http/routes/personal-data.ts';
import { providerTokenRoutes } from './http/routes/provider-token.ts';
import { refundRoutes } from './http/routes/refunds.ts';
import { statementRoutes } from './http/routes/statements.ts';
import { transactionRoutes } from './http/routes/transactions.ts';
import { walletRoutes } from './http/routes/wallets.ts';
import { webhookEndpointRoutes } from './http/routes/webhook-endpoints.ts';
import { webhookRoutes } from './http/routes/webhooks.ts';
import { surround } from './http/surround.ts';

/** Every route of the API, the one that describes them all included. `server` is where their paths begin. */
export function apiRoutes(of: {
  server: string;
  isStopping: () => boolean;
  /** Whether the provider's token can be read: where it is off the route is not there, neither answered nor described. */
  providerToken?: boolean;
}): readonly Route[] {
  const routes = [
    ...collectionRoutes,
    ...refundRoutes,
    ...payoutRoutes,
    ...bulkPayoutRoutes,
    ...beneficiaryRoutes,
    ...transactionRoutes,
    ...walletRoutes,
    ...statementRoutes,
    ...earningRoutes,
    ...apiKeyRoutes,
    ...personalDataRoutes,
    ...webhookEndpointRoutes,
    ...deliveryRoutes,
    ...eventRoutes,
    ...webhookRoutes,
    ...(of.providerToken === true ? providerTokenRoutes : []),
    ...healthRoutes(of.isStopping),
  ];
  return withDescription(routes, of);
}

/**
 * The application under BASE_PATH. `admin` is the operators' console, mounted at `/admin`; `isStopping` turns readiness off.
 * It touches nothing until a request comes.
 */
export function createApp<AdminEnv extends Env>(
  ctx: Context,
  of: { admin?: Hono<AdminEnv>; isStopping?: () => boolean } = {},
): Hono<HttpEnv> {
  const { BASE_PATH, PUBLIC_URL, API_ENVIRONMENT, PROVIDER_TOKEN_ENDPOINT } = ctx.config;
  const app = new Hono<HttpEnv>();
  app.onError((error, c) => answerError(ctx, c, error));
  app.notFound((c) =>
    answerProblem(c, {
      status: 404,
      code: 'not_found',
      detail: `There is nothing here under this address. The API is described at ${BASE_PATH}/docs.`,
    }),
  );
  const routes = apiRoutes({
    server: (PUBLIC_URL ?? '') + BASE_PATH,
    isStopping: of.isStopping ?? (() => false),
    providerToken: PROVIDER_TOKEN_ENDPOINT === 'true',
  });
  app.use('*', surround(ctx));
  app.use('*', limitAddresses(ctx, addressLimits(routes, BASE_PATH)));
  mountRoutes(app, ctx, routes, BASE_PATH);
  mountDocs(app, BASE_PATH, { mayTry: API_ENVIRONMENT === 'test' });
  if (of.admin !== undefined) app.route(`${BASE_PATH}/admin`, of.admin);
  return app;
}
