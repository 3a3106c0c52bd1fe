// Starts the API process and stops it cleanly.
import { adminApp } from './admin/app.ts';
import { createBoard } from './admin/board.ts';
import { createApp } from './app.ts';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';
import { listen } from './http/listen.ts';
import { refuseToStart, stopOnSignal } from './process.ts';
import { recoverBeforeStart } from './reconciliation/recover-first.ts';
import { checkBeforeStart } from './self-check.ts';

/** One sentence for what keeps a server from listening. */
function listenProblem(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use: stop what listens there, or set PORT to another one.`;
  if (error.code === 'EACCES') return `Port ${port} may not be opened by this user: set PORT to one above 1023.`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `HOST ${host} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all of them.`;
  return `It cannot listen on ${host}:${port}: ${error.message}`;
}

if (import.meta.main) {
  const config = refuseToStart(() => readConfig());
  const ctx = compose(config);
  await checkBeforeStart(ctx);
  await recoverBeforeStart(ctx);
  const board = createBoard(config);
  let stopping = false;
  const app = createApp(ctx, { admin: adminApp(ctx, board), isStopping: () => stopping });
  try {
    const listening = await listen(app.fetch, { host: config.HOST, port: config.PORT });
    const url = `http://${config.HOST}:${listening.port}${config.BASE_PATH}`;
    ctx.log.info({ event: 'api_ready', port: listening.port, url }, 'the API is ready');
    stopOnSignal({
      log: ctx.log,
      graceMs: config.SHUTDOWN_GRACE_MS,
      stop: async () => {
        stopping = true;
        await listening.close(config.SHUTDOWN_GRACE_MS);
        await board.close();
        await ctx.close();
      },
    });
  } catch (error) {
    process.stderr.write(`${listenProblem(error as NodeJS.ErrnoException, config.HOST, config.PORT)}\n`);
    process.exit(1);
  }
}
