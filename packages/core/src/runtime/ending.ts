import type { Engine } from '../contract-stack';
import { within } from '../within';
import type { Ending } from './server-start';

/** ms that an engine may take to say what it knows. */
const enginePatience = 5_000;
/** What a shell, and an engine, make of SIGKILL. */
const killedCode = 137;

/** What the end of a process says, by its exit code or its signal. `limit`: bytes it may have. */
export function endOf(
  what: string,
  code: number | null,
  signal: string | null,
  limit?: number,
): Ending {
  const how = `${what} ended with ${signal ?? `exit code ${code}`}`;
  if (signal !== 'SIGKILL' && code !== killedCode) return { how };
  if (limit)
    return { how: `${how}: it was killed, most likely since ${needed(limit)}`, hint: raise };
  return {
    how: `${how}: it was killed, most likely since memory ran out`,
    hint: 'look for "Out of memory" in `dmesg`; if it is there, give the machine or the job more memory, or run fewer workers',
  };
}

/** Resolves once a container has ended. Never rejects. */
export async function endOfContainer(container: any, what: string): Promise<Ending> {
  try {
    const { StatusCode } = await container.wait();
    const { State, HostConfig } = await soon<any>(() => container.inspect()).catch(() => ({}));
    // An engine may hear of the end before it hears of the memory, and then never says so.
    return State?.OOMKilled
      ? outOfMemory(what, HostConfig.Memory)
      : endOf(what, StatusCode, null, HostConfig?.Memory);
  } catch (error) {
    // With a status it is the engine's answer: there is no such container.
    return (error as { statusCode?: number }).statusCode ? { how: `${what} is gone` } : engineEnded;
  }
}

/** Calls `onEnd` once the engine does not answer any more. @returns how to end the watch */
export function watchEngine({ client }: Engine, onEnd: (ending: Ending) => void): () => void {
  const { dockerode } = client.container;
  let ended = false;
  let stop = () => {
    ended = true;
  };
  const check = async () => {
    if (ended) return;
    // Whoever is between may have closed a stream that was silent for long.
    if (!(await answers(client))) onEnd(engineEnded);
  };
  // Nothing is of interest but that it closes when the engine ends.
  void dockerode.getEvents({ filters: { event: ['none'] } }).then((events: any) => {
    stop = () => {
      ended = true;
      events.destroy();
    };
    if (ended) return stop();
    events
      .on('error', () => {})
      .once('close', check)
      .resume();
  }, check);
  return () => stop();
}

/** Whether the engine still does. */
export function answers(client: Engine['client']): Promise<boolean> {
  return soon(() => client.container.dockerode.ping()).then(
    () => true,
    () => false,
  );
}

export const engineEnded: Ending = {
  how: 'the container engine does not answer any more',
  hint: 'see why it ended, and start it again; or run without containers: SEAMKIT_RUNTIME=process',
};

/** Of a container that met its own memory limit, or the engine's. */
function outOfMemory(what: string, limit: number): Ending {
  return {
    how: `${what} was killed, since memory ran out: ${needed(limit)}`,
    hint: limit ? raise : "give the engine's machine more memory, or run fewer workers",
  };
}

const raise = "raise the option container: { memory: '2g' }, or write less in prepare and in tests";

function needed(limit: number): string {
  const most = limit ? `its limit of ${Math.round(limit / 1024 ** 2)} MB` : 'what its engine has';
  return `it needed more than ${most}`;
}

function soon<R>(work: () => Promise<R>): Promise<R> {
  return within(enginePatience, work, () => new Error('no answer'));
}
