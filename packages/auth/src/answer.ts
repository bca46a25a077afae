/** What an endpoint is asked. */
export interface Question {
  method: string;
  url: URL;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the query, or of a form that was posted. */
  params: URLSearchParams;
}

/** What it answers. */
export interface Answer {
  status: number;
  headers?: Record<string, string | string[]>;
  body?: string;
}

export function json(value: unknown, status = 200, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
  };
}

/** An error as OAuth 2 has it (RFC 6749, 5.2). */
export function oauthError(
  error: string,
  description: string,
  status = 400,
  headers?: Answer['headers'],
): Answer {
  return json({ error, error_description: description }, status, headers);
}

export function page(title: string, content: string, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${content}</html>\n`,
  };
}

export function redirect(
  target: string,
  params: Record<string, string | null | undefined>,
  headers: Answer['headers'] = {},
): Answer {
  const url = new URL(target);
  for (const [name, value] of Object.entries(params)) {
    if (value != null) url.searchParams.set(name, value);
  }
  return { status: 302, headers: { location: url.href, 'cache-control': 'no-store', ...headers } };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
