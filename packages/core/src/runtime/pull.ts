import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { clearInterval, setInterval } from 'node:timers';
import type { Engine } from '../contract-stack';
import { SeamkitError } from '../errors';
import { megabytes } from '../program/megabytes';

const showInterval = 2_000;

interface PullEvent {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
}

/** Whether the engine has the image, of this platform where one is asked for. */
export async function hasImage(
  { client }: Engine,
  image: string,
  platform: string | undefined,
): Promise<boolean> {
  const name = { string: image };
  // Testcontainers asks the same when it starts the container, and remembers the answer.
  if (platform === undefined) return client.image.exists(name);
  try {
    const { Os, Architecture, Variant } = await client.image.inspect(name);
    return [Os, Architecture, Variant].join('/').startsWith(platform);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/**
 * Pulls an image, with the credentials that Testcontainers finds for its registry. `progress` hears
 * how much of the layers known so far is there.
 * @throws SeamkitError `DOWNLOAD_FAILED`
 */
export async function pullImage(
  { client }: Engine,
  name: { string: string },
  platform: string | undefined,
  progress: (text: string) => void,
): Promise<void> {
  const layers = new Map<string, { current: number; total: number }>();
  let failure: string | undefined;
  const hear = ({ id, progressDetail, status, error }: PullEvent) => {
    failure ??= error;
    const { current, total } = progressDetail ?? {};
    if (id && total && status === 'Downloading') layers.set(id, { current: current ?? 0, total });
    const layer = id ? layers.get(id) : undefined;
    if (layer && status === 'Download complete') layer.current = layer.total;
  };
  let shown = '';
  const timer = setInterval(() => {
    const text = sum([...layers.values()]);
    if (text && text !== shown) progress(text);
    shown = text;
  }, showInterval);
  try {
    // Testcontainers' own pull drops what the engine reports, errors too: listen to its stream.
    const { dockerode } = client.container;
    const pull = async (...args: unknown[]) => listened(await dockerode.pull(...args), hear);
    const tapped = Object.create(dockerode, { pull: { value: pull } });
    const images = Object.create(client.image, { dockerode: { value: tapped } });
    await images.pull(name, { force: true, platform });
    if (failure) throw new Error(failure);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const absent = /manifest unknown|not found|access denied|no matching manifest/i.test(reason);
    throw SeamkitError.wrap(error, 'DOWNLOAD_FAILED', `${name.string} cannot be pulled`, {
      hint: absent
        ? 'check that the image and its tag exist; a private registry wants `docker login` first'
        : `see why: docker pull ${name.string}; or run without containers: SEAMKIT_RUNTIME=process`,
    });
  } finally {
    clearInterval(timer);
  }
}

function sum(layers: { current: number; total: number }[]): string {
  const add = (values: number[]) => megabytes(values.reduce((sum, value) => sum + value, 0));
  return layers.length
    ? `${add(layers.map(({ current }) => current))} of ${add(layers.map(({ total }) => total))} MB`
    : '';
}

/** The same stream, whose lines are heard on their way. */
function listened(
  stream: NodeJS.ReadableStream,
  hear: (event: PullEvent) => void,
): NodeJS.ReadableStream {
  const lines = createInterface({ input: stream.pipe(new PassThrough()) });
  lines.on('line', (line) => {
    try {
      hear(JSON.parse(line));
    } catch {
      // Not a report.
    }
  });
  return stream;
}
