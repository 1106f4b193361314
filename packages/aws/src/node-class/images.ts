import { DescribeImagesCommand, type DescribeImagesCommandInput, type Image } from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import type { AmiSelectorTerm, NodeSelectorRequirement } from "@nodeless/api";
import { parseImageAlias } from "@nodeless/instance-types";
import { allPages } from "../aws-calls.ts";
import { isNotFound } from "../aws-errors.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { AwsCloudOptions } from "../options.ts";
import { aliasQueries } from "./image-aliases.ts";
import { tagFilters } from "./selector-filters.ts";

/** Source: Karpenter AWS provider, AMI cache and SSM cache. */
const IMAGES_LIFETIME_MS = 5 * 60_000;
const PARAMETERS_LIFETIME_MS = 24 * 60 * 60_000;

/** An image that nodes may be launched from. */
export interface NodeImage {
  readonly id: string;
  readonly name: string;
  /** What an instance type needs to run it. */
  readonly requirements: readonly NodeSelectorRequirement[];
}

type DatedImage = NodeImage & { readonly createdAt: string };

/** Images of selectors, remembered for five minutes. */
export class NodeImages {
  readonly #options: AwsCloudOptions;
  readonly #images: ExpiringCache<readonly NodeImage[]>;
  readonly #parameters: ExpiringCache<string | undefined>;

  constructor(options: AwsCloudOptions) {
    const { clock } = options;
    this.#options = options;
    this.#images = new ExpiringCache({ clock, lifetimeMs: IMAGES_LIFETIME_MS });
    this.#parameters = new ExpiringCache({ clock, lifetimeMs: PARAMETERS_LIFETIME_MS });
  }

  /** Images matching any term; of those with equal requirements the newest only. Newest first, ties by name. */
  select(terms: readonly AmiSelectorTerm[], kubernetesVersion: string): Promise<readonly NodeImage[]> {
    return this.#images.get(
      JSON.stringify([kubernetesVersion, terms]),
      async () => newestByRequirements(await this.#resolve(terms, kubernetesVersion)),
      (images) => images.length > 0,
    );
  }

  async #resolve(terms: readonly AmiSelectorTerm[], kubernetesVersion: string): Promise<DatedImage[]> {
    const found = await Promise.all(
      terms.map((term) => {
        if (term.alias !== undefined) return this.#byAlias(term.alias, kubernetesVersion);
        if (term.ssmParameter !== undefined) return this.#byParameter(term.ssmParameter);
        return this.#bySelector(term);
      }),
    );
    return found.flat();
  }

  async #byAlias(alias: string, kubernetesVersion: string): Promise<DatedImage[]> {
    const parsed = parseImageAlias(alias);
    if (parsed === undefined) return [];
    const queries = await Promise.all(
      aliasQueries(parsed, kubernetesVersion).map(async (query) => ({
        ...query,
        id: await this.#parameter(query.path),
      })),
    );
    const ids = queries.flatMap(({ id }) => (id === undefined ? [] : [id]));
    const images = new Map((await this.#byIds(ids)).map((image) => [image.ImageId, image]));
    return queries.flatMap(({ id, requirements }) => {
      const image = images.get(id);
      return image === undefined ? [] : [{ ...dated(image), requirements }];
    });
  }

  async #byParameter(path: string): Promise<DatedImage[]> {
    const id = await this.#parameter(path);
    return id === undefined ? [] : (await this.#byIds([id])).map(dated);
  }

  async #bySelector(term: AmiSelectorTerm): Promise<DatedImage[]> {
    if (term.id !== undefined) return (await this.#byIds([term.id])).map(dated);
    const Filters = [
      ...tagFilters(term.tags),
      ...(term.name === undefined ? [] : [{ Name: "name", Values: [term.name] }]),
    ];
    // Without an owner anybody's public image of that name would do: only ours and Amazon's are taken.
    const images = await this.#describe({
      Filters,
      Owners: term.owner === undefined ? ["self", "amazon"] : [term.owner],
    });
    return images.map(dated);
  }

  /** Ids as a filter, so that one that is gone is absent and not an error. */
  #byIds(ids: readonly string[]): Promise<Image[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.#describe({ Filters: [{ Name: "image-id", Values: [...new Set(ids)] }] });
  }

  async #describe(input: DescribeImagesCommandInput): Promise<Image[]> {
    const images = await allPages(async (token) => {
      const answer = await this.#options.clients.ec2.send(
        new DescribeImagesCommand({ ...input, IncludeDeprecated: true, NextToken: token }),
      );
      return { items: answer.Images, nextToken: answer.NextToken };
    });
    return images.filter((image) => image.State === "available");
  }

  #parameter(path: string): Promise<string | undefined> {
    return this.#parameters.get(
      path,
      async () => {
        try {
          const answer = await this.#options.clients.ssm.send(new GetParameterCommand({ Name: path }));
          return answer.Parameter?.Value;
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      },
      (value) => value !== undefined,
    );
  }
}

function dated(image: Image): DatedImage {
  const arch = image.Architecture === "arm64" ? "arm64" : "amd64";
  return {
    id: image.ImageId ?? "",
    name: image.Name ?? "",
    createdAt: image.CreationDate ?? "",
    requirements: [{ key: "kubernetes.io/arch", operator: "In", values: [arch] }],
  };
}

function newestByRequirements(images: readonly DatedImage[]): readonly NodeImage[] {
  const sorted = [...images].sort(
    (a, b) => compare(b.createdAt, a.createdAt) || compare(a.name, b.name) || compare(a.id, b.id),
  );
  const newest = new Map<string, NodeImage>();
  for (const { id, name, requirements } of sorted) {
    const key = JSON.stringify(requirements);
    if (!newest.has(key)) newest.set(key, { id, name, requirements });
  }
  return [...newest.values()];
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
