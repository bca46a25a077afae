import { SeamkitError, type StackContext } from '@seamkit/core';
import { answers } from './answers';
import type { ServicePorts } from './isolate';
import { logsOf } from './logs';
import type { ComposeFacts } from './members';

/** Of Docker's answer to `inspect`, what we read. */
interface Inspected {
  Id: string;
  Config: {
    Image: string;
    Env: string[] | null;
    Entrypoint: string[] | null;
    Cmd: string[] | null;
    Labels: Record<string, string>;
  };
  State: { Status: string; ExitCode: number; Health?: { Status: string } };
  HostConfig: { RestartPolicy: { Name: string; MaximumRetryCount: number } };
  RestartCount: number;
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

/** The containers of one project: watched while it starts, and until it ends. */
export class Containers {
  /** Rejects once a service failed for good. */
  readonly failure: Promise<never>;
  private fail!: (error: unknown) => void;
  private readonly followed = new Set<string>();
  private readonly ready = new Set<string>();
  private all: Inspected[] = [];
  private started = false;

  constructor(
    private readonly ctx: StackContext,
    private readonly client: any,
    private readonly label: string,
    private readonly host: string,
    private readonly ports: { [service: string]: ServicePorts },
  ) {
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failure.catch(() => {});
  }

  /** Looks at every container. @returns whether all are ready */
  async look(): Promise<boolean> {
    this.all = await this.inspectAll();
    const states = await Promise.all(this.all.map((one) => this.isReady(one)));
    return this.all.length > 0 && states.every(Boolean);
  }

  /** All are ready: from now on the end of one is the end of the stack. */
  async facts(): Promise<{ [service: string]: ComposeFacts }> {
    this.started = true;
    for (const one of this.all) void this.awaitEnd(one);
    const first = this.all.filter(({ Config }) => Config.Labels[labels.number] === '1');
    return Object.fromEntries(first.map((one) => [nameOf(one), this.factsOf(one)]));
  }

  /** `error` with the last lines of the services that are in trouble. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof SeamkitError)) return error;
    const troubled = (await this.inspectAll().catch(() => [])).filter(isTroubled);
    if (troubled.length === 0) return error;
    const logs = await Promise.all(troubled.map((one) => this.tail(one)));
    const what = troubled.map((one) => `service '${nameOf(one)}' ${stateOf(one)}`).join(', ');
    return new SeamkitError('START_FAILED', `compose: ${what}`, {
      log: logs.flat(),
      hint: 'fix what the log lines say; docker compose up shows the same',
      cause: error,
    });
  }

  private async isReady(one: Inspected): Promise<boolean> {
    const { Status, Health } = one.State;
    this.follow(one);
    if (isTroubled(one)) this.fail(await this.explain(new SeamkitError('START_FAILED', 'compose')));
    if (Status === 'exited') return one.State.ExitCode === 0; // it had one thing to do
    if (Status !== 'running') return false;
    if (this.ready.has(one.Id)) return true;
    const ready = Health ? Health.Status === 'healthy' : await this.portAnswers(one);
    if (ready) this.ready.add(one.Id);
    return ready;
  }

  /** Its first declared port; of an image's, which need not all be in use, any. */
  private async portAnswers(one: Inspected): Promise<boolean> {
    const { declared, exposed } = this.ports[nameOf(one)]!;
    const asked = declared.length ? declared.slice(0, 1) : exposed;
    const published = publishedPorts(one);
    const there = asked.flatMap((port) => published[port] ?? []);
    if (there.length === 0) return true;
    const found = await Promise.all(there.map((port) => answers(this.host, port)));
    return found.some(Boolean);
  }

  private factsOf(one: Inspected): ComposeFacts {
    const { Image, Env, Entrypoint, Cmd } = one.Config;
    const { declared, exposed } = this.ports[nameOf(one)]!;
    return {
      container: one.Id,
      image: Image,
      env: Object.fromEntries((Env ?? []).map((line) => line.split(/=(.*)/s, 2))),
      command: [...(Entrypoint ?? []), ...(Cmd ?? [])],
      host: this.host,
      ports: publishedPorts(one),
      first: declared[0] ?? exposed[0],
    };
  }

  /** Its lines go to the log; during the start only those of services that are waited for. */
  private follow(one: Inspected): void {
    if (this.followed.has(one.Id) || one.State.Status === 'created') return;
    this.followed.add(one.Id);
    const { container } = this.client;
    container.logs(container.getById(one.Id)).then((stream: NodeJS.ReadableStream) => {
      let rest = '';
      stream.on('data', (chunk) => {
        const lines = `${rest}${chunk}`.split(/\r?\n/);
        rest = lines.pop()!;
        if (!this.started && this.ready.has(one.Id)) return;
        for (const line of lines) if (line.trim()) this.ctx.log(`${nameOf(one)} | ${line}`);
      });
      stream.on('error', () => {}); // the engine is gone: awaitEnd tells
    });
  }

  /** A server that ended took its data and its port along. What had one thing to do may end well. */
  private async awaitEnd(one: Inspected): Promise<void> {
    if (one.State.Status !== 'running') return;
    const name = nameOf(one);
    try {
      const { StatusCode } = await this.client.container.getById(one.Id).wait();
      const serves = Object.keys(publishedPorts(one)).length > 0;
      if (StatusCode === 0 && !serves) return;
      this.ctx.ended(`service '${name}' ended with exit code ${StatusCode}`);
    } catch {
      this.ctx.ended(`service '${name}' is gone`);
    }
  }

  private async tail(one: Inspected): Promise<string[]> {
    const text = await logsOf(this.client.container.getById(one.Id), 20).catch(() => '');
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    return lines.map((line) => `${nameOf(one)} | ${line}`);
  }

  private async inspectAll(): Promise<Inspected[]> {
    const { dockerode } = this.client.container;
    const found = await dockerode.listContainers({ all: true, filters: { label: [this.label] } });
    return Promise.all(found.map(({ Id }: { Id: string }) => dockerode.getContainer(Id).inspect()));
  }
}

/** Compose's own. */
const labels = {
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
};

function nameOf({ Config }: Inspected): string {
  return Config.Labels[labels.service]!;
}

/** Failed, and will not be started again. */
function isTroubled({ State, HostConfig, RestartCount }: Inspected): boolean {
  if (State.Health?.Status === 'unhealthy') return true;
  if (!['exited', 'dead'].includes(State.Status) || State.ExitCode === 0) return false;
  const { Name, MaximumRetryCount } = HostConfig.RestartPolicy;
  const again = Name === 'on-failure' && (!MaximumRetryCount || RestartCount < MaximumRetryCount);
  return !again;
}

function stateOf({ State }: Inspected): string {
  return State.Health?.Status === 'unhealthy'
    ? 'is unhealthy'
    : `ended with exit code ${State.ExitCode}`;
}

function publishedPorts({ NetworkSettings }: Inspected): { [inside: string]: number } {
  const ports: { [inside: string]: number } = {};
  for (const [inside, places] of Object.entries(NetworkSettings.Ports)) {
    const [port, protocol] = inside.split('/');
    const place = places?.find(({ HostIp }) => !HostIp.includes(':')) ?? places?.[0];
    if (place && protocol === 'tcp') ports[port!] = Number(place.HostPort);
  }
  return ports;
}
