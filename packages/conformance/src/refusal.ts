import { Refusal } from './actor';

/** What `work` was refused with. Rejects where it was not. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof Refusal) return error;
  throw new Error(`expected a refusal, got ${error ?? 'none'}`);
}
