import { isDeepStrictEqual } from 'node:util';
import { type Sandbox, type SandboxContext, SeamkitError } from '@seamkit/core';
import { type Answer, oauthError, type Question } from './answer';
import type { Call } from './calls';
import { checkFields } from './check-fields';
import { authorize } from './endpoints/authorize';
import { discovery } from './endpoints/discovery';
import { sessionCookie, sessionPath } from './endpoints/issuer-session';
import { logout } from './endpoints/logout';
import { token } from './endpoints/token';
import { userinfo } from './endpoints/userinfo';
import { checkEndpoints, type Endpoint, endpoints, Faults } from './fault';
import { Listener } from './listener';
import type { AuthMembers } from './members';
import { Mint } from './mint';
import type { AuthOptions } from './options';
import { refusedTokens } from './refused';
import { Session } from './session';
import { makeKey, type SigningKey } from './signing-key';
import { State } from './state';

const endpointAt = new Map<string, Endpoint>([
  ...Object.entries(endpoints).map(([name, path]) => [path, name as Endpoint] as const),
  ['/.well-known/oauth-authorization-server', 'discovery'], // RFC 8414
]);

/** Opens the issuer of one test file. On rejection nothing is left open. */
export async function openSandbox(
  options: AuthOptions,
  context: SandboxContext,
): Promise<Sandbox<AuthMembers>> {
  const { algorithm = 'RS256', audience = 'api' } = options;
  const [key, stranger] = await Promise.all([makeKey(algorithm, 0), makeKey(algorithm, 1)]);
  const state = new State();
  state.keys = [key];
  state.addClient('client', { secret: 'secret' });
  state.addUser('alice', {});
  const sandbox = new IssuerSandbox(state, stranger, context.warn);
  await sandbox.open(audience);
  try {
    const { prepare } = options;
    if (prepare) await context.prepare((signal) => prepare(sandbox.members, { signal }));
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  await sandbox.seal();
  return sandbox;
}

class IssuerSandbox implements Sandbox<AuthMembers> {
  #state: State;
  #baseline: State;
  readonly #stranger: SigningKey;
  readonly #faults = new Faults();
  readonly #warn: SandboxContext['warn'];
  #calls: Call[] = [];
  #listener?: Listener;
  #mint?: Mint;
  #members?: AuthMembers;
  /** 0 and 1 are the first key and the stranger's. */
  #keysMade = 2;

  constructor(state: State, stranger: SigningKey, warn: SandboxContext['warn']) {
    this.#state = state;
    this.#baseline = state;
    this.#stranger = stranger;
    this.#warn = warn;
  }

  get members(): AuthMembers {
    return this.#members!;
  }

  async open(audience: string): Promise<void> {
    this.#listener = await Listener.start((question) => this.#answer(question));
    const url = `http://127.0.0.1:${this.#listener.port}`;
    this.#mint = new Mint(url, audience, () => this.#state);
    this.#members = this.#face(this.#mint);
  }

  /** What `prepare` left is the baseline, less its faults. */
  async seal(): Promise<void> {
    await this.#endFaults();
    await this.setBaseline();
  }

  async setBaseline(): Promise<boolean> {
    if (await this.#endFaults()) {
      this.#warn(
        "its faults ended with setBaseline(), before a file's first test too; ask for them in a beforeEach",
      );
    }
    this.#calls = [];
    const moved = !isDeepStrictEqual(this.#state, this.#baseline);
    this.#baseline = this.#state.clone();
    return moved;
  }

  async reset(): Promise<void> {
    this.#state = this.#baseline.clone();
    this.#calls = [];
    await this.#endFaults();
  }

  /** Resolves to whether there were any. */
  async #endFaults(): Promise<boolean> {
    const faulty = !this.#faults.none;
    if (faulty) {
      await this.#listener!.dropUnanswered();
      this.#faults.clear();
    }
    return (await this.#listener!.restart()) || faulty;
  }

  async close(): Promise<void> {
    await this.#listener!.stop();
    this.#faults.clear();
  }

  async #answer(question: Question): Promise<Answer | 'cut'> {
    const { method, params, url } = question;
    const state = this.#state; // a reset may come while it waits: then the answer is of before
    const endpoint = endpointAt.get(url.pathname);
    const call: Call | undefined = endpoint && {
      endpoint,
      method,
      params: Object.fromEntries(params),
    };
    if (call) this.#calls.push(call);
    const slow = this.#faults.of('slow', endpoint);
    if (slow) await this.#faults.wait(slow.ms);
    if (this.#faults.of('cut', endpoint)) return 'cut';
    const failing = this.#faults.of('fail', endpoint);
    const answer = failing
      ? oauthError('server_error', 'the test wants it so', failing.status)
      : this.#ask(endpoint, question, state);
    if (call) call.status = answer.status;
    return answer;
  }

  #ask(endpoint: Endpoint | undefined, question: Question, state: State): Answer {
    const mint = this.#mint!;
    switch (endpoint) {
      case 'discovery':
        return discovery(mint.issuer);
      case 'jwks':
        return keySet(state.keys);
      case 'authorize':
        return authorize(question, state, mint);
      case 'token':
        return token(question, state, mint);
      case 'userinfo':
        return userinfo(question, state, mint);
      case 'logout':
        return logout(question, state);
    }
    // Where the refused token with a `jku` leads: a service that follows it must find a key.
    if (question.url.pathname === '/stranger/jwks') return keySet([this.#stranger]);
    return oauthError('not_found', `nothing is at ${question.url.pathname}`, 404);
  }

  #face(mint: Mint): AuthMembers {
    const state = () => this.#state;
    return {
      url: mint.issuer,
      audience: mint.audience,
      discoveryUrl: mint.issuer + endpoints.discovery,
      jwksUrl: mint.issuer + endpoints.jwks,
      get jwks() {
        return { keys: state().keys.map(({ jwk }) => ({ ...jwk })) };
      },
      token: (options) => mint.token(options),
      refused: (options) => refusedTokens(mint, this.#stranger, options),
      logoutToken: (options) => mint.logoutToken(options),
      addUser: (name, user = {}) => this.#state.addUser(name, user),
      addClient: (id, client = {}) => this.#state.addClient(id, client),
      rotate: (options) => this.#rotate(options),
      down: () => this.#listener!.stop(),
      slow: (ms, ...names) => this.#faults.slow(ms, names),
      fail: (status, ...names) => this.#faults.fail(status, names),
      cut: (...names) => this.#faults.cut(names),
      up: async () => {
        this.#faults.clear();
        await this.#listener!.restart();
      },
      calls: (endpoint) => {
        if (endpoint === undefined) return [...this.#calls];
        checkEndpoints([endpoint]);
        return this.#calls.filter((call) => call.endpoint === endpoint);
      },
      login: (url, options) => this.#login(url, options),
      browser: (url) => this.#browser(url),
    };
  }

  async #rotate({ retire = false }: { retire?: boolean } = {}): Promise<void> {
    const before = this.#state;
    const key = await makeKey(before.keys[0]!.algorithm, this.#keysMade++);
    before.keys = retire ? [key] : [key, ...before.keys];
  }

  async #login(url: string | URL, { user = 'alice' }: { user?: string } = {}): Promise<Session> {
    if (!this.#state.users.has(user)) {
      throw new SeamkitError('OPTION_INVALID', `there is no user '${user}'`, {
        hint: `use one of: ${[...this.#state.users.keys()].join(', ')}; or addUser('${user}')`,
      });
    }
    const authTime = Math.floor(Date.now() / 1000);
    const sid = this.#state.keep({ user, authTime }, this.#state.sessions);
    const session = this.#browser(url, sessionCookie(sid));
    const response = await session.fetch(url);
    const body = await response.text();
    if (session.cookie === '') {
      throw new SeamkitError('EXPECTATION_FAILED', `the login of '${user}' set no cookie`, {
        tried: [`${response.url} answered ${response.status}: ${body.slice(0, 200)}`],
        hint: 'pass the url where the service begins its login; see calls() for what the issuer was asked',
      });
    }
    return session;
  }

  #browser(url: string | URL, issuerCookie?: string): Session {
    checkFields('browser()', { url: String(url) }, { url: webUrl });
    // Loaded by who needs it: it takes longer than all the rest.
    const { CookieJar } = require('tough-cookie') as typeof import('tough-cookie');
    const jar = new CookieJar(undefined, { looseMode: true });
    if (issuerCookie) jar.setCookieSync(issuerCookie, this.#mint!.issuer + sessionPath);
    return new Session(String(url), jar);
  }
}

const webUrl = {
  expected: "the service's complete url: 'http://127.0.0.1:3000/login'",
  accepts: (value: unknown) => URL.canParse(String(value)) && /^https?:/.test(String(value)),
};

function keySet(keys: readonly SigningKey[]): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
    body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }),
  };
}
