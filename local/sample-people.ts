import type { Place } from "../pages/world-map.ts";

/** An invented person of the samples, with the profile location that the embedded run stores. */
export interface SamplePerson {
  readonly id: string;
  readonly login: string;
  readonly displayName: string;
  readonly home: SamplePlace;
  /** A place less than 500 km from home. */
  readonly near: SamplePlace;
}

/** A place as Okta and a profile name it. */
export interface SamplePlace extends Place {
  readonly city: string;
  readonly state: string;
  readonly country: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
}

const place = (
  city: string,
  state: string,
  country: string,
  countryCode: string,
  latitude: number,
  longitude: number,
): SamplePlace => ({ city, state, country, countryCode, latitude, longitude });

/** The persons of the samples. Ada comes in `samples/` too, from which the profiles of the first ones are stored. */
export const samplePeople: readonly SamplePerson[] = [
  {
    id: "00u1sample0lisbon0001",
    login: "ada@example.com",
    displayName: "Ada Marques",
    home: place("Lisbon", "Lisboa", "Portugal", "PT", 38.7167, -9.1333),
    near: place("Porto", "Porto", "Portugal", "PT", 41.1496, -8.611),
  },
  {
    id: "00u1sample0osaka00002",
    login: "mei@example.com",
    displayName: "Mei Tanaka",
    home: place("Osaka", "Osaka", "Japan", "JP", 34.6937, 135.5022),
    near: place("Nagoya", "Aichi", "Japan", "JP", 35.1815, 136.9064),
  },
  {
    id: "00u1sample0lagos00003",
    login: "amara@example.com",
    displayName: "Amara Okafor",
    home: place("Lagos", "Lagos", "Nigeria", "NG", 6.4541, 3.3947),
    near: place("Ibadan", "Oyo", "Nigeria", "NG", 7.3776, 3.947),
  },
  {
    id: "00u1sample0denver0004",
    login: "lena@example.com",
    displayName: "Lena Hoffmann",
    home: place("Denver", "Colorado", "United States", "US", 39.7392, -104.9903),
    near: place("Colorado Springs", "Colorado", "United States", "US", 38.8339, -104.8214),
  },
  {
    id: "00u1sample0rosario005",
    login: "tomas@example.com",
    displayName: "Tomás Herrera",
    home: place("Rosario", "Santa Fe", "Argentina", "AR", -32.9442, -60.6505),
    near: place("Buenos Aires", "Buenos Aires", "Argentina", "AR", -34.6037, -58.3816),
  },
];

/** Where the samples' networks end, far from everyone's home. */
export const sampleExits: readonly SamplePlace[] = [
  place("Toronto", "Ontario", "Canada", "CA", 43.6567, -79.34),
  place("Frankfurt am Main", "Hesse", "Germany", "DE", 50.1109, 8.6821),
  place("Singapore", "Singapore", "Singapore", "SG", 1.3521, 103.8198),
  place("Helsinki", "Uusimaa", "Finland", "FI", 60.1699, 24.9384),
  place("Johannesburg", "Gauteng", "South Africa", "ZA", -26.2041, 28.0473),
];

/** The profile items of the persons, by id and by login. */
export function sampleProfiles() {
  return samplePeople.flatMap(({ id, login, home }) => {
    const { city, state, countryCode, latitude, longitude } = home;
    const locations = [{ label: "home", countryCode, state, city, postalCode: null, latitude, longitude }];
    return [id, login].map((user) => ({ user, locations }));
  });
}
