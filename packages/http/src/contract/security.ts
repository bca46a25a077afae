import { header } from '../cassette/content';
import type { HttpRequest } from '../interaction';
import type { Located, OpenApiDocument } from './document';
import type { Operation } from './operations';
import type { Violation } from './violation';

/** Whether the request carries credentials of a kind that the contract asks for; not whether they are good. */
export function checkSecurity(
  document: OpenApiDocument,
  { node }: Operation,
  request: HttpRequest,
): Violation[] {
  const owner = node.value.security ? node : document.root;
  const alternatives: Record<string, unknown>[] = owner.value.security ?? [];
  if (alternatives.length === 0) return [];
  const missing = alternatives.map((schemes) =>
    Object.keys(schemes).flatMap((name) => lackOf(document, name, request)),
  );
  if (missing.some((lacks) => lacks.length === 0)) return [];
  const [first] = missing[0]!;
  const others = missing.length > 1 ? ` (or one of ${missing.length - 1} other ways)` : '';
  return [
    {
      pointer: first!.pointer,
      message: `${first!.message}${others}`,
      where: 'request',
      rule: document.shown(`${owner.at}/security`),
    },
  ];
}

function lackOf(document: OpenApiDocument, name: string, request: HttpRequest) {
  const scheme = document.child(document.root, 'components', 'securitySchemes', name) as
    | Located
    | undefined;
  const { type, in: place, name: key = '', scheme: kind = '' } = scheme?.value ?? {};
  if (type === 'apiKey') {
    if (carries(request, place, key)) return [];
    const at = place === 'header' ? 'headers' : place === 'cookie' ? 'cookies' : 'query';
    return [
      {
        pointer: `/${at}/${at === 'headers' ? key.toLowerCase() : key}`,
        message: `is missing: the key of ${name}`,
      },
    ];
  }
  const wanted =
    type === 'http'
      ? kind.toLowerCase()
      : type === 'oauth2' || type === 'openIdConnect'
        ? 'bearer'
        : '';
  if (wanted === '') return [];
  const value = header(request.headers, 'authorization') ?? '';
  if (value.toLowerCase().startsWith(`${wanted} `)) return [];
  return [{ pointer: '/headers/authorization', message: `must be '${wanted} …' for ${name}` }];
}

function carries(request: HttpRequest, place: string, name: string): boolean {
  if (place === 'header') return header(request.headers, name.toLowerCase()) !== undefined;
  if (place === 'query') return new URL(request.url).searchParams.has(name);
  const cookies = (header(request.headers, 'cookie') ?? '').split(';');
  return cookies.some((pair) => pair.trim().startsWith(`${name}=`));
}
