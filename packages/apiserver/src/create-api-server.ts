import { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from "@nodeless/environment";
import type { Store } from "@nodeless/storage";
import { AdmissionChain } from "./admission/admission-chain.ts";
import { builtInAdmission } from "./admission/built-in.ts";
import { Authentication } from "./auth/authenticate.ts";
import { type Authorizer, allowAuthenticated } from "./auth/authorizer.ts";
import { ServiceAccountTokens } from "./auth/service-account-tokens.ts";
import { bootstrap, keepKubernetesService } from "./bootstrap.ts";
import { ObjectCache } from "./cache/object-cache.ts";
import { crdStatus } from "./crd/index.ts";
import { CRD_PREFIX, CustomResources } from "./custom-resources/custom-resources.ts";
import { Discovery } from "./discovery/discovery.ts";
import { RequestMetrics } from "./health/metrics.ts";
import { privatePaths, publicPaths } from "./health/paths.ts";
import { ServedKinds } from "./kind-registry.ts";
import { builtinKinds, kindFromCrd } from "./kinds/index.ts";
import { OpenApi } from "./openapi/open-api.ts";
import { decodeProtobufBody } from "./protobuf/index.ts";
import { RequestHandler } from "./request-handler.ts";
import type { AdmissionPlugin, ApiRequest, ApiResponse, TokenAuthenticator } from "./server.ts";
import type { ServerContext } from "./server-context.ts";
import { type PortRange, SERVICE_PREFIX, ServiceAllocation } from "./services/service-allocation.ts";
import { type PodLogs, specialHandlers } from "./subresources/special-handlers.ts";
import { WATCH_TIMINGS, Watches, type WatchTimings } from "./watch/watch.ts";
import { nodeNameOf, WatchHub } from "./watch/watch-hub.ts";
import { expireEvents } from "./write/event-expiry.ts";
import { NAMESPACE_PREFIX, namespaceHook } from "./write/namespace-hook.ts";
import { WriteHooks } from "./write/write-hooks.ts";

export interface ApiServerOptions {
  /** Stays the caller's: `close` does not close it. */
  readonly store: Store;
  /** PKCS #8 PEM of the RSA key that signs service-account tokens; see generateServiceAccountKey. */
  readonly serviceAccountKey: string;
  /** OIDC issuer URL of service-account tokens. */
  readonly issuer: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Kubernetes version to speak for, default `1.35`. */
  readonly version?: string;
  /** Further admission plugins; they run after the built-in ones, in order of name. */
  readonly admission?: readonly AdmissionPlugin[];
  /** Recognize bearer tokens that are no service accounts'. */
  readonly authenticators?: readonly TokenAuthenticator[];
  /** Default: whoever is authenticated may do everything. */
  readonly authorizer?: Authorizer;
  /** Addresses of Services, default `10.100.0.0/16` (EKS' default). */
  readonly serviceCidr?: string;
  /** Default 30000 to 32767. */
  readonly nodePortRange?: PortRange;
  /** Answers `pods/log`. Default: says that nothing runs containers here. */
  readonly logs?: PodLogs;
  readonly timings?: Partial<WatchTimings>;
}

/** A Kubernetes API server in this process. */
export interface ApiServer {
  /** Answers one request; never throws. A watch's body is an iterable that ends with the request's signal, its timeout or `close`. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** The public keys of service-account tokens, as `/openid/v1/jwks` shows them. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** Adds a plugin to those given at creation. */
  addAdmission(plugin: AdmissionPlugin): void;
  /** Ends all watches and refuses further requests. Idempotent. */
  close(): Promise<void>;
}

/** Pods are looked up by node: describe, drain and every kubelet ask for it. */
const INDEXES = new Map([["core/pods", nodeNameOf]]);

/** Opens a server over a store. Resolves when the objects every cluster has are there and durable. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock = systemClock, random = systemRandom, logger = silentLogger, version = "1.35" } = options;
  const cache = new ObjectCache({ store: options.store, indexes: INDEXES });
  const kinds = new ServedKinds(builtinKinds());
  const hooks = new WriteHooks();
  const admission = new AdmissionChain(builtInAdmission({ cache, random }), options.admission ?? []);
  const server: ServerContext = { cache, kinds, admission, hooks, clock, random, logger };
  const services = new ServiceAllocation({
    cache,
    random,
    serviceCidr: options.serviceCidr ?? "10.100.0.0/16",
    nodePorts: options.nodePortRange ?? { first: 30_000, last: 32_767 },
  });
  hooks.register(SERVICE_PREFIX, services);
  hooks.register(NAMESPACE_PREFIX, namespaceHook);
  const customResources = new CustomResources({ server, rules: { kindFromCrd, crdStatus } });
  hooks.register(CRD_PREFIX, customResources);
  const stopFollowing = customResources.start();
  const watches = new Watches({
    server,
    hub: new WatchHub(cache),
    timings: { ...WATCH_TIMINGS, ...options.timings },
  });
  const tokens = new ServiceAccountTokens({
    issuer: options.issuer,
    key: options.serviceAccountKey,
    clock,
    random,
    cache,
  });
  const stopExpiry = expireEvents({
    cache,
    clock,
    onError: (error) => logger.error("could not expire an event", { error }),
  });
  await bootstrap(server, services);
  const stopKeeping = keepKubernetesService(server, services);
  const handler = requestHandler({ options, server, watches, tokens, version });
  return {
    handle: (request) => handler.handle(request),
    jwks: () => tokens.jwks(),
    addAdmission: (plugin) => admission.add(plugin),
    async close() {
      stopExpiry();
      stopKeeping();
      stopFollowing();
      handler.close();
      watches.close();
    },
  };
}

function requestHandler(parts: {
  readonly options: ApiServerOptions;
  readonly server: ServerContext;
  readonly watches: Watches;
  readonly tokens: ServiceAccountTokens;
  readonly version: string;
}): RequestHandler {
  const { options, server, watches, tokens, version } = parts;
  const authentication = new Authentication({ tokens, authenticators: options.authenticators ?? [] });
  const authorizer = options.authorizer ?? allowAuthenticated;
  const metrics = new RequestMetrics();
  return new RequestHandler({
    server,
    watches,
    special: specialHandlers({ tokens, authentication, authorizer, logs: options.logs }),
    authentication,
    authorizer,
    discovery: new Discovery(server.kinds),
    openApi: new OpenApi({ kinds: server.kinds, version }),
    metrics,
    protobuf: decodeProtobufBody,
    publicPaths: publicPaths({ version, tokens }),
    privatePaths: privatePaths(() => metrics.text({ watches: watches.count, revision: server.cache.revision })),
  });
}
