export { itemOf, keyOf, type StateItem } from "./item.ts";
export { OnlineTable, OnlineTableFault, type OnlineTableOptions, type StateReader } from "./online-table.ts";
export { RecentStates } from "./recent-states.ts";
export type { StateKey, StateLookup } from "./state-lookup.ts";
