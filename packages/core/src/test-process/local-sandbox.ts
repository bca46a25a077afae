import type { Boundary, LocalKit, Sandbox, TestInfo } from '../contract';
import type { SeamkitError } from '../errors';
import { print } from '../print';
import { currentRun } from './current-run';
import { type Place, sandboxContext } from './sandbox-context';
import { baselineLost, noOwnBaseline } from './server-sandbox';

/** A sandbox that lives in the test process: no server, no keeper. */
export class LocalSandbox {
  private sandbox: Sandbox<object> | undefined;
  /** Its baseline is the file's own. */
  private moved = false;
  private lost: SeamkitError | undefined;

  constructor(
    private readonly boundary: Boundary<object> & { kit: LocalKit<any, object> },
    private readonly place: Place,
  ) {}

  get members(): object {
    return this.sandbox!.members;
  }

  async open(): Promise<void> {
    const { kit, options } = this.boundary;
    this.moved = false;
    this.sandbox = await kit.open(
      options,
      sandboxContext(this.boundary, 'local', currentRun(), this.place),
    );
  }

  async verify(test: TestInfo): Promise<void> {
    await this.sandbox!.verify?.(test);
  }

  async setBaseline(): Promise<void> {
    const { sandbox } = this;
    if (!sandbox?.setBaseline) throw noOwnBaseline(this.place.boundary);
    if (await sandbox.setBaseline()) this.moved = true;
  }

  async begin(test: TestInfo): Promise<void> {
    await (this.sandbox!.setBaseline ? this.setBaseline() : this.reset(test));
  }

  async startOver(): Promise<void> {
    await this.close();
    await this.open();
  }

  async reset(test: TestInfo): Promise<boolean> {
    if (this.lost) throw this.lost;
    let broken: unknown;
    const result = await this.sandbox!.reset(test).catch((error) => {
      broken = error;
    });
    if (!broken && result !== 'spent') return result === true;
    await this.sandbox!.close();
    if (this.moved) {
      this.lost = baselineLost(this.place.boundary, broken);
      throw this.lost;
    }
    if (broken) {
      const { message } = broken as Error;
      print('warn', `${this.place.boundary}: replaced, since it could not be reset: ${message}`);
    }
    await this.open();
    return false;
  }

  async close(): Promise<void> {
    await this.sandbox?.close();
    this.sandbox = undefined;
  }
}
