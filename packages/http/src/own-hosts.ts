/**
 * The hosts that Seamkit's other kits may be told to use: their external servers, and a container
 * engine elsewhere. Refusing those would make boundaries exclude each other.
 */
export function ownHosts(env: NodeJS.ProcessEnv): string[] {
  const hosts = [env.TESTCONTAINERS_HOST_OVERRIDE];
  for (const [name, value = ''] of Object.entries(env)) {
    const told = name === 'DOCKER_HOST' || /^SEAMKIT_\w+_URL$/.test(name);
    if (told && URL.canParse(value)) hosts.push(new URL(value).hostname);
  }
  return hosts.filter((host) => host !== undefined && host !== '') as string[];
}
