import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until';

const run = promisify(execFile);
const images = join(__dirname, '../../test-images');

/** A second engine, that may be killed. Beside the one that is in use, with one small image. */
export class OwnEngine {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** A Redis, and nothing else. */
  readonly image = 'seamkit-test/redis-alone:debian';

  private constructor(
    private readonly folder: string,
    /** In a network namespace of its own, since two engines in one undo each other's rules. */
    private readonly network: string,
  ) {
    this.host = `tcp://${network}.2:2375`;
  }

  /** Why it is not available here; undefined where it is. */
  static missing(): string | undefined {
    return process.getuid?.() === 0 ? undefined : 'an engine of our own needs root';
  }

  static async start(): Promise<OwnEngine> {
    const engine = new OwnEngine(mkdtempSync('/var/tmp/seamkit-engine-'), freeNetwork());
    try {
      await engine.script('start');
      await run(join(images, 'redis-alone.sh'), [engine.host, engine.image]);
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** Ends by the signal, and starts again. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    const pid = Number(readFileSync(join(this.folder, 'pid'), 'utf8'));
    process.kill(pid, signal);
    // An engine does not start while there is so much as a zombie of the last one.
    await until(() => !existsSync(`/proc/${pid}`), 'the engine to end', 30_000);
    await this.script('start');
  }

  async stop(): Promise<void> {
    await this.script('stop');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async script(verb: 'start' | 'stop'): Promise<void> {
    await run(join(images, 'engine.sh'), [verb], {
      env: { ...process.env, SEAMKIT_ENGINE: this.folder, SEAMKIT_ENGINE_NET: this.network },
    });
  }
}

function freeNetwork(): string {
  return `10.${randomInt(200, 250)}.${randomInt(256)}`;
}
