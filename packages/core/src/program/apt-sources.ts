/** One entry of apt's sources, as far as we carry it on. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** A keyring's path, a fingerprint, or a whole key. */
  signedBy?: string;
  trusted?: string;
  checkValidUntil?: string;
}

/** Reads both formats: one line each (`.list`), or paragraphs (`.sources`, deb822). */
export function parseSources(text: string, file: string): AptSource[] {
  return file.endsWith('.sources') ? paragraphs(text) : text.split('\n').flatMap(oneLine);
}

/** As deb822, which has room for whole keys. */
export function writeSources(sources: readonly AptSource[]): string {
  return sources
    .map(({ uris, suites, components, signedBy, trusted, checkValidUntil }) =>
      [
        'Types: deb',
        `URIs: ${uris.join(' ')}`,
        `Suites: ${suites.join(' ')}`,
        `Components: ${components.join(' ')}`,
        signedBy && `Signed-By: ${signedBy}`,
        trusted && `Trusted: ${trusted}`,
        checkValidUntil && `Check-Valid-Until: ${checkValidUntil}`,
      ]
        .filter(Boolean)
        .join('\n'),
    )
    .join('\n\n')
    .concat('\n');
}

function oneLine(line: string): AptSource[] {
  const parts = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
  if (!parts) return [];
  const [, options = '', uri, suite, components] = parts;
  const option = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(options)?.[1];
  return usable({
    uris: [uri!],
    suites: [suite!],
    components: words(components),
    signedBy: option('signed-by'),
    trusted: option('trusted'),
    checkValidUntil: option('check-valid-until'),
  });
}

function paragraphs(text: string): AptSource[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => {
      const fields = new Map<string, string>();
      for (const [, name, value] of paragraph.matchAll(/^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)) {
        fields.set(name!.toLowerCase(), value!);
      }
      const off = /^(no|false|0)$/i.test(fields.get('enabled') ?? '');
      if (off || !words(fields.get('types')).includes('deb')) return [];
      return usable({
        uris: words(fields.get('uris')),
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        signedBy: fields.get('signed-by'),
        trusted: fields.get('trusted'),
        checkValidUntil: fields.get('check-valid-until'),
      });
    });
}

/** Without discs, which nobody wants to be asked for. */
function usable(source: AptSource): AptSource[] {
  const uris = source.uris.filter((uri) => !uri.startsWith('cdrom:'));
  return uris.length ? [{ ...source, uris }] : [];
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter(Boolean);
}
