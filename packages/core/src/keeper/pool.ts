import type { Json, SandboxId } from '../contract';
import { type ErrorData, SeamkitError } from '../errors';
import type { Discarded, Lease } from '../protocol/messages';
import type { Names } from './names';

interface Sandbox {
  id: SandboxId;
  template: Template;
  holder: string | undefined;
  clean: boolean;
  /** Being created ahead of need. */
  spare: boolean;
  /** Absent until its creator has reported it. */
  data?: Json;
}

interface Template {
  key: string;
  id: SandboxId;
  /** The session that makes it. */
  builder?: string;
  data?: Json;
  waiting: { session: string; resolve(lease: Lease): void; reject(error: unknown): void }[];
  sandboxes: Set<Sandbox>;
}

/** How many templates that nobody uses are kept, in case they are asked for again. */
const idleTemplates = 4;

/** One server's templates and sandboxes: who holds what. Knows them as names and data only. */
export class Pool {
  /** Least recently used first. */
  private readonly templates = new Map<string, Template>();
  /** Gone from the server, though some of their sandboxes may still be held. */
  private readonly lost = new Set<Template>();

  constructor(private readonly names: Names) {}

  get counts() {
    const templates = [...this.templates.values()];
    return {
      templates: templates.filter(({ data }) => data !== undefined).length,
      sandboxes: this.all.reduce((sum, { sandboxes }) => sum + sandboxes.size, 0),
    };
  }

  /** Resolves at once, unless another session is making the template. */
  async lease(session: string, key: string): Promise<Lease> {
    const template = this.templates.get(key);
    if (!template) {
      const id = this.names.next('t');
      this.templates.set(key, { key, id, builder: session, waiting: [], sandboxes: new Set() });
      return { state: 'template', id };
    }
    this.templates.delete(key);
    this.templates.set(key, template);
    if (template.data === undefined) {
      return new Promise((resolve, reject) => template.waiting.push({ session, resolve, reject }));
    }
    return this.take(session, template);
  }

  /** The template is ready: everyone who waited gets a sandbox. */
  built(session: string, key: string, data: Json): void {
    const template = this.building(session, key);
    template.builder = undefined;
    template.data = data;
    for (const { session, resolve } of template.waiting.splice(0))
      resolve(this.take(session, template));
  }

  /** It could not be made: everyone who waits hears why; a later caller tries again. */
  failed(session: string, key: string, error: ErrorData): void {
    const template = this.building(session, key);
    this.forget(template);
    for (const { reject } of template.waiting) reject(SeamkitError.fromData(error));
  }

  /** A sandbox to create ahead of need, unless `spares` are free (a dirty one is, once recovered). */
  spare(session: string, key: string, spares: number): Lease | null {
    const template = this.templates.get(key);
    if (template?.data === undefined) return null;
    const there = [...template.sandboxes].filter(({ holder, spare }) => spare || !holder);
    if (there.length >= spares) return null;
    return this.add(session, template, true);
  }

  created(session: string, name: string, data: Json): void {
    this.held(session, name).data = data;
  }

  /** `templateGone`: so is what it was to be made from; the next caller makes that again. */
  release(
    session: string,
    name: string,
    state: 'clean' | 'dirty' | 'gone',
    templateGone = false,
  ): void {
    const sandbox = this.held(session, name);
    this.free(sandbox, state === 'clean');
    if (state === 'gone') this.remove(sandbox);
    if (templateGone && this.forget(sandbox.template)) this.lost.add(sandbox.template);
  }

  /** A session ended, however it ended: what it held is free again. */
  drop(session: string): void {
    for (const template of this.all) {
      const ended = template.waiting.filter((waiting) => waiting.session === session);
      template.waiting = template.waiting.filter((waiting) => waiting.session !== session);
      for (const { reject } of ended) {
        reject(new SeamkitError('KEEPER_FAILED', 'this session has ended'));
      }
      for (const sandbox of [...template.sandboxes]) {
        if (sandbox.holder === session) this.free(sandbox, false);
      }
      if (template.builder === session) this.passOn(template);
    }
  }

  /** The server ended: who waits for a template will not get it. */
  end(error: SeamkitError): void {
    for (const template of this.templates.values()) {
      for (const { reject } of template.waiting.splice(0)) reject(error);
    }
  }

  private take(session: string, template: Template): Lease {
    const discard = this.discard();
    const data = template.data!;
    const free = [...template.sandboxes].filter(({ holder }) => holder === undefined);
    const sandbox = free.find(({ clean }) => clean) ?? free[0];
    if (!sandbox) {
      return this.add(session, template, false, discard);
    }
    const state = sandbox.clean ? 'clean' : 'dirty';
    sandbox.holder = session;
    sandbox.clean = false;
    return { state, id: sandbox.id, sandbox: sandbox.data!, template: data, discard };
  }

  private add(
    session: string,
    template: Template,
    spare: boolean,
    discard: Discarded[] = [],
  ): Lease {
    const id = this.names.next('s');
    template.sandboxes.add({ id, template, holder: session, clean: false, spare });
    return { state: 'new', id, template: template.data!, discard };
  }

  /** The builder died: what it left is not trusted, and the next in line starts afresh. */
  private passOn(template: Template): void {
    this.forget(template);
    const [next, ...others] = template.waiting;
    if (!next) return;
    const id = this.names.next('t');
    this.templates.set(template.key, { ...template, id, builder: next.session, waiting: others });
    next.resolve({ state: 'template', id });
  }

  private free(sandbox: Sandbox, clean: boolean): void {
    sandbox.holder = undefined;
    sandbox.clean = clean;
    sandbox.spare = false;
    // Its creator died before it could say what it made, so nobody can use or remove it.
    if (sandbox.data === undefined) sandbox.template.sandboxes.delete(sandbox);
  }

  private remove(sandbox: Sandbox): void {
    sandbox.template.sandboxes.delete(sandbox);
    this.names.free(sandbox.id);
  }

  private discard(): Discarded[] {
    const isIdle = ({ data, sandboxes }: Template) =>
      data !== undefined && [...sandboxes].every(({ holder }) => holder === undefined);
    const idle = [...this.templates.values()].filter(isIdle).slice(0, -idleTemplates);
    return [...[...this.lost].filter(isIdle), ...idle].map((template) => {
      // Their indexes are not given out again: whoever destroys them may not have done so yet.
      this.forget(template);
      this.lost.delete(template);
      return {
        template: template.data!,
        sandboxes: [...template.sandboxes].map(({ data }) => data!),
      };
    });
  }

  /** @returns whether it was the one that is given out under its key */
  private forget(template: Template): boolean {
    return this.templates.get(template.key) === template && this.templates.delete(template.key);
  }

  private get all(): Template[] {
    return [...this.templates.values(), ...this.lost];
  }

  private building(session: string, key: string): Template {
    const template = this.templates.get(key);
    if (template?.builder === session) return template;
    throw new SeamkitError('KEEPER_FAILED', `session ${session} is not making template ${key}`);
  }

  private held(session: string, name: string): Sandbox {
    for (const { sandboxes } of this.all) {
      for (const sandbox of sandboxes) {
        if (sandbox.id.name === name && sandbox.holder === session) return sandbox;
      }
    }
    throw new SeamkitError('KEEPER_FAILED', `session ${session} does not hold sandbox ${name}`);
  }
}
