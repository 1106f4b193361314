import type { Clock, Random } from "@nodeless/environment";
import type { Collection } from "../state/collection.ts";
import type { LocalState } from "../state/local-state.ts";
import { uniqueId } from "../state/resource-ids.ts";
import type { AccessKey } from "../wire/callers.ts";

/** The key that clients of the local cloud are given. It is no form a real key can have, so it is worth nothing at AWS. */
export const LOCAL_ACCESS_KEY_ID = "NODELESSFAKEKEY00000";
export const LOCAL_SECRET_ACCESS_KEY = "nodeless-fake-secret-never-valid-at-aws";

/** A session that AssumeRole opened. */
export interface SessionRecord {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
  readonly arn: string;
  /** `<role id>:<session>` */
  readonly userId: string;
  /** ISO time. */
  readonly expiresAt: string;
}

/** Sessions that one cluster's controllers hold are tens; this bounds a client that assumes roles in a loop. Oldest go first. */
const SESSIONS_MAX = 5_000;

/** All keys of the local account: the administrator's and those of open sessions, which survive a restart. */
export class Credentials {
  readonly #sessions: Collection<SessionRecord>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #administrator: AccessKey;

  constructor(options: {
    readonly state: LocalState;
    readonly clock: Clock;
    readonly random: Random;
    readonly accountId: string;
  }) {
    this.#sessions = options.state.collection("sts/session");
    this.#clock = options.clock;
    this.#random = options.random;
    this.#administrator = {
      accessKeyId: LOCAL_ACCESS_KEY_ID,
      secretAccessKey: LOCAL_SECRET_ACCESS_KEY,
      arn: `arn:aws:iam::${options.accountId}:user/nodeless`,
      sessionToken: undefined,
      expiresAt: undefined,
    };
  }

  /** A key by its id, expired ones included until they are swept. */
  find(accessKeyId: string): AccessKey | undefined {
    if (accessKeyId === this.#administrator.accessKeyId) return this.#administrator;
    const session = this.#sessions.get(accessKeyId);
    return session && { ...session, expiresAt: new Date(session.expiresAt) };
  }

  /** `<role id>:<session>` of a session's ARN; undefined for others. */
  userIdOf(arn: string): string | undefined {
    return this.#sessions.find((session) => session.arn === arn)?.userId;
  }

  /** Opens a session and sweeps what has expired. */
  open(session: { readonly arn: string; readonly userId: string; readonly durationSeconds: number }): SessionRecord {
    const now = this.#clock.now().getTime();
    this.#sweep(now);
    const record: SessionRecord = {
      accessKeyId: uniqueId(this.#random, "ASIA").slice(0, 20),
      secretAccessKey: Buffer.from(this.#random.bytes(30)).toString("base64"),
      sessionToken: Buffer.from(this.#random.bytes(96)).toString("base64"),
      arn: session.arn,
      userId: session.userId,
      expiresAt: new Date(now + session.durationSeconds * 1000).toISOString(),
    };
    return this.#sessions.put(record.accessKeyId, record);
  }

  #sweep(nowMs: number): void {
    let surplus = this.#sessions.size - SESSIONS_MAX + 1;
    for (const session of [...this.#sessions.values()]) {
      if (surplus <= 0 && Date.parse(session.expiresAt) > nowMs) continue;
      this.#sessions.delete(session.accessKeyId);
      surplus -= 1;
    }
  }
}
