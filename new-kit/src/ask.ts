import { createInterface } from 'node:readline/promises';
import { defaultsFor, describeKit, Refused, type Wishes } from './kit-names';

type Input = NodeJS.ReadableStream & { isTTY?: boolean };

/** Asks for what is not given; an empty answer takes the default, a bad one is asked for again. */
export async function askFor(
  given: Wishes,
  input: Input,
  output: NodeJS.WritableStream,
): Promise<Wishes> {
  if (given.name && given.title && given.sandbox) return given;
  if (!input.isTTY) {
    throw new Refused('There is no terminal to ask on: add --yes, or give all that --help lists.');
  }
  const terminal = createInterface({ input, output });
  try {
    const wishes = { ...given };
    const ask = async (what: 'name' | 'title' | 'sandbox', question: string) => {
      while (wishes[what] === undefined) {
        const standard = defaultsFor(wishes)[what];
        const answer = await terminal.question(
          standard ? `${question} (${standard}) ` : `${question} `,
        );
        const wish = answer.trim() || standard;
        try {
          describeKit({ ...wishes, name: wishes.name ?? wish, [what]: wish });
          wishes[what] = wish;
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          output.write(`${error.message}\n`);
        }
      }
    };
    await ask('name', 'Name of the package and its factory, e.g. memcached?');
    await ask('title', 'What is the boundary called?');
    await ask('sandbox', 'What does a test file get of it?');
    return wishes;
  } finally {
    terminal.close();
  }
}
