import {
  isGone,
  keysOfUser,
  type LocationAttributes,
  locationsOfUser,
  type OktaUser,
  oktaSource,
} from "../okta-api/okta-user.ts";
import type { UsersApi } from "../okta-api/users-api.ts";
import {
  type Change,
  type ProfileItem,
  type ProfileItems,
  type StoredLocation,
  sameLocations,
} from "./profile-items.ts";

/** How far a sync is, so that it goes on where it was stopped. Times are ISO 8601, UTC. */
export interface SyncState {
  /** The org it is of: of another one nothing is known. */
  readonly orgUrl: string;
  /** The page that is next; null when the last sync came to its end. */
  readonly next: string | null;
  /** Whether it reads all users, so that those who are gone are seen. */
  readonly full: boolean;
  readonly startedAt: string;
  /** When the last sync that came to its end was started; null when none did. */
  readonly lastStartedAt: string | null;
  readonly lastFullStartedAt: string | null;
}

/** What became of a sync. */
export interface SyncReport {
  readonly full: boolean;
  pages: number;
  users: number;
  changed: number;
  removed: number;
  /** Whether it came to its end; else the next one goes on. */
  finished: boolean;
}

/** What a sync needs. */
export interface SyncPorts {
  readonly api: UsersApi;
  readonly items: ProfileItems;
  readonly loadState: () => Promise<SyncState | null>;
  readonly saveState: (state: SyncState) => Promise<void>;
  readonly attributes: readonly LocationAttributes[];
  /** Whether all users are read, though it is not yet time. @default false */
  readonly full?: boolean;
  /** Adds coordinates where it can. @default none are added */
  readonly locate?: (location: StoredLocation) => StoredLocation;
  readonly now: () => Date;
  readonly onProgress?: (report: Readonly<SyncReport>) => void;
}

/** All users are read this often, in milliseconds: a week. */
const fullEvery = 7 * 86_400_000;
/** A sync that was stopped longer ago than this is started anew, in milliseconds: a day. */
const linksServe = 86_400_000;
/** Okta's search may lag: changes are asked for from this long before the last sync was started, in milliseconds. */
const overlap = 10 * 60_000;

/**
 * Brings the profile table up to date with Okta's users, page by page. After every page it is recorded how far it came, so
 * that a sync that is stopped goes on there; a page that is read twice changes nothing the second time. Once a week all
 * users are read, and the locations from Okta of users who are gone are removed; unless Okta tells of no user at all, as it
 * does to an app that may see none. Locations from elsewhere are kept.
 *
 * @param signal ends it after the page under way: the report says that it did not finish
 */
export async function syncProfiles(ports: SyncPorts, signal: AbortSignal): Promise<SyncReport> {
  const state = resume(await ports.loadState(), ports);
  const report: SyncReport = { full: state.full, pages: 0, users: 0, changed: 0, removed: 0, finished: false };
  let { next } = state;
  while (next !== null) {
    if (signal.aborted) return report;
    let page: Awaited<ReturnType<UsersApi["fetchPage"]>>;
    try {
      page = await ports.api.fetchPage(next, signal);
    } catch (error) {
      // Waiting for Okta's rate limit took all the time: the next sync asks again.
      if (signal.aborted) return report;
      throw error;
    }
    report.changed += await writeUsers(page.users, state.startedAt, ports);
    report.pages += 1;
    report.users += page.users.length;
    next = page.next;
    if (next !== null) await ports.saveState({ ...state, next });
    ports.onProgress?.(report);
  }
  if (state.full && report.users > 0) report.removed = await removeUnseen(state.startedAt, ports);
  await ports.saveState({
    ...state,
    next: null,
    lastStartedAt: state.startedAt,
    lastFullStartedAt: state.full ? state.startedAt : state.lastFullStartedAt,
  });
  report.finished = true;
  return report;
}

/** Goes on where the last sync was stopped, or starts one. */
function resume(stored: SyncState | null, { api, now, full: isForced = false }: SyncPorts): SyncState {
  const { orgUrl } = api;
  const state = stored?.orgUrl === orgUrl ? stored : null;
  const startedAt = now();
  const isDue = (since: string, every: number) => startedAt.getTime() - Date.parse(since) >= every;
  // Okta's links serve for a while only.
  const mayGoOn = state !== null && state.next !== null && !isDue(state.startedAt, linksServe);
  if (mayGoOn && (state.full || !isForced)) return state;
  const lastFull = state?.lastFullStartedAt ?? null;
  const last = state?.lastStartedAt ?? null;
  const full = isForced || lastFull === null || last === null || isDue(lastFull, fullEvery);
  return {
    orgUrl,
    next: api.firstPage(full ? null : new Date(Date.parse(last) - overlap)),
    full,
    startedAt: startedAt.toISOString(),
    lastStartedAt: last,
    lastFullStartedAt: lastFull,
  };
}

/**
 * Writes what Okta tells of these users.
 *
 * @returns how many items changed
 */
export async function writeUsers(
  users: readonly OktaUser[],
  syncedAt: string,
  ports: Pick<SyncPorts, "items" | "attributes" | "locate" | "now">,
): Promise<number> {
  const existing = await ports.items.get(users.flatMap(keysOfUser));
  const changes: Change[] = [];
  let changed = 0;
  for (const user of users) {
    const told = isGone(user) ? [] : locationsOfUser(user, ports.attributes);
    for (const key of keysOfUser(user)) {
      const before = existing.get(key);
      const after = told.map((location) => locate(location, before, ports));
      const item = withOktaLocations(key, before, after, syncedAt, ports.now());
      if (item === null && before === undefined) continue;
      if (!sameLocations(before?.locations, item?.locations)) changed += 1;
      changes.push({ user: key, item });
    }
  }
  await ports.items.write(changes);
  return changed;
}

/** The item with these locations from Okta, beside those from elsewhere; null when none are left. */
function withOktaLocations(
  user: string,
  before: ProfileItem | undefined,
  fromOkta: readonly StoredLocation[],
  syncedAt: string,
  now: Date,
): ProfileItem | null {
  const kept = (before?.locations ?? []).filter((location) => (location.source ?? before?.source) !== oktaSource);
  const locations = [...kept, ...fromOkta];
  if (locations.length === 0) return null;
  const item = { ...before, user, locations, source: before?.source ?? oktaSource, syncedAt };
  const isChanged = !sameLocations(before?.locations, locations);
  return { ...item, updatedAt: isChanged ? now.toISOString() : (before?.updatedAt ?? now.toISOString()) };
}

/** Coordinates are kept as long as the place is the same; a new place is located where that is possible. */
function locate(
  location: StoredLocation,
  before: ProfileItem | undefined,
  { locate: find }: Pick<SyncPorts, "locate">,
): StoredLocation {
  const same = before?.locations.find(
    (each) =>
      each.source === oktaSource &&
      typeof each.latitude === "number" &&
      each.label === location.label &&
      each.city === location.city &&
      each.state === location.state &&
      each.countryCode === location.countryCode,
  );
  if (same !== undefined) return { ...location, latitude: same.latitude ?? null, longitude: same.longitude ?? null };
  return find === undefined ? location : find(location);
}

/** After all users were read: those whom it did not see are gone, and so are their locations from Okta. */
async function removeUnseen(startedAt: string, ports: SyncPorts): Promise<number> {
  const changes: Change[] = [];
  for await (const item of ports.items.scan()) {
    const hasOkta = item.locations.some((location) => (location.source ?? item.source) === oktaSource);
    if (!hasOkta || (item.syncedAt !== undefined && item.syncedAt >= startedAt)) continue;
    changes.push({ user: item.user, item: withOktaLocations(item.user, item, [], startedAt, ports.now()) });
  }
  await ports.items.write(changes);
  return changes.length;
}
