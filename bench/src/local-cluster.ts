import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubernetesClient, httpsTransport, type KubernetesClient } from "@nodeless/runtime";

const BIN = new URL("../../packages/cli/bin/nodeless.js", import.meta.url).pathname;

/** `nodeless up` as a user runs it, and a client on its socket. */
export interface MeasuredCluster {
  readonly client: KubernetesClient;
  /** From the start of the process to its word that the Kubernetes API answers. */
  readonly apiReadyMs: number;
  /** From the start of the process to the line `ready`: every step is through. */
  readonly readyMs: number;
  /** From the start of the process to every system pod Running. */
  readonly systemPodsMs: number;
  residentMiB(): number;
  stop(): Promise<void>;
  /** Also removes the state. */
  delete(): Promise<void>;
}

/** A directory for the state of several starts. */
export function newHome(): string {
  return mkdtempSync(join(tmpdir(), "nodeless-bench-"));
}

/** Starts it in `home`; a second start in the same home takes up the state of the first. */
export async function startMeasured(home: string, file?: string): Promise<MeasuredCluster> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      BIN,
      "up",
      "--name",
      "bench",
      "--kubernetes-port",
      "0",
      "--aws-port",
      "0",
      ...(file === undefined ? [] : ["-f", file]),
    ],
    {
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        NODELESS_HOME: join(home, "state"),
        KUBECONFIG: join(home, "kubeconfig"),
        NO_COLOR: "1",
      },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    },
  );
  let output = "";
  let apiReadyMs = 0;
  let readyMs = 0;
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (apiReadyMs === 0 && /✔ Kubernetes API answers/.test(output)) apiReadyMs = performance.now() - started;
    if (readyMs === 0 && /✔ ready/.test(output)) readyMs = performance.now() - started;
  });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`nodeless up ended with ${code}:\n${output}`)));
  });
  const systemPodsMs = performance.now() - started;
  const runtime = JSON.parse(readFileSync(join(home, "state/bench/runtime.json"), "utf8")) as {
    kubernetesEndpoint: string;
    clusterName: string;
  };
  const { certificates } = JSON.parse(
    readFileSync(join(home, `state/bench/clusters/${runtime.clusterName}/credentials.json`), "utf8"),
  ) as {
    certificates: { caCertificate: string; adminCertificate: string; adminKey: string };
  };
  const transport = httpsTransport({
    url: runtime.kubernetesEndpoint,
    ca: certificates.caCertificate,
    clientCertificate: certificates.adminCertificate,
    clientKey: certificates.adminKey,
  });
  const stop = async (): Promise<void> => {
    await transport[Symbol.asyncDispose]();
    await end(child);
  };
  return {
    client: createKubernetesClient({ transport }),
    apiReadyMs,
    readyMs,
    systemPodsMs,
    residentMiB: () => residentMiB(child.pid ?? 0),
    stop,
    async delete() {
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

/** VmRSS of proc(5); 0 where the system does not show it. */
function residentMiB(pid: number): number {
  try {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Math.round(Number(line?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
