import type { Boundary, LocalKit, Sandbox, TestInfo } from '../contract';
import { print } from '../print';
import { currentRun } from './run';
import { type Place, sandboxContext } from './sandbox-context';

/** A sandbox that lives in the test process: no server, no keeper. */
export class LocalSandbox {
  private sandbox: Sandbox<object> | undefined;

  constructor(
    private readonly boundary: Boundary<object> & { kit: LocalKit<any, object> },
    private readonly place: Place,
  ) {}

  get members(): object {
    return this.sandbox!.members;
  }

  async open(): Promise<void> {
    const { kit, options } = this.boundary;
    this.sandbox = await kit.open(
      options,
      sandboxContext(kit.name, 'local', currentRun(), options, this.place),
    );
  }

  async verify(test: TestInfo): Promise<void> {
    await this.sandbox!.verify?.(test);
  }

  async reset(test: TestInfo): Promise<void> {
    try {
      if ((await this.sandbox!.reset(test)) !== 'spent') return;
    } catch (error) {
      const { message } = error as Error;
      print('warn', `${this.place.boundary}: replaced, since it could not be reset: ${message}`);
    }
    await this.sandbox!.close();
    await this.open();
  }

  async close(_clean: boolean): Promise<void> {
    await this.sandbox?.close();
    this.sandbox = undefined;
  }
}
