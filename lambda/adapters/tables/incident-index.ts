/**
 * The index of incidents on the state table: by the month (`2026-11`, UTC) of the last change, then by its time. It is
 * sparse, as incidents' items alone have these attributes, and holds keys alone.
 */
export const incidentIndex = { name: "incidents", partitionKey: "incidentMonth", sortKey: "incidentChanged" } as const;
