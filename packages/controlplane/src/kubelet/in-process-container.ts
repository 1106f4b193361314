import type { Container, Pod } from "@nodeless/api";
import { SERVICE_ACCOUNTS } from "@nodeless/api";
import { type Clock, describeError } from "@nodeless/environment";
import type { KubernetesClient } from "@nodeless/runtime";
import type { LogLine } from "./container-log.ts";
import type { InProcessImage } from "./contract.ts";

/** How a container's code ended. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly message?: string;
}

/** Lines kept per container: a screenful of history, bounded however chatty the code is. */
const LOG_LINES_MAX = 1_000;
/** Expiry asked for in tokens; they are fetched anew for each use. */
const TOKEN_SECONDS = 3_600;

/** What a container of an in-process image is started with. */
export interface InProcessStart {
  readonly image: InProcessImage;
  readonly pod: Pod;
  readonly container: Container;
  readonly env: ReadonlyMap<string, string>;
  readonly client: KubernetesClient;
  /** Lines of earlier runs, so that `kubectl logs` tells the whole story. */
  readonly previousLines: readonly LogLine[];
  readonly clock: Clock;
}

/** The part of an authentication.k8s.io/v1 TokenRequest that comes back. */
interface TokenAnswer {
  readonly status?: { readonly token?: string };
}

/** Code of an in-process image that runs as one container. */
export class InProcessContainer {
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  readonly #lines: LogLine[];
  /** Settles when the code has ended; never rejects. */
  readonly exited: Promise<ContainerExit>;

  /** Starts at once. */
  constructor(start: InProcessStart) {
    this.#clock = start.clock;
    this.#lines = [...start.previousLines];
    this.exited = this.#run(start);
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Asks the code to end; `exited` tells when it has. */
  stop(reason: string): void {
    this.#stop.abort(new Error(reason));
  }

  async #run(start: InProcessStart): Promise<ContainerExit> {
    const { signal } = this.#stop;
    const { image, pod, container, env } = start;
    try {
      await image.run({
        pod,
        container,
        env,
        signal,
        log: (line) => this.#log(line),
        serviceAccountToken: (audience) => this.#token(start, audience),
      });
      return { exitCode: 0 };
    } catch (error) {
      // Code that was told to stop ends with the reason it was given; that is an orderly end.
      if (signal.aborted) return { exitCode: 0 };
      this.#log(describeError(error));
      return { exitCode: 1, message: describeError(error) };
    }
  }

  #log(text: string): void {
    const sequence = (this.#lines.at(-1)?.sequence ?? 0) + 1;
    this.#lines.push({ at: this.#clock.now(), text, sequence });
    if (this.#lines.length > LOG_LINES_MAX) this.#lines.splice(0, this.#lines.length - LOG_LINES_MAX);
  }

  /** What the projected token volume would hold, bound to the pod so that it dies with it. */
  async #token({ pod, client }: InProcessStart, audience: string): Promise<string> {
    const { namespace, name, uid } = pod.metadata;
    const request = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        ...(audience === "" ? {} : { audiences: [audience] }),
        expirationSeconds: TOKEN_SECONDS,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const account = { namespace, name: pod.spec.serviceAccountName ?? "default" };
    const answer = await client
      .resource(SERVICE_ACCOUNTS)
      .createSubresource<TokenAnswer>(account, "token", request, { signal: this.#stop.signal });
    return answer.status?.token ?? "";
  }
}
