import type { ApiRequest, TokenAuthenticator, UserInfo } from "../server.ts";
import { unauthorized } from "../status.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";

const AUTHENTICATED = "system:authenticated";

/** Finds out who sends a request. */
export class Authentication {
  readonly #tokens: ServiceAccountTokens;
  readonly #authenticators: readonly TokenAuthenticator[];

  constructor(options: {
    readonly tokens: ServiceAccountTokens;
    readonly authenticators: readonly TokenAuthenticator[];
  }) {
    this.#tokens = options.tokens;
    this.#authenticators = options.authenticators;
  }

  /** Undefined without credentials; throws 401 for credentials that nobody recognizes. */
  async userOf({ user, headers = {} }: ApiRequest): Promise<UserInfo | undefined> {
    const known = user ?? (await this.#bearer(headers["authorization"]));
    if (known === undefined) return undefined;
    return impersonated(authenticated(known), headers);
  }

  async #bearer(authorization: string | undefined): Promise<UserInfo | undefined> {
    if (authorization === undefined) return undefined;
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const user = token === undefined ? undefined : await this.tokenUser(token);
    if (user === undefined) throw unauthorized();
    return user;
  }

  /** Who a token speaks for; `audiences` restricts service-account tokens (TokenReview). */
  async tokenUser(token: string, audiences?: readonly string[]): Promise<UserInfo | undefined> {
    const account = this.#tokens.authenticate(token, audiences);
    if (account !== undefined) return account;
    for (const authenticator of this.#authenticators) {
      const user = await authenticator(token);
      if (user !== undefined) return user;
    }
    return undefined;
  }
}

function authenticated(user: UserInfo): UserInfo {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}

/** `kubectl --as`: the request counts as another user's. Permission to do so is the authorizer's matter. */
function impersonated(user: UserInfo, headers: Readonly<Record<string, string>>): UserInfo {
  const username = headers["impersonate-user"];
  if (username === undefined) return user;
  const groups = (headers["impersonate-group"] ?? "").split(",").flatMap((group) => group.trim() || []);
  const uid = headers["impersonate-uid"];
  return authenticated({ username, groups, ...(uid === undefined ? {} : { uid }) });
}
