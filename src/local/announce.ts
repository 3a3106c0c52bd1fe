// What `npm start` prints once everything runs: the addresses, and a first payment to paste.
import type { Credentials } from './credentials.ts';

/** The greeting, ready to print. `simulated` tells whether the money is play money. */
export function announcement(of: {
  credentials: Credentials;
  credentialsFile: string;
  logs: string;
  simulated: boolean;
  embedded: boolean;
  tookMs: number;
}): string {
  const { apiUrl, apiKey, adminUrl, adminEmail, adminPassword, simulatorUrl } = of.credentials;
  const payment = {
    amount: '1000',
    currency: 'UGX',
    country: 'UG',
    destinationCurrency: 'UGX',
    method: 'momo',
    recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
  };
  const lines = [
    '',
    `Everything runs (${(of.tookMs / 1000).toFixed(1)} s). Ctrl-C stops it; started again, it finds its data.`,
    '',
    `  API        ${apiUrl}/v1   (described at ${apiUrl}/docs)`,
    `  Console    ${adminUrl}   ${adminEmail} / ${adminPassword}`,
    of.simulated
      ? `  Provider   ${simulatorUrl}   a simulator: no real money moves`
      : '  Provider   the one named by EVERSEND_BASE_URL: payments are carried out there',
    `  Database   ${of.embedded ? 'embedded PostgreSQL 18' : 'the one named by DATABASE_URL'}`,
    `  Secrets    ${of.credentialsFile}   Logs  ${of.logs}`,
    '',
    of.simulated
      ? 'A first payment, to paste into another terminal:'
      : 'A payment (of real money, if the provider is real):',
    '',
    `  curl -sS ${apiUrl}/v1/payouts \\`,
    `    -H 'Authorization: Bearer ${apiKey}' \\`,
    `    -H 'Content-Type: application/json' \\`,
    `    -H "Idempotency-Key: first-payment-$(date +%s)" \\`,
    `    -d '${JSON.stringify(payment)}'`,
    '',
    'and where it stands a second later:',
    '',
    `  curl -sS "${apiUrl}/v1/transactions?limit=1" -H 'Authorization: Bearer ${apiKey}'`,
    '',
    'Many payments at once: npm run demo',
    '',
  ];
  return lines.join('\n');
}
