import { openMemoryStore } from "@nodeless/storage";
import { testStoreConformance } from "./store.conformance.ts";

testStoreConformance("memory", async () => openMemoryStore({ recordBytesMax: 1_000 }));
