import type {
  AddClientIDToOpenIDConnectProviderCommandInput,
  AddClientIDToOpenIDConnectProviderCommandOutput,
  CreateOpenIDConnectProviderCommandInput,
  CreateOpenIDConnectProviderCommandOutput,
  DeleteOpenIDConnectProviderCommandInput,
  DeleteOpenIDConnectProviderCommandOutput,
  GetOpenIDConnectProviderCommandInput,
  GetOpenIDConnectProviderCommandOutput,
  ListOpenIDConnectProvidersCommandInput,
  ListOpenIDConnectProvidersCommandOutput,
  ListOpenIDConnectProviderTagsCommandInput,
  ListOpenIDConnectProviderTagsCommandOutput,
  RemoveClientIDFromOpenIDConnectProviderCommandInput,
  RemoveClientIDFromOpenIDConnectProviderCommandOutput,
  TagOpenIDConnectProviderCommandInput,
  TagOpenIDConnectProviderCommandOutput,
  UntagOpenIDConnectProviderCommandInput,
  UntagOpenIDConnectProviderCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { alreadyExists, type IamState, iamPage } from "./iam-state.ts";
import { tagList, withoutTags, withTags } from "./names.ts";

/** IAM quotas: providers per account, client ids per provider. */
const PROVIDERS_MAX = 100;
const CLIENT_IDS_MAX = 100;

export function oidcProviderHandlers(iam: IamState): HandlerMap {
  return {
    CreateOpenIDConnectProvider: createProvider(iam),
    GetOpenIDConnectProvider: getProvider(iam),
    ListOpenIDConnectProviders: listProviders(iam),
    DeleteOpenIDConnectProvider: deleteProvider(iam),
    AddClientIDToOpenIDConnectProvider: addClientId(iam),
    RemoveClientIDFromOpenIDConnectProvider: removeClientId(iam),
    TagOpenIDConnectProvider: tagProvider(iam),
    UntagOpenIDConnectProvider: untagProvider(iam),
    ListOpenIDConnectProviderTags: listProviderTags(iam),
  };
}

function createProvider(
  iam: IamState,
): Handler<CreateOpenIDConnectProviderCommandInput, CreateOpenIDConnectProviderCommandOutput> {
  return (input) => {
    const given = input.Url ?? "";
    const parsed = URL.canParse(given) ? new URL(given) : undefined;
    if (parsed?.protocol !== "https:" || parsed.search !== "" || parsed.hash !== "")
      throw new AwsError("ValidationError", "Invalid Open ID Connect Provider URL", 400);
    const url = given.replace(/^https:\/\//, "").replace(/\/$/, "");
    const arn = iam.arn("oidc-provider", `/${url}`);
    if (iam.oidcProviders.has(arn)) alreadyExists(`Provider with url https://${url} already exists.`);
    if (iam.oidcProviders.size >= PROVIDERS_MAX)
      throw new AwsError("LimitExceeded", `Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${PROVIDERS_MAX}`);
    for (const thumbprint of input.ThumbprintList ?? [])
      if (!/^[0-9a-fA-F]{40}$/.test(thumbprint))
        throw new AwsError("InvalidInput", `Thumbprint ${JSON.stringify(thumbprint)} must have 40 hexadecimal digits.`);
    iam.oidcProviders.put(arn, {
      arn,
      url,
      clientIds: input.ClientIDList ?? [],
      thumbprints: input.ThumbprintList ?? [],
      createdAt: iam.now(),
      tags: withTags([], input.Tags),
    });
    return { OpenIDConnectProviderArn: arn, Tags: input.Tags };
  };
}

function getProvider(
  iam: IamState,
): Handler<GetOpenIDConnectProviderCommandInput, GetOpenIDConnectProviderCommandOutput> {
  return (input) => {
    const provider = iam.oidcProvider(input.OpenIDConnectProviderArn);
    return {
      Url: provider.url,
      ClientIDList: [...provider.clientIds],
      ThumbprintList: [...provider.thumbprints],
      CreateDate: new Date(provider.createdAt),
      Tags: tagList(provider.tags),
    };
  };
}

function listProviders(
  iam: IamState,
): Handler<ListOpenIDConnectProvidersCommandInput, ListOpenIDConnectProvidersCommandOutput> {
  return () => ({ OpenIDConnectProviderList: [...iam.oidcProviders.values()].map(({ arn }) => ({ Arn: arn })) });
}

/** Deleting an unknown provider succeeds, as IAM documents. */
function deleteProvider(
  iam: IamState,
): Handler<DeleteOpenIDConnectProviderCommandInput, DeleteOpenIDConnectProviderCommandOutput> {
  return (input) => {
    iam.oidcProviders.delete(input.OpenIDConnectProviderArn ?? "");
    return {};
  };
}

function addClientId(
  iam: IamState,
): Handler<AddClientIDToOpenIDConnectProviderCommandInput, AddClientIDToOpenIDConnectProviderCommandOutput> {
  return (input) => {
    const provider = iam.oidcProvider(input.OpenIDConnectProviderArn);
    const clientIds = [...new Set([...provider.clientIds, input.ClientID ?? ""])];
    if (clientIds.length > CLIENT_IDS_MAX)
      throw new AwsError(
        "LimitExceeded",
        `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${CLIENT_IDS_MAX}`,
      );
    iam.oidcProviders.put(provider.arn, { ...provider, clientIds });
    return {};
  };
}

function removeClientId(
  iam: IamState,
): Handler<RemoveClientIDFromOpenIDConnectProviderCommandInput, RemoveClientIDFromOpenIDConnectProviderCommandOutput> {
  return (input) => {
    const provider = iam.oidcProvider(input.OpenIDConnectProviderArn);
    const clientIds = provider.clientIds.filter((clientId) => clientId !== input.ClientID);
    iam.oidcProviders.put(provider.arn, { ...provider, clientIds });
    return {};
  };
}

function tagProvider(
  iam: IamState,
): Handler<TagOpenIDConnectProviderCommandInput, TagOpenIDConnectProviderCommandOutput> {
  return (input) => {
    const provider = iam.oidcProvider(input.OpenIDConnectProviderArn);
    iam.oidcProviders.put(provider.arn, { ...provider, tags: withTags(provider.tags, input.Tags) });
    return {};
  };
}

function untagProvider(
  iam: IamState,
): Handler<UntagOpenIDConnectProviderCommandInput, UntagOpenIDConnectProviderCommandOutput> {
  return (input) => {
    const provider = iam.oidcProvider(input.OpenIDConnectProviderArn);
    iam.oidcProviders.put(provider.arn, { ...provider, tags: withoutTags(provider.tags, input.TagKeys) });
    return {};
  };
}

function listProviderTags(
  iam: IamState,
): Handler<ListOpenIDConnectProviderTagsCommandInput, ListOpenIDConnectProviderTagsCommandOutput> {
  return (input) => {
    const { items, rest } = iamPage(iam.oidcProvider(input.OpenIDConnectProviderArn).tags, input, (tag) => tag.Key);
    return { Tags: [...items], ...rest };
  };
}
