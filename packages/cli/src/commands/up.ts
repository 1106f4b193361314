import { mkdir, open } from "node:fs/promises";
import {
  AlreadyRunningError,
  acquireLock,
  hasRememberedFile,
  type LocalCluster,
  type LocalClusterOptions,
  lockHolder,
  readRuntime,
  rememberedFile,
  rememberFile,
  type StatePaths,
  startLocalCluster,
  statePaths,
} from "@nodeless/cluster";
import {
  type ClusterFile,
  clusterSpec,
  DEFAULT_CLUSTER_NAME,
  parseClusterFile,
  type SpecNotice,
} from "@nodeless/eks/spec";
import { jsonLogger, systemClock, systemRandom } from "@nodeless/environment";
import { Command, Option } from "commander";
import { CommandError, UsageError } from "../exit-codes.ts";
import { inputName, readInputFile } from "../input-file.ts";
import { progressLine, progressPrinter, slowNotice } from "../output/progress.ts";
import { styled, type Terminal } from "../terminal.ts";
import { VERSION } from "../version.ts";
import { runDetached } from "./detach.ts";
import { interruptible } from "./interruption.ts";
import { stateHome, userKubeconfig } from "./local-state.ts";
import { nextSteps } from "./next-steps.ts";

interface UpOptions {
  readonly file?: string;
  readonly name?: string;
  readonly detach: boolean;
  readonly realistic: boolean;
  readonly kubernetesPort?: string;
  readonly awsPort?: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

const HELP = `
Examples:
  nodeless up
  nodeless up -f cluster.yaml --detach
  kubectl kustomize . | nodeless up -f - --name demo

State is kept in ~/.nodeless/NAME (NODELESS_HOME changes that) and taken up again by the next up of the same name.
No container runs and no money is spent: containers are simulated, and say so in their logs.
`;

/** `nodeless up`: builds and runs a whole cluster in this process. */
export function upCommand(terminal: Terminal): Command {
  return new Command("up")
    .description("Run a local cluster: EKS, Fargate, EC2 and the Kubernetes API in one process.")
    .option("-f, --file <file>", "eksctl ClusterConfig and manifests; - reads standard input")
    .option("--name <name>", "name of the local cluster (default: the file's metadata.name, else nodeless)")
    .option("--detach", "return when it is ready and go on in the background", false)
    .option("--realistic", "take as long as AWS does instead of compressed times", false)
    .option("--kubernetes-port <port>", "port of the Kubernetes API (default: 6443, else a free one)")
    .option("--aws-port <port>", "port of the AWS API (default: 4566, else a free one)")
    .addOption(
      new Option("--log-level <level>", "debug, info, warn or error; logs go to the state directory")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .addHelpText("after", HELP)
    .action((options: UpOptions) => (options.detach ? detach(terminal, options) : run(terminal, options)));
}

interface Input {
  readonly name: string;
  readonly paths: StatePaths;
  readonly file: ClusterFile | undefined;
  readonly text: string | undefined;
}

async function readInput(terminal: Terminal, options: UpOptions): Promise<Input> {
  if (options.file === undefined) {
    const name = options.name ?? DEFAULT_CLUSTER_NAME;
    const paths = statePaths(stateHome(terminal), name);
    const remembered = await rememberedFile(paths);
    return {
      name,
      paths,
      text: undefined,
      file: remembered === undefined ? undefined : parseClusterFile(remembered.text, remembered.file),
    };
  }
  const text = await readInputFile(terminal, options.file);
  const file = parseClusterFile(text, inputName(options.file));
  const name = options.name ?? file.config?.metadata?.name?.toLowerCase() ?? DEFAULT_CLUSTER_NAME;
  return { name, paths: statePaths(stateHome(terminal), name), file, text };
}

async function run(terminal: Terminal, options: UpOptions): Promise<void> {
  const started = systemClock.monotonicMs();
  const ports = requestedPorts(options);
  const input = await readInput(terminal, options);
  const { name, paths } = input;
  const before = await readRuntime(paths);
  const { spec, notices } = clusterSpec(input.file, {
    name,
    region: before?.region ?? terminal.environment["AWS_REGION"] ?? terminal.environment["AWS_DEFAULT_REGION"],
  });
  if (before !== undefined && before.region !== spec.region)
    throw new CommandError(
      `${name} lives in ${before.region}, the file asks for ${spec.region}: start another with --name, or forget this one with \`nodeless down --name ${name} --delete\``,
    );
  const lock = await acquireLock(paths.lock, name, systemClock.now());
  using interruption = interruptible();
  try {
    const rememberInput = await remembering(input);
    announce(terminal, { name, realistic: options.realistic, notices });
    await using log = await open(paths.log, "a", 0o600);
    const cluster = await startLocalCluster({
      name,
      paths,
      spec,
      realistic: options.realistic,
      ports,
      kubeconfigPath: userKubeconfig(terminal),
      clock: systemClock,
      random: systemRandom,
      logger: jsonLogger({
        write: (line) => void log.appendFile(line).catch(() => {}),
        now: () => systemClock.now(),
        minimumLevel: options.logLevel,
      }),
      onEvent: progressPrinter(terminal),
      onApiReady: (endpoint) =>
        progressLine(terminal, "Kubernetes API answers", endpoint, systemClock.monotonicMs() - started),
      signal: interruption.signal,
    });
    try {
      await rememberInput();
      progressLine(terminal, "ready", cluster.runtime.kubernetesEndpoint, systemClock.monotonicMs() - started);
      const pods = await systemPods(terminal, cluster, interruption.signal);
      progressLine(terminal, "system pods", `${pods} Running on Fargate`, systemClock.monotonicMs() - started);
      terminal.err(nextSteps(cluster.runtime, terminal.command));
      // The parent of --detach may be gone by now.
      if (process.connected) process.send?.({ kind: "ready" });
      await interruption.interrupted;
      terminal.err(`\nstopping ${name}; its state is kept in ${paths.directory}\n`);
    } finally {
      await cluster.close();
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    terminal.err(`\nstopped ${name} before it was ready; the same command goes on from there\n`);
  } finally {
    await lock.release();
  }
  process.exitCode = interruption.exitCode();
}

/**
 * Keeps the file for a later `up` without -f: at once for a new cluster, so that a first start that breaks off can go on; else when
 * the returned function is called, so that a file that is refused does not replace the one that works.
 */
async function remembering({ paths, file, text }: Input): Promise<() => Promise<void>> {
  if (text === undefined || file === undefined) return async () => {};
  const keep = (): Promise<void> => rememberFile(paths, { file: file.file, text });
  if ((await hasRememberedFile(paths)) || (await readRuntime(paths)) !== undefined) return keep;
  await keep();
  return async () => {};
}

async function systemPods(terminal: Terminal, cluster: LocalCluster, signal: AbortSignal): Promise<number> {
  using _notice = slowNotice(
    terminal,
    "system pods",
    `not all Running yet: \`kubectl --context ${cluster.runtime.context} get pods,events -A\` says why`,
  );
  return await cluster.systemPodsRunning(signal);
}

function announce(
  terminal: Terminal,
  { name, realistic, notices }: { name: string; realistic: boolean; notices: readonly SpecNotice[] },
): void {
  const times = realistic ? "times are those of AWS" : "times are compressed (--realistic for those of AWS)";
  terminal.err(
    `nodeless ${VERSION}: local cluster ${styled(terminal, "bold", name)}; containers are simulated, nothing is paid, ${times}\n`,
  );
  for (const { message } of notices) terminal.err(`  ${styled(terminal, "yellow", "!")} ${message}\n`);
}

/** Throws UsageError before anything is touched. */
function requestedPorts(options: UpOptions): LocalClusterOptions["ports"] {
  return {
    kubernetes: port(options.kubernetesPort, "--kubernetes-port"),
    aws: port(options.awsPort, "--aws-port"),
  };
}

function port(value: string | undefined, option: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new UsageError(`${option}: ${JSON.stringify(value)} is not a port number (0 picks a free one)`);
  return number;
}

/** Starts the same command again without --detach, shows its progress, and returns when it is ready. */
async function detach(terminal: Terminal, options: UpOptions): Promise<void> {
  requestedPorts(options);
  const { name, paths, text } = await readInput(terminal, options);
  const holder = await lockHolder(paths.lock);
  if (holder !== undefined) throw new AlreadyRunningError(name, holder);
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  const pid = await runDetached(terminal, {
    name,
    args: ["up", "--name", name, ...childOptions(options)],
    input: options.file === "-" ? text : undefined,
    outputPath: `${paths.directory}/output.log`,
    logPath: paths.log,
  });
  if (pid !== undefined)
    terminal.err(
      `${name} goes on as process ${pid}; stop it with \`${terminal.command} down${name === DEFAULT_CLUSTER_NAME ? "" : ` --name ${name}`}\`\n`,
    );
}

function childOptions(options: UpOptions): readonly string[] {
  return [
    ...(options.file === undefined ? [] : ["-f", options.file]),
    ...(options.realistic ? ["--realistic"] : []),
    ...(options.kubernetesPort === undefined ? [] : ["--kubernetes-port", options.kubernetesPort]),
    ...(options.awsPort === undefined ? [] : ["--aws-port", options.awsPort]),
    "--log-level",
    options.logLevel,
  ];
}
