import type {
  GetParameterCommandInput,
  GetParameterCommandOutput,
  GetParametersByPathCommandInput,
  GetParametersByPathCommandOutput,
  GetParametersCommandInput,
  GetParametersCommandOutput,
  Parameter,
} from "@aws-sdk/client-ssm";
import { type KnownImage, KUBERNETES_VERSIONS, knownImages } from "../images.ts";
import { pageOf } from "../state/pages.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";

/** The public parameters that name the EKS images (aws-apis.md §7). There are no private ones. */
export function createSsm(options: { readonly region: string }): { readonly handlers: HandlerMap } {
  const parameters = new Map(
    KUBERNETES_VERSIONS.flatMap(knownImages).flatMap((image) => parametersOf(image, options.region)),
  );
  const getParameter: Handler<GetParameterCommandInput, GetParameterCommandOutput> = ({ Name = "" }) => {
    const found = parameters.get(nameOf(Name));
    if (found === undefined) throw new AwsError("ParameterNotFound", `Parameter ${Name} not found.`);
    return { Parameter: found };
  };
  const getParameters: Handler<GetParametersCommandInput, GetParametersCommandOutput> = ({ Names = [] }) => ({
    Parameters: Names.map((name) => parameters.get(nameOf(name))).filter((parameter) => parameter !== undefined),
    InvalidParameters: Names.filter((name) => !parameters.has(nameOf(name))),
  });
  const getParametersByPath: Handler<GetParametersByPathCommandInput, GetParametersByPathCommandOutput> = (input) => {
    const page = pageOf(below([...parameters.values()], input.Path ?? "/", input.Recursive === true), {
      key: ({ Name }) => Name ?? "",
      token: input.NextToken,
      size: Math.min(input.MaxResults ?? PAGE_SIZE_MAX, PAGE_SIZE_MAX),
      query: [input.Path, input.Recursive],
      invalidToken: () => new AwsError("InvalidNextToken", "The specified token isn't valid."),
    });
    return { Parameters: [...page.items], NextToken: page.nextToken };
  };
  return {
    handlers: { GetParameter: getParameter, GetParameters: getParameters, GetParametersByPath: getParametersByPath },
  };
}

const PAGE_SIZE_MAX = 10;

/** A parameter may be asked for by ARN. */
const nameOf = (nameOrArn: string): string => nameOrArn.replace(/^arn:[^:]*:ssm:[^:]*:[^:]*:parameter/, "");

function below(parameters: readonly Parameter[], path: string, recursive: boolean): readonly Parameter[] {
  const prefix = path.endsWith("/") ? path : `${path}/`;
  return parameters.filter(
    ({ Name = "" }) => Name.startsWith(prefix) && (recursive || !Name.slice(prefix.length).includes("/")),
  );
}

/** `recommended` and, for EKS images, the fixed release that it stands for. */
function parametersOf(image: KnownImage, region: string): readonly (readonly [string, Parameter])[] {
  const fixed = image.parameterPath.replace("/recommended/", `/${image.name}/`);
  return [...new Set([image.parameterPath, fixed])].map((Name) => [
    Name,
    {
      Name,
      Type: "String",
      Value: image.imageId,
      Version: 1,
      LastModifiedDate: new Date(image.creationDate),
      ARN: `arn:aws:ssm:${region}::parameter${Name}`,
      DataType: "text",
    },
  ]);
}
