import { SeamkitError } from '@seamkit/core';

const header = 8;

/** All that a container printed, as text. @throws SeamkitError `SERVER_UNREACHABLE` where it is gone */
export async function readLogs(container: string): Promise<string> {
  const { getContainerRuntimeClient } =
    require('testcontainers') as typeof import('testcontainers');
  try {
    const client = await getContainerRuntimeClient();
    return await logsOf(client.container.dockerode.getContainer(container));
  } catch (error) {
    throw SeamkitError.wrap(error, 'SERVER_UNREACHABLE', 'the logs of the service cannot be read', {
      hint: 'check that the container engine answers (docker ps); a container that ended is removed with its logs',
    });
  }
}

/** As above, of a dockerode container; `tail`: only so many lines. */
export async function logsOf(container: any, tail?: number): Promise<string> {
  const { Config } = await container.inspect();
  const output: Buffer = await container.logs({ stdout: true, stderr: true, tail });
  return (Config.Tty ? output : withoutHeaders(output)).toString();
}

/** Without a terminal the engine puts 8 bytes before each piece: which output, and its length. */
function withoutHeaders(output: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + header <= output.length; ) {
    const end = at + header + output.readUInt32BE(at + 4);
    pieces.push(output.subarray(at + header, end));
    at = end;
  }
  return Buffer.concat(pieces);
}
