import { pathToFileURL } from 'node:url';

/** A path by which an attacker asks a service for what lies outside of its folder. */
export interface Traversal {
  name: string;
  path: string;
}

/** The links that some of the paths go through. They lie in the sandbox's folder. */
export const bait = { file: 'innocent.txt', folder: 'innocent' };

/**
 * @param folder the name of the folder that holds the secret, beside the sandbox's; it begins with
 *   the sandbox's own name, since comparing beginnings is how services check
 * @param secret the secret file's name
 */
export function traversalsTo(parent: string, folder: string, secret: string): Traversal[] {
  const direct = `../${folder}/${secret}`;
  const encoded = encodeURIComponent(direct).replaceAll('.', '%2e');
  const paths: Record<string, string> = {
    parent: direct,
    'through a folder that is not there': `a/../../${folder}/${secret}`,
    'with dots and slashes to spare': `.//.././/${folder}/./${secret}`,
    absolute: `${parent}/${folder}/${secret}`,
    'file url': pathToFileURL(`${parent}/${folder}/${secret}`).href,
    'percent-encoded': encoded,
    'percent-encoded twice': encodeURIComponent(encoded),
    backslashes: direct.replaceAll('/', '\\'),
    'left over when ../ is removed once': `....//${folder}/${secret}`,
    'NUL before the suffix': `${direct}\0.png`,
    'link to the file': bait.file,
    'link to the folder': `${bait.folder}/${secret}`,
  };
  return Object.entries(paths).map(([name, path]) => ({ name, path }));
}
