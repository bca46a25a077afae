/** Resolves to the parsed answer, or undefined where there is no such thing (404). */
export type Call = (method: string, path: string, body?: unknown) => Promise<any>;

/** The system's client. A kit for a real system has that system's client library in its place. */
export function callerOf(url: string): Call {
  const { origin, username, password } = new URL(url);
  const authorization = `Basic ${btoa(`${username}:${password}`)}`;
  return async (method, path, body) => {
    const response = await fetch(`${origin}/${path}`, {
      method,
      body: JSON.stringify(body),
      headers: { authorization },
    });
    if (response.ok) return response.json();
    if (response.status === 404) return undefined;
    const { status } = response;
    throw Object.assign(new Error(`${method} /${path} was answered with ${status}`), { status });
  };
}
