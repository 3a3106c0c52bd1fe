// The route of the front page: the overview of one range.
import type { Hono } from 'hono';
import { type AdminEnv, takeSaid } from '../browser.ts';
import { type Desk, frameOf } from '../desk.ts';
import { figuresOf } from '../overview/figures.ts';
import { readAsked } from '../overview/range.ts';
import { overviewPage } from '../pages/overview.ts';

export function overviewRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, config } = desk;
  app.get('/', async (c) => {
    const asked = readAsked((name) => c.req.query(name), new Date());
    const figures = await figuresOf(ctx, asked.range);
    return c.html(overviewPage(frameOf(desk, c), figures, { ...asked, done: takeSaid(c, config) }));
  });
}
