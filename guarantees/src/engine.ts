import Docker from 'dockerode';

/** What belongs to containers of ours, by id or name. */
export interface EngineThings {
  containers: string[];
  networks: string[];
  volumes: string[];
}

const ofTheEngine = ['bridge', 'host', 'none'];

/** A container engine, seen from outside: never through the client that Seamkit uses. */
export class Engine {
  readonly docker: Docker;

  /** @param host as DOCKER_HOST: `unix:///…` or `tcp://host:port` */
  constructor(host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock') {
    const { protocol, pathname, hostname, port } = new URL(host);
    this.docker = new Docker(
      protocol === 'unix:'
        ? { socketPath: pathname }
        : { protocol: 'http', host: hostname, port: Number(port) },
    );
  }

  answers(): Promise<boolean> {
    return this.docker.ping().then(
      () => true,
      () => false,
    );
  }

  /** The containers of a run, stopped ones too, and what hangs on them. */
  async ownedBy(owner: string): Promise<EngineThings> {
    const filters = { label: [`seamkit.owner=${owner}`] };
    const [containers, networks, volumes] = await Promise.all([
      this.docker.listContainers({ all: true, filters }),
      this.docker.listNetworks({ filters }),
      this.docker.listVolumes({ filters }),
    ]);
    const attached = containers.flatMap(({ NetworkSettings, Mounts }) => ({
      networks: Object.keys(NetworkSettings.Networks).filter((name) => !ofTheEngine.includes(name)),
      volumes: Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : [])),
    }));
    return {
      containers: containers.map(({ Id }) => Id),
      networks: [...networks.map(({ Id }) => Id), ...attached.flatMap(({ networks }) => networks)],
      volumes: [
        ...volumes.Volumes.map(({ Name }) => Name),
        ...attached.flatMap(({ volumes }) => volumes),
      ],
    };
  }

  /** Those of `things` that are there, as words. */
  async remaining(things: EngineThings): Promise<string[]> {
    const { docker } = this;
    const there = (kind: string, name: string, inspect: () => Promise<unknown>) =>
      inspect().then(
        () => [`${kind} ${name}`],
        (error) => {
          if (error.statusCode === 404) return [];
          throw error;
        },
      );
    const found = await Promise.all([
      ...things.containers.map((id) =>
        there('container', id, () => docker.getContainer(id).inspect()),
      ),
      ...things.networks.map((id) => there('network', id, () => docker.getNetwork(id).inspect())),
      ...things.volumes.map((id) => there('volume', id, () => docker.getVolume(id).inspect())),
    ]);
    return found.flat();
  }
}
