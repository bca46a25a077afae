import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Sandbox, type SandboxContext, SeamkitError } from '@seamkit/core';
import { Book, type Declared, nothing } from './book';
import { Call } from './call';
import { Calls } from './calls';
import type { Answer } from './cassette';
import { issueCertificate } from './certificate';
import { ContractCheck } from './contract-check';
import type { Exchange } from './exchange';
import type { Failure } from './failure';
import type { HttpRequest, HttpResponse } from './interaction';
import { Listener } from './listener';
import { type HttpMembers, makeMembers } from './members';
import { describeUnmatched } from './nearest';
import type { HttpOptions } from './options';
import { ownHosts } from './own-hosts';
import { parseOrigin } from './path';
import { Playback } from './playback';
import { claimConnections } from './reach';
import type { StubRoute } from './route';

/** Opens the stub of one test file. On rejection nothing is left open. */
export async function openSandbox(
  options: HttpOptions,
  context: Pick<SandboxContext, 'folder' | 'prepare'>,
): Promise<Sandbox<HttpMembers>> {
  const sandbox = new StubSandbox(options, context);
  try {
    await sandbox.open();
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  return sandbox;
}

class StubSandbox implements Sandbox<HttpMembers> {
  readonly #options: HttpOptions;
  readonly #context: Pick<SandboxContext, 'folder' | 'prepare'>;
  readonly #origins: readonly string[];
  readonly #calls = new Calls();
  readonly #listeners: Listener[] = [];
  #members?: HttpMembers;
  #playback?: Playback;
  #contract?: ContractCheck;
  #book = new Book(this.#calls);
  /** What the file's hooks declared. */
  #own: Declared = nothing;
  /** What fails the test that is running. */
  #complaints: { text: string; call?: Call }[] = [];
  readonly #refusals = new WeakSet<HttpResponse>();
  #releaseConnections = () => {};

  constructor(options: HttpOptions, context: Pick<SandboxContext, 'folder' | 'prepare'>) {
    this.#options = options;
    this.#context = context;
    this.#origins = (options.origins ?? []).map(parseOrigin);
  }

  get members(): HttpMembers {
    return this.#members!;
  }

  async open(): Promise<void> {
    const { tls = false, allowNetwork = false, cassette, contract } = this.#options;
    const { folder } = this.#context;
    if (contract !== undefined) this.#contract = new ContractCheck(resolve(folder, contract));
    if (cassette !== undefined) this.#playback = await Playback.open(cassette, folder);
    const origins = this.#origins.map((origin) => new URL(origin));
    const secure = origins.filter(({ protocol }) => protocol === 'https:');
    const hosts = ['localhost', '127.0.0.1', ...secure.map(hostOf)];
    const certificate = tls || secure.length > 0 ? issueCertificate(hosts) : undefined;
    const shared = {
      origin: (authority: string, isSecure: boolean) => this.#origin(authority, isSecure),
      onExchange: (exchange: Exchange) => this.#onExchange(exchange),
      onUpgrade: (request: HttpRequest, message: IncomingMessage, socket: Socket, head: Buffer) =>
        this.#onUpgrade(request, message, socket, head),
    };
    const start = async (withTls: boolean) => {
      const listener = await Listener.start({ ...shared, ...(withTls && { certificate }) });
      this.#listeners.push(listener);
      return listener;
    };
    const plain = !tls || origins.length > secure.length ? await start(false) : undefined;
    const encrypted = certificate && (await start(true));

    const url = tls ? `https://127.0.0.1:${encrypted!.port}` : `http://127.0.0.1:${plain!.port}`;
    this.#members = makeMembers({
      url,
      origins: this.#origins,
      ca: certificate?.ca,
      calls: this.#calls,
      book: () => this.#book,
      accept: (calls) => {
        this.#complaints = this.#complaints.filter(({ call }) => !call || !calls.includes(call));
      },
    });
    await this.#prepare();

    const redirects = new Map<string, number>();
    for (const origin of origins) {
      const isSecure = origin.protocol === 'https:';
      const port = origin.port || (isSecure ? 443 : 80);
      redirects.set(`${hostOf(origin)}:${port}`, (isSecure ? encrypted : plain)!.port);
    }
    this.#releaseConnections = claimConnections({
      redirects,
      trusts: certificate && { ca: certificate.ca, hosts },
      allows: allowNetwork === true || [...(allowNetwork || []), ...ownHosts(process.env)],
      onRefused: (target) =>
        this.#complain(`the test connected to ${target}, which is not allowed`),
    });
  }

  async verify(): Promise<void> {
    // What the test sent last may still be on its way through the loopback.
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    await this.#playback?.save();
    const complaints = this.#complaints.map(({ text }) => text);
    if (complaints.length === 0) return;
    const hint = this.#complaints.some(({ call }) => call && call.route === undefined)
      ? 'declare what is missing, or take it as meant with acceptUnmatched()'
      : undefined;
    throw new SeamkitError('EXPECTATION_FAILED', complaints.join('\n'), { hint });
  }

  async reset(): Promise<boolean> {
    const { changed } = this.#book;
    if (this.#calls.size === 0 && !changed && this.#complaints.length === 0) return false;
    for (const listener of this.#listeners) listener.dropUnanswered();
    this.#book.rewind(this.#own);
    await this.#prepare(this.#book);
    this.#forget();
    return changed;
  }

  /** Connections stay, and so does what `prepare` made; what was asked so far does not count. */
  async setBaseline(): Promise<boolean> {
    const moved = this.#book.changed;
    this.#own = this.#book.seal();
    this.#forget();
    return moved;
  }

  #forget(): void {
    this.#calls.forget();
    this.#playback?.rewind();
    this.#complaints = [];
  }

  async close(): Promise<void> {
    this.#releaseConnections();
    this.#book.close();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
    await this.#playback?.save();
  }

  async #prepare(former?: Book): Promise<void> {
    this.#book = new Book(this.#calls);
    const { prepare } = this.#options;
    if (prepare) await this.#context.prepare((signal) => prepare(this.members, { signal }));
    this.#book.begin(this.#own, former);
  }

  /** What the client meant: its own words, but the first origin where it was given our url. */
  #origin(authority: string, secure: boolean): string {
    const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
    const own = this.#listeners.some((listener) => String(listener.port) === port);
    if (own && this.#origins[0]) return this.#origins[0];
    if (port === (secure ? '443' : '80')) return `${secure ? 'https' : 'http'}://${host}`;
    return `${secure ? 'https' : 'http'}://${authority}`;
  }

  #onExchange(exchange: Exchange): void {
    const call = new Call(exchange.request);
    let route: StubRoute | undefined;
    try {
      route = this.#book.index.find(call);
    } catch (error) {
      // A predicate of the test's.
      this.#calls.add(call);
      exchange.send(this.#refuse(500, `no route for ${call}: ${(error as Error).message}`, call));
      return;
    }
    const own = route?.take(call);
    const failure = own ?? this.#book.failure();
    this.#calls.add(call);
    for (const text of this.#contract?.request(call.request) ?? []) this.#complain(text);
    const answer = route ? this.#answer(route, call) : this.#answerWithoutRoute(call);
    if (answer instanceof Promise) {
      const book = this.#book;
      answer.then((response) => this.#send(exchange, call, response, failure, book));
    } else this.#send(exchange, call, answer, failure, this.#book);
  }

  /** The route's answer; 500 and a complaint where the test's own function throws. */
  #answer(route: StubRoute, call: Call): HttpResponse | Promise<HttpResponse> {
    const answer = route.answer(call);
    if (!(answer instanceof Promise)) return answer;
    const book = this.#book;
    return answer.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      return this.#refuse(500, `the reply of ${route.label} failed: ${reason}`, call, book);
    });
  }

  /** From the cassette, where there is one; else 501 and a complaint. */
  #answerWithoutRoute(call: Call): HttpResponse | Promise<HttpResponse> {
    return this.#playback ? this.#play(this.#playback, call) : this.#unmatched(call);
  }

  #play(playback: Playback, call: Call): HttpResponse | Promise<HttpResponse> {
    const book = this.#book;
    const take = (answer: Answer) => {
      if ('miss' in answer) return this.#refuse(501, answer.miss, call, book);
      call.route = 'cassette';
      return answer.response;
    };
    const answer = playback.answer(call.request);
    return answer instanceof Promise ? answer.then(take) : take(answer);
  }

  #unmatched(call: Call): HttpResponse {
    return this.#refuse(501, describeUnmatched(call, this.#book.index.routes), call);
  }

  /** `book`: what was declared when the call came. After a reset its test cannot fail any more. */
  #refuse(status: number, text: string, call: Call, book = this.#book): HttpResponse {
    if (book === this.#book) this.#complain(text, call);
    const headers: [string, string][] = [['content-type', 'text/plain; charset=utf-8']];
    const response = { status, headers, body: Buffer.from(`${text}\n`) };
    this.#refusals.add(response);
    return response;
  }

  #complain(text: string, call?: Call): void {
    this.#complaints.push({ text, call });
  }

  #send(
    exchange: Exchange,
    call: Call,
    response: HttpResponse,
    failure: Failure | undefined,
    book: Book,
  ): void {
    // Our own refusals are no answers of the API, and neither are failures.
    const meant = !failure && call.route !== undefined && !this.#refusals.has(response);
    if (meant && this.#contract && book === this.#book) {
      for (const text of this.#contract.response(call.request, response)) this.#complain(text);
    }
    if (!failure || failure.kind.startsWith('slow')) call.response = response;
    try {
      exchange.send(response, failure);
    } catch (error) {
      // Node refuses it: a header with a line break in it, say. The client must not wait for ever.
      const text = `the answer to ${call} cannot be sent: ${(error as Error).message}`;
      call.response = this.#refuse(500, text, call, book);
      exchange.send(call.response);
    }
  }

  #onUpgrade(request: HttpRequest, message: IncomingMessage, socket: Socket, head: Buffer): void {
    const call = new Call(request);
    const found = this.#book.endpoint(call);
    if (found) {
      call.params = found.params;
      call.route = `WEBSOCKET ${found.endpoint.path}`;
      this.#calls.add(call);
      found.endpoint.accept(message, socket, head, found.params);
      return;
    }
    this.#calls.add(call);
    const { body } = this.#unmatched(call);
    socket.end(
      `HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
