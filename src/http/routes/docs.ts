// The pages for callers: the reference by Swagger UI and the guides, from our own disk, with nothing inline and nothing from elsewhere.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Hono } from 'hono';
import { answer, type HttpEnv } from '../exchange.ts';
import { GUIDE_NAMES, GUIDES, type Guide, renderGuide } from '../guides.ts';
import { pageHeaders } from '../headers.ts';
import { refuseOtherMethods } from '../mount.ts';
import { EXAMPLE_KEY } from '../openapi.ts';

const SWAGGER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

// Swagger UI draws its icons from data: addresses; everything else comes from here alone, and nothing is inline.
const POLICY = pageHeaders(
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/** A page with the way to all others at its top. Nothing in it is inline but text. */
const page = (folder: string, of: { title: string; head?: string; body: string }) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>eversend-payments: ${of.title}</title>
    <link rel="icon" type="image/png" href="${folder}/favicon.png">
    ${of.head ?? ''}
    <link rel="stylesheet" href="${folder}/page.css">
  </head>
  <body>
    <nav><a href="${folder}">API reference</a>${GUIDE_NAMES.map((name) => `<a href="${folder}/${name}">${GUIDES[name]}</a>`).join('')}</nav>
    ${of.body}
  </body>
</html>
`;

const reference = (folder: string, mayTry: boolean) =>
  page(folder, {
    title: 'API reference',
    head: `<link rel="stylesheet" href="${folder}/swagger-ui.css">`,
    body: `<main>
      <h1>A first collection and a first payout</h1>
      ${mayTry ? TRY_IT : NOT_FROM_HERE}
    </main>
    <noscript>This page needs JavaScript. The description itself is at <a href="${folder.replace(/docs$/, 'openapi.json')}">openapi.json</a>.</noscript>
    <div id="reference"></div>
    <script src="${folder}/swagger-ui-bundle.js"></script>
    <script src="${folder}/start.js"></script>`,
  });

const TRY_IT = `<ol>
        <li>Press <b>Authorize</b> and give your API key. On your own machine <code>npm start</code> wrote one to
          <code>.local/credentials.json</code> as <code>apiKey</code>.</li>
        <li>Open <b>POST /v1/collections/otp</b>, press <b>Try it out</b>, then <b>Execute</b>: the payer is sent a pin. Copy the
          <code>pinId</code>. With the simulator the pin is always <code>123456</code>.</li>
        <li>Open <b>POST /v1/collections</b>, put that <code>pinId</code> into the body and execute it. The answer is 202: the payer is
          asked to approve. Copy the <code>id</code>.</li>
        <li>Open <b>GET /v1/transactions/{id}</b>, give it that id and execute it until <code>status</code> is <code>settled</code>.
          The wallet has the money: see <b>GET /v1/wallets</b>.</li>
        <li>Open <b>POST /v1/payouts</b> and do the same. It ends as <code>settled</code>, or as <code>failed</code> with a reason and the
          money back in the wallet.</li>
      </ol>
      <p>Here no real money moves. As long as you leave the example in <code>Idempotency-Key</code>, each request gets a new key; your
        own programs make one per payment and keep it. The same from a terminal: <a href="docs/first-payment">First payment</a>.</p>`;
const NOT_FROM_HERE = `<p>This service moves real money, so nothing can be sent from this page. Try it with
        <a href="docs/first-payment">the simulator on your own machine</a>.</p>`;

/** What stands in the description as an example of a key; whoever leaves it there wants a new one each time. */
const start = (description: string, mayTry: boolean) => `const anyKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
SwaggerUIBundle({
  url: ${JSON.stringify(description)},
  dom_id: '#reference',
  deepLinking: true,
  validatorUrl: null,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  supportedSubmitMethods: ${mayTry ? "['get', 'post', 'patch', 'delete']" : '[]'},
  requestInterceptor(request) {
    // Always where the page came from, whatever address the description names: nothing else may be called from here.
    const { pathname, search } = new URL(request.url, location.href);
    request.url = location.origin + pathname + search;
    if (request.headers['Idempotency-Key'] === ${JSON.stringify(EXAMPLE_KEY)}) request.headers['Idempotency-Key'] = anyKey();
    return request;
  },
});
`;

const STYLE = `body { margin: 0; background: #fff; color: #1f2d3a; font: 16px/1.55 system-ui, sans-serif; }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 14px 24px; background: #1f2d3a; }
nav a { color: #fff; text-decoration: none; font-size: 14px; }
nav a:hover { text-decoration: underline; }
main { max-width: 1040px; margin: 0 auto; padding: 12px 24px; }
.swagger-ui .wrapper { max-width: 1080px; }
main a { color: #14609e; }
main h1 { font-size: 26px; }
main h2 { font-size: 20px; margin-top: 32px; }
main pre { padding: 12px 16px; overflow-x: auto; background: #f4f6f8; border-radius: 6px; font-size: 13px; line-height: 1.45; }
main code { background: #f4f6f8; padding: 1px 4px; border-radius: 3px; font-size: 0.88em; }
main pre code { padding: 0; font-size: inherit; }
main table { border-collapse: collapse; font-size: 14px; }
main ul:has(> li > input) { list-style: none; padding-left: 0; }
main table { display: block; overflow-x: auto; }
main th, main td { padding: 6px 10px; border: 1px solid #d6dde4; text-align: left; vertical-align: top; }
.swagger-ui .info { margin: 24px 0 16px; }
.swagger-ui .scheme-container { box-shadow: none; background: #f7f8fa; padding: 16px 0; }
.swagger-ui .info .title small { background: #47607a; }
`;

const HTML = 'text/html; charset=utf-8';
const guide = async (name: Guide) => ({ title: GUIDES[name], body: `<main>${await renderGuide(name)}</main>` });

/** Reads when it is first asked for, and never again. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | null = null;
  return () => (reading ??= read());
}

/** The pages and their parts under `/docs`. `mayTry` allows requests from the page: never where they would move real money. */
export function mountDocs(app: Hono<HttpEnv>, basePath: string, of: { mayTry: boolean }): void {
  const folder = `${basePath}/docs`;
  const serve = (path: string, contentType: string, body: () => string | Promise<string | Uint8Array<ArrayBuffer>>) => {
    app.get(basePath + path, async (c) => {
      c.get('exchange').route = path;
      return answer(c, { status: 200, body: await body(), contentType }, POLICY);
    });
    refuseOtherMethods(app, basePath, path, ['GET', 'HEAD']);
  };
  const file = (name: string) => once(() => readFile(join(SWAGGER, name)).then((bytes) => new Uint8Array(bytes)));
  serve('/docs', HTML, () => reference(folder, of.mayTry));
  for (const name of GUIDE_NAMES)
    serve(
      `/docs/${name}`,
      HTML,
      once(async () => page(folder, await guide(name))),
    );
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => start(`${basePath}/openapi.json`, of.mayTry));
  serve('/docs/page.css', 'text/css; charset=utf-8', () => STYLE);
  serve('/docs/favicon.png', 'image/png', file('favicon-32x32.png'));
  serve('/docs/swagger-ui.css', 'text/css; charset=utf-8', file('swagger-ui.css'));
  serve('/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8', file('swagger-ui-bundle.js'));
}
