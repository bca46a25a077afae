/**
 * The contract's rest, for servers that are several containers: the Compose kit, and what other kits
 * owe to it.
 */
import type {
  ContainerContext,
  Endpoint,
  ProcessContext,
  Program,
  SpawnOptions,
  StartContext,
} from './contract';

/**
 * What takes a service as a kit's server, to be used like an external one (`ServerModule.adopt`):
 * resolves to its endpoint once it answers, whatever it thinks of the credentials. Those are what the
 * service's image made of `env`; a server that is wanted without is a wrong option, and that is for
 * the driver to say.
 */
export type Adopt = (service: Service, ctx: StartContext) => Promise<Endpoint>;

/**
 * A container that is part of another boundary's server: a service of a Compose file, say. Such a
 * boundary has them in its endpoint, by name: `services: { [name]: ServiceFacts }`.
 */
export interface Service extends Omit<ServiceFacts, 'ports'> {
  name: string;
  /** Where a TCP port of the container answers on `host`. @throws SeamkitError `OPTION_INVALID` where it is not published */
  port(inside: number): number;
}

/** What is known of a service: plain data. */
export type ServiceFacts = {
  image: string;
  /** All environment variables of the container, the image's own too. */
  env: { [name: string]: string };
  /** Its arguments. */
  command: string[];
  host: string;
  /** TCP ports of the container, and where each answers on `host`. */
  ports: { [inside: string]: number };
};

/** What a kit's `container` gets, where its server is several containers made by a program that knows how. */
export interface StackContext extends ContainerContext {
  /** The container engine. @throws SeamkitError `RUNTIME_UNAVAILABLE` */
  engine(): Promise<Engine>;
  /**
   * Pulls an image if it is missing: shown, with its own deadline. Resolves to the name it has on
   * the engine. @throws SeamkitError `DOWNLOAD_FAILED`
   */
  pull(image: string, platform?: string): Promise<string>;
  /** As in a process' context. */
  program: ProcessContext['program'];
  /**
   * Runs a program to its end, as this user, with no environment but `env`. It is killed with the
   * keeper, and when the start fails. Resolves to its standard output; throws `START_FAILED` with
   * its error output, which also goes to the log.
   */
  run(program: Program, args: readonly string[], options?: RunOptions): Promise<string>;
  /**
   * Every container, network and volume with this label (`key=value`) goes when the server stops,
   * and when the keeper dies. Call it before the first of them is made.
   */
  own(label: string): void;
  /** Says that the server ended by itself: what is left of it is removed, and the next boundary gets a new one. */
  ended(how: string): void;
}

/** The container engine, through the client that Testcontainers ships. */
export interface Engine {
  /** Testcontainers' client: `image`, `container`, … */
  client: any;
  /** Its containers' ports are this machine's, so 127.0.0.1 reaches them. */
  local: boolean;
}

export interface RunOptions extends SpawnOptions {
  /** For its standard input. Default: none. */
  input?: string;
  /** Called with each line of its error output. */
  onLine?(line: string): void;
}
