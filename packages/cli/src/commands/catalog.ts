import { Command } from "commander";
import { outputOption } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";

const SHOW_HELP = `
Examples:
  nodeless catalog show
  nodeless catalog show --region us-east-1 --family m7g,c7g -o wide
  nodeless catalog show -o json > mine.json        the form that \`nodeless plan --catalog mine.json\` reads
  nodeless catalog show --catalog mine.json        what stands in a catalogue of your own, or what is wrong with it

Prices with ~ are estimates. SPOT is the cheapest zone's.
`;

const REFRESH_HELP = `
Examples:
  nodeless catalog refresh --region us-east-1
  eval "$(nodeless env)"; nodeless catalog refresh      from the local AWS of \`nodeless up\`
  nodeless catalog refresh --reset                      back to the built-in catalogue

Asks DescribeInstanceTypes, DescribeInstanceTypeOfferings, DescribeAvailabilityZones, DescribeSpotPriceHistory and GetProducts with the
credentials of the environment, and stores the answers for the region. \`nodeless plan\` and \`nodeless catalog show\` then use them.
`;

export interface CatalogShowFlags {
  readonly region?: string;
  readonly family?: string;
  readonly catalog?: string;
  readonly output: "table" | "wide" | "json" | "yaml";
}

export interface CatalogRefreshFlags {
  readonly region?: string;
  readonly reset: boolean;
}

/** `nodeless catalog`: what can be bought, at what price, and how old that knowledge is. */
export function catalogCommand(terminal: Terminal): Command {
  return new Command("catalog")
    .description("Show instance types and prices, or ask AWS for today's.")
    .addHelpText(
      "after",
      "\nExamples:\n  nodeless catalog show --family m7g\n  nodeless catalog refresh --region us-east-1\n",
    )
    .addCommand(showCommand(terminal))
    .addCommand(refreshCommand(terminal));
}

function showCommand(terminal: Terminal): Command {
  return new Command("show")
    .description("Show instance types and prices of a region; no account needed.")
    .option("--region <region>", "AWS region (default: AWS_REGION, else ap-northeast-2)")
    .option("--family <list>", "only these instance families: m7g,c7g")
    .option("--catalog <file>", "show a JSON file instead")
    .addOption(outputOption("table", "wide", "json", "yaml"))
    .addHelpText("after", SHOW_HELP)
    .action(async (flags: CatalogShowFlags) => (await import("./catalog-show.ts")).showCatalog(terminal, flags));
}

function refreshCommand(terminal: Terminal): Command {
  return new Command("refresh")
    .description("Ask AWS what a region sells now, at what price, and use that instead of the built-in catalogue.")
    .option("--region <region>", "AWS region (default: AWS_REGION, else ap-northeast-2)")
    .option("--reset", "forget what was asked: of the region given, else of all", false)
    .addHelpText("after", REFRESH_HELP)
    .action(async (flags: CatalogRefreshFlags) =>
      (await import("./catalog-refresh.ts")).refreshCatalog(terminal, flags),
    );
}
