import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { builtInCatalog, parseCatalogDocument } from "@nodeless/instance-types";
import { kubectlPath } from "../support/kubectl.ts";
import { type CommandResult, dispose, type RunningNodeless, runNodeless, startNodeless } from "../support/nodeless.ts";

const REGION = "ap-northeast-2";
const POD = `
apiVersion: v1
kind: Pod
metadata: { name: one, namespace: default }
spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: 500m, memory: 512Mi } } }] }
`;
const skip = (await kubectlPath()) === undefined;

describe("the catalogue asked of a running local AWS", { skip }, () => {
  let nodeless: RunningNodeless;
  let environment: Record<string, string> = {};
  const run = (args: string, input?: string): Promise<CommandResult> =>
    runNodeless(nodeless.home, args.split(" "), input, environment);

  before(async () => {
    nodeless = await startNodeless();
    const { stdout } = await nodeless.nodeless("env --name e2e");
    const lines = [...stdout.matchAll(/^export (\w+)='(.*)'$/gm)];
    environment = Object.fromEntries(lines.map(([, key = "", value = ""]) => [key, value]));
  });
  after(() => dispose(nodeless));

  test("refresh tells who asks and what came, and stores what the built-in catalogue says", async () => {
    const { exitCode, stdout, stderr } = await run("catalog refresh");
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`^AWS account \\d{12}, region ${REGION}, endpoint http://127`));
    for (const question of ["zones", "instance types", "zones of types", "on-demand prices", "spot prices"])
      assert.match(stderr, new RegExp(`${question} +\\d+ `));
    const shown = parseCatalogDocument((await run("catalog show -o json")).stdout, "stdout");
    assert.deepEqual(shown.instanceTypes, builtInCatalog(REGION).instanceTypes);
    assert.match(shown.exactness[0] ?? "", /a local AWS repeats the built-in catalogue/);
  });

  test("plan uses it and says so, until it is forgotten", async () => {
    const source = async (): Promise<string> => JSON.parse((await run("plan -f - -o json", POD)).stdout).catalog.source;
    assert.equal(await source(), "refreshed");
    assert.equal((await run("catalog refresh --reset")).exitCode, 0);
    assert.equal(await source(), "built-in");
  });

  test("a region that the local AWS is not of is refused", async () => {
    const { exitCode, stderr } = await run("catalog refresh --region us-east-1");
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`cannot refresh the catalogue of us-east-1: .*the answers are those of ${REGION}`));
  });

  test("without an account there is one sentence", async () => {
    environment = { ...environment, AWS_ACCESS_KEY_ID: "AKIAUNKNOWN00000000", AWS_ENDPOINT_URL: "http://127.0.0.1:9" };
    const { exitCode, stderr } = await run("catalog refresh");
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^error: AWS does not know who you are: .*; set up credentials, or use the built-in catalogue\n$/,
    );
  });
});
