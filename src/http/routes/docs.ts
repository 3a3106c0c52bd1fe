// The reference page: Swagger UI from our own disk, with nothing inline and nothing from elsewhere.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Hono } from 'hono';
import { answer, type HttpEnv } from '../exchange.ts';
import { pageHeaders } from '../headers.ts';
import { refuseOtherMethods } from '../mount.ts';

const SWAGGER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

// Swagger UI draws its icons from data: addresses; everything else comes from here alone, and nothing is inline.
const POLICY = pageHeaders(
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const page = (folder: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>eversend-payments: API reference</title>
    <link rel="icon" type="image/png" href="${folder}/favicon.png">
    <link rel="stylesheet" href="${folder}/swagger-ui.css">
    <link rel="stylesheet" href="${folder}/page.css">
  </head>
  <body>
    <noscript>This page needs JavaScript. The description itself is at <a href="openapi.json">openapi.json</a>.</noscript>
    <div id="reference"></div>
    <script src="${folder}/swagger-ui-bundle.js"></script>
    <script src="${folder}/start.js"></script>
  </body>
</html>
`;

const start = (description: string, mayTry: boolean) => `SwaggerUIBundle({
  url: ${JSON.stringify(description)},
  dom_id: '#reference',
  deepLinking: true,
  validatorUrl: null,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  supportedSubmitMethods: ${mayTry ? "['get', 'post']" : '[]'},
});
`;

const STYLE = `body { margin: 0; background: #fff; }
.swagger-ui .info { margin: 32px 0 16px; }
.swagger-ui .scheme-container { box-shadow: none; background: #f7f8fa; padding: 16px 0; }
.swagger-ui .info .title small { background: #47607a; }
`;

/** The page and its parts under `/docs`. `mayTry` allows requests from the page: never where they would move real money. */
export function mountDocs(app: Hono<HttpEnv>, basePath: string, of: { mayTry: boolean }): void {
  const folder = `${basePath}/docs`;
  const serve = (path: string, contentType: string, body: () => string | Promise<Uint8Array<ArrayBuffer>>) => {
    app.get(basePath + path, async (c) => {
      c.get('exchange').route = path;
      return answer(c, { status: 200, body: await body(), contentType }, POLICY);
    });
    refuseOtherMethods(app, basePath, path, ['GET', 'HEAD']);
  };
  const file = (name: string) => {
    let read: Promise<Uint8Array<ArrayBuffer>> | null = null;
    return () => (read ??= readFile(join(SWAGGER, name)).then((bytes) => new Uint8Array(bytes)));
  };
  serve('/docs', 'text/html; charset=utf-8', () => page(folder));
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => start(`${basePath}/openapi.json`, of.mayTry));
  serve('/docs/page.css', 'text/css; charset=utf-8', () => STYLE);
  serve('/docs/favicon.png', 'image/png', file('favicon-32x32.png'));
  serve('/docs/swagger-ui.css', 'text/css; charset=utf-8', file('swagger-ui.css'));
  serve('/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8', file('swagger-ui-bundle.js'));
}
