import { buildApp } from './app';
import { readConfig } from './config';
import { startScheduler } from './scheduler';
import { startWorker } from './worker';

// `node dist/main.js` answers requests, `… worker` handles events, `… scheduler` looks at the clock.
async function main(role = 'api'): Promise<void> {
  const { listen, ...config } = readConfig(process.env);
  if (role === 'worker') {
    endOnSignal(await startWorker(config));
  } else if (role === 'scheduler') {
    endOnSignal(await startScheduler(config));
  } else {
    const app = await buildApp(config);
    endOnSignal(app);
    await app.listen(listen);
  }
}

function endOnSignal(part: { close(): unknown }): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void part.close());
  }
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
