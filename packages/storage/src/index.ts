export type { Store, StoreContents, StoreRecord } from "./store.ts";
