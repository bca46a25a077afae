import { buildApp } from './app';
import { readConfig } from './config';

async function main(): Promise<void> {
  const { listen, ...config } = readConfig(process.env);
  const app = await buildApp(config);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void app.close());
  }
  await app.listen(listen);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
