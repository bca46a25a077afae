import { randomBytes } from 'node:crypto';
import type { Driver, Endpoint, Sandbox, SandboxContext, SandboxId } from '@seamkit/core';
import { checkExternalUrl, SeamkitError } from '@seamkit/core';
import { type Baseline, emptyBaseline, takeBaseline } from './baseline';
import { urlOf } from './broker';
import { keepsAnything, keptIn, nothingKept } from './kept';
import { claim, disclaim, sweepDead, takeLease } from './lease';
import { Management, path } from './management';
import { type Addresses, makeMembers, type RabbitmqMembers } from './members';
import type { RabbitmqOptions } from './options';
import { ReadyClient } from './ready-client';
import { restore } from './restore';
import { putBack } from './stored-messages';
import { identity, importDefinitions } from './topology';
import { until } from './until';
import { connectionsOf, disconnect, look, type Place } from './vhost-state';

/** A template is nothing on the server: definitions and messages, as data. */
export type TemplateData = { baseline: string };
export type SandboxData = { name: string; password: string };

/** ms that clients of a sandbox that was given back may take to leave it. */
const leaving = 1_000;

const everything = { configure: '.*', write: '.*', read: '.*' };

/** @throws SeamkitError `SERVER_UNREACHABLE`, `SERVER_MISMATCH`, `PERMISSION_MISSING`, `HOST_REFUSED` */
export async function connectDriver(
  endpoint: Endpoint,
  options: RabbitmqOptions,
  context: SandboxContext,
): Promise<Driver<RabbitmqMembers, TemplateData, SandboxData>> {
  if (options.managementUrl) checkExternalUrl('rabbitmq', options.managementUrl);
  const managementUrl = managementOf(endpoint.url, options);
  const api = new Management(managementUrl);
  let release = async () => {};
  try {
    await api.check();
    if (context.runtime === 'external') release = await takeLease(api, endpoint.url, context.owner);
  } catch (error) {
    api.close();
    throw error;
  }
  return new RabbitDriver(endpoint.url, managementUrl, api, options, context, release);
}

class RabbitDriver implements Driver<RabbitmqMembers, TemplateData, SandboxData> {
  constructor(
    private readonly url: string,
    private readonly managementUrl: string,
    private readonly api: Management,
    private readonly options: RabbitmqOptions,
    private readonly context: SandboxContext,
    private readonly release: () => Promise<void>,
  ) {}

  private get external(): boolean {
    return this.context.runtime === 'external';
  }

  async template(id: SandboxId): Promise<TemplateData> {
    const { prepare } = this.options;
    if (!prepare) return { baseline: JSON.stringify(emptyBaseline) };
    const sandbox = await this.makeVhost(id.name);
    try {
      const { url, managementUrl } = this.addressesOf(sandbox);
      await this.context.prepare((signal) => prepare(url, { managementUrl, signal }));
      return { baseline: JSON.stringify(await this.whatPrepareLeft(sandbox)) };
    } finally {
      await this.destroy(sandbox);
    }
  }

  async create({ name }: SandboxId, template: TemplateData): Promise<SandboxData> {
    const sandbox = await this.makeVhost(name);
    try {
      const { definitions, messages } = parse(template);
      await importDefinitions(this.api, name, definitions);
      if (Object.keys(messages).length) {
        await this.withClient(sandbox, (client) => putBack(client.control, messages));
      }
      return sandbox;
    } catch (error) {
      await this.destroy(sandbox).catch(() => {});
      throw error;
    }
  }

  async open(sandbox: SandboxData, template: TemplateData): Promise<Sandbox<RabbitmqMembers>> {
    const client = await this.connect(sandbox);
    const warn = (message: string) => this.context.warn(message);
    const place = this.placeOf(sandbox, client);
    let baseline = parse(template);
    let kept = nothingKept();
    let known: string | undefined;
    return {
      members: makeMembers(this.addressesOf(sandbox), this.api, client),
      reset: async () => {
        const done = await restore({ ...place, baseline, kept, warn }, known);
        known = done.known;
        return done.undone;
      },
      setBaseline: async () => {
        await client.mend();
        const state = await look(place);
        kept = keptIn(state);
        client.keep();
        const before = baseline;
        baseline = await takeBaseline(state, client, (stream) =>
          warn(
            `messages in the stream ${stream} are gone after the first test: publish to streams in the test`,
          ),
        );
        await putBack(client.control, baseline.messages);
        known = state.text;
        client.settle();
        // What is kept must not outlive the file: the next one gets the sandbox without it.
        return keepsAnything(kept) || identity(baseline) !== identity(before);
      },
      close: () => client.close(),
    };
  }

  async recover(sandbox: SandboxData, template: TemplateData): Promise<void> {
    const { name } = sandbox;
    // Hooks of the last file may be about to close its service.
    await until(async () => (await connectionsOf(this.api, name)).length === 0, leaving);
    await disconnect(this.api, name);
    await this.withClient(sandbox, (client) =>
      restore({
        ...this.placeOf(sandbox, client),
        baseline: parse(template),
        kept: nothingKept(),
        warn: () => {},
      }),
    );
  }

  async destroy({ name }: SandboxData): Promise<void> {
    await this.api.remove(path('vhosts', name));
    await this.api.remove(path('users', name));
    if (this.external) await disclaim(this.api, name);
  }

  async destroyTemplate(): Promise<void> {}

  async sweep(ended?: string): Promise<string[]> {
    return sweepDead(this.api, ended);
  }

  async close(): Promise<void> {
    await this.release();
    this.api.close();
  }

  private async makeVhost(name: string): Promise<SandboxData> {
    const { api } = this;
    const sandbox = { name, password: randomBytes(18).toString('base64url') };
    const tags = this.external ? [await claim(api, this.context.owner, name)] : [];
    try {
      await Promise.all([
        api.put(path('vhosts', name), {
          description: 'A sandbox of Seamkit',
          tags: tags.join(),
        }),
        api.put(path('users', name), {
          password: sandbox.password,
          tags: ['policymaker', ...tags].join(),
        }),
      ]);
      await Promise.all([
        api.put(path('permissions', name, name), everything),
        api.put(path('permissions', name, api.user), everything),
      ]);
    } catch (error) {
      await this.destroy(sandbox).catch(() => {});
      throw error;
    }
    return sandbox;
  }

  private async whatPrepareLeft(sandbox: SandboxData): Promise<Baseline> {
    await disconnect(this.api, sandbox.name);
    return this.withClient(sandbox, async (client) =>
      takeBaseline(await look(this.placeOf(sandbox, client)), client, (stream) => {
        throw new SeamkitError(
          'UNSUPPORTED',
          `rabbitmq: prepare left messages in the stream ${stream}`,
          { hint: 'publish to streams in the test; messages in queues are kept' },
        );
      }),
    );
  }

  private placeOf({ name }: SandboxData, client: ReadyClient): Place {
    return { api: this.api, client, vhost: name, user: name };
  }

  private connect({ name }: SandboxData): Promise<ReadyClient> {
    return ReadyClient.open(urlOf(this.url, name), `seamkit:${this.context.owner}`);
  }

  private async withClient<R>(
    sandbox: SandboxData,
    work: (client: ReadyClient) => Promise<R>,
  ): Promise<R> {
    const client = await this.connect(sandbox);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  private addressesOf({ name, password }: SandboxData): Addresses {
    const managementUrl = new URL(this.managementUrl);
    managementUrl.username = name;
    managementUrl.password = password;
    return {
      url: urlOf(this.url, name, { name, password }),
      managementUrl: managementUrl.href,
      vhost: name,
    };
  }
}

function parse({ baseline }: TemplateData): Baseline {
  return JSON.parse(baseline);
}

/** As the option says, else with the url's host and credentials, at the port that its query names. */
function managementOf(amqpUrl: string, { managementUrl }: RabbitmqOptions): string {
  const url = new URL(amqpUrl);
  const secure = url.protocol === 'amqps:';
  const port = url.searchParams.get('management') ?? (secure ? 15671 : 15672);
  const made = new URL(managementUrl ?? `${secure ? 'https' : 'http'}://${url.hostname}:${port}`);
  if (!made.username) {
    made.username = url.username || 'guest';
    made.password = url.password || 'guest';
  }
  return made.href;
}
