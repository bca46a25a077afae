/** What is used of Mocha's `Suite`. */
export interface MochaSuite {
  root: boolean;
  parent?: MochaSuite;
  suites: MochaSuite[];
  tests: unknown[];
  beforeAll(run: MochaHook): void;
  beforeEach(run: MochaHook): void;
  afterEach(run: MochaHook): void;
  afterAll(run: MochaHook): void;
  _afterAll: unknown[];
  on(event: 'suite', listener: (suite: MochaSuite) => void): void;
  off(event: 'suite', listener: (suite: MochaSuite) => void): void;
  once(event: 'post-require', listener: () => void): void;
}

type MochaHook = (this: MochaContext) => Promise<void>;

interface MochaContext {
  timeout(ms: number): void;
  currentTest?: { fullTitle(): string };
}

type MochaRun = (test: string | undefined) => Promise<void>;
type Name = 'beforeAll' | 'beforeEach' | 'afterEach' | 'afterAll';

/**
 * Mocha's hooks, for one file. What a file declares outside of any `describe` is Mocha's for all
 * files. So the hooks go to each suite of this file instead, before what that declares itself; the
 * first opens, and the last closes.
 */
export class MochaFile {
  private readonly suites: MochaSuite[] = [];
  private readonly hooks: [Name, MochaRun][] = [];
  private opening: Promise<void> | undefined;
  /** The hooks are for all that runs below `here`: it is no file, or one with tests in no suite. */
  private whole: boolean;

  constructor(private readonly here: MochaSuite) {
    this.whole = !here.root;
    if (this.whole) return;
    const others = here.tests.length;
    const listener = (suite: MochaSuite) => this.attach(suite);
    here.on('suite', listener);
    here.once('post-require', () => {
      here.off('suite', listener);
      this.whole = here.tests.length > others || this.suites.length === 0;
    });
  }

  add(name: Name, run: MochaRun): void {
    this.hooks.push([name, run]);
    hook(this.here, name, async (test) => {
      // In any case at the end: the last suite may be left out, by --grep say.
      if (this.whole || name === 'afterAll') await run(test);
    });
  }

  private attach(suite: MochaSuite): void {
    this.suites.push(suite);
    for (const [name, run] of this.hooks) {
      hook(suite, name, async (test) => {
        if (this.whole) return;
        if (name === 'beforeAll') {
          this.opening ??= run(test);
          return this.opening;
        }
        if (name !== 'afterAll' || suite === this.suites.at(-1)) await run(test);
      });
    }
  }
}

function hook(suite: MochaSuite, name: Name, run: MochaRun): void {
  suite[name](function hook() {
    this.timeout(0); // start-up has deadlines of its own
    return run(this.currentTest?.fullTitle());
  });
  if (name !== 'afterAll') return;
  // After the suite's own, which may still need the sandboxes.
  const ours = suite._afterAll.at(-1);
  suite.beforeAll(async function order() {
    this.timeout(0);
    suite._afterAll.push(...suite._afterAll.splice(suite._afterAll.indexOf(ours), 1));
  });
}

/** The suite that is being declared, by Mocha's `describe`. Undefined where that is another's. */
export function mochaSuite(describe: unknown): MochaSuite | undefined {
  if (typeof describe !== 'function') return undefined;
  const probe = describe('seamkit', () => {}) as MochaSuite | undefined;
  const here = probe?.parent;
  if (!here || here.suites.at(-1) !== probe) return undefined;
  here.suites.pop();
  return here;
}
