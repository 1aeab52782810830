/*
 * Other names of cities than GeoNames' main name: local names where that is English, and English ones where that is
 * local. `GeoNames' name = other, other`, by ISO 3166-1 alpha-2 code of the country.
 */
const otherNames: Readonly<Record<string, string>> = {
  AE: "Dubai = Dubayy; Abu Dhabi = Abu Zabi",
  AT: "Vienna = Wien; Sankt Pölten = St. Pölten; Klagenfurt am Wörthersee = Klagenfurt",
  BE: "Brussels = Bruxelles, Brussel; Antwerpen = Antwerp, Anvers; Gent = Ghent, Gand; Brugge = Bruges; Liège = Luik; Leuven = Louvain",
  BG: "Sofia = Sofiya",
  BR: "São Paulo = Sao Paolo; Brasília = Brasilia",
  BY: "Minsk = Miensk",
  CA: "Montréal = Montreal; Québec = Quebec City, Ville de Québec; St. John's = Saint John's",
  CH: "Zürich = Zurich; Genève = Geneva, Genf; Bern = Berne; Basel = Bâle, Basle; Luzern = Lucerne; Lausanne = Lausanna; Sankt Gallen = St. Gallen",
  CN: "Beijing = Peking; Guangzhou = Canton; Xi’an = Xian; Ürümqi = Urumqi",
  CO: "Bogotá = Bogota; Medellín = Medellin",
  CR: "San José = San Jose",
  CZ: "Prague = Praha; Pilsen = Plzeň; Brno = Brünn",
  DE: "Munich = München, Muenchen; Köln = Cologne, Koeln; Nürnberg = Nuremberg, Nuernberg; Frankfurt am Main = Frankfurt, Frankfurt/Main, Frankfurt a.M.; Hannover = Hanover; Düsseldorf = Duesseldorf; Braunschweig = Brunswick; Münster = Muenster; Saarbrücken = Saarbruecken; Mainz = Mayence; Aachen = Aix-la-Chapelle; Freiburg = Freiburg im Breisgau, Freiburg i. Br.",
  DK: "Copenhagen = København, Kobenhavn; Århus = Aarhus; Aalborg = Ålborg",
  EG: "Cairo = Al Qahirah, El Qahira; Alexandria = Al Iskandariyah",
  ES: "Sevilla = Seville; Zaragoza = Saragossa; A Coruña = La Coruña, Corunna; Palma = Palma de Mallorca; Donostia / San Sebastián = San Sebastian, Donostia, Donostia-San Sebastián",
  FI: "Helsinki = Helsingfors; Turku = Åbo; Tampere = Tammerfors; Espoo = Esbo; Vantaa = Vanda",
  FR: "Marseille = Marseilles; Lyon = Lyons; Strasbourg = Straßburg; Nice = Nizza",
  GB: "Newcastle upon Tyne = Newcastle; Kingston upon Hull = Hull; Stoke-on-Trent = Stoke; Derry = Londonderry; City of Westminster = Westminster",
  GR: "Athens = Athina, Athinai; Thessaloníki = Thessaloniki, Salonica; Pátra = Patras",
  HU: "Budapest = Buda-Pest",
  ID: "Jakarta = Djakarta; Yogyakarta = Jogjakarta",
  IL: "Tel Aviv = Tel Aviv-Yafo, Tel-Aviv; Jerusalem = Yerushalayim; Haifa = Hefa",
  IN: "Bengaluru = Bangalore; Mumbai = Bombay; Chennai = Madras; Kolkata = Calcutta; Pune = Poona; Cochin = Kochi; Gurgaon = Gurugram; Thiruvananthapuram = Trivandrum; Mysore = Mysuru; Visakhapatnam = Vizag; Varanasi = Benares; Vadodara = Baroda",
  IR: "Tehran = Teheran",
  IT: "Rome = Roma; Milan = Milano, Mailand; Naples = Napoli; Turin = Torino; Florence = Firenze; Genoa = Genova; Venice = Venezia; Padova = Padua",
  JP: "Tokyo = Tōkyō; Osaka = Ōsaka; Kyoto = Kyōto; Kobe = Kōbe; Sapporo = Sapporo-shi; Kawasaki = Kawasaki-shi",
  KR: "Seoul = Soul; Busan = Pusan; Daegu = Taegu; Incheon = Inchon; Daejeon = Taejon; Gwangju = Kwangju",
  KZ: "Almaty = Alma-Ata; Nur-Sultan = Astana",
  LT: "Vilnius = Wilna",
  LU: "Luxembourg = Luxemburg, Luxembourg City",
  MA: "Marrakesh = Marrakech; Fès = Fez; Tangier = Tanger",
  MM: "Yangon = Rangoon",
  MX: "Mexico City = Ciudad de México, Ciudad de Mexico, CDMX, México; León de los Aldama = León; Santiago de Querétaro = Querétaro, Querétaro City; Mérida = Merida",
  MY: "Kuala Lumpur = KL; George Town = Penang; Johor Bahru = Johore Bahru",
  NL: "The Hague = Den Haag, 's-Gravenhage; 's-Hertogenbosch = Den Bosch; Groningen = Groningue",
  NP: "Kathmandu = Katmandu",
  PH: "Quezon City = Quezon; Manila = Maynila; Makati City = Makati; Cebu City = Cebu",
  PL: "Warsaw = Warszawa, Warschau; Kraków = Cracow, Krakau; Wrocław = Breslau; Gdańsk = Danzig; Poznań = Posen; Łódź = Lodz",
  PT: "Lisbon = Lisboa, Lissabon; Porto = Oporto",
  RO: "Bucharest = București; Cluj-Napoca = Cluj; Iaşi = Iasi, Iași",
  RS: "Belgrade = Beograd; Novi Sad = Neusatz; Niš = Nis",
  RU: "Moscow = Moskva, Moskau; Saint Petersburg = St. Petersburg, Sankt-Peterburg; Nizhniy Novgorod = Nizhny Novgorod; Rostov-na-Donu = Rostov-on-Don, Rostov; Yekaterinburg = Ekaterinburg",
  SA: "Riyadh = Ar Riyad; Jeddah = Jiddah; Mecca = Makkah; Medina = Al Madinah",
  SE: "Göteborg = Gothenburg, Goteborg; Stockholm = Stoccolma; Malmö = Malmo",
  SY: "Damascus = Dimashq; Aleppo = Halab",
  TR: "Istanbul = İstanbul, Constantinople; İzmir = Izmir, Smyrna",
  TW: "Taipei = Taibei; Kaohsiung = Gaoxiong; Taichung = Taizhong",
  UA: "Kyiv = Kiev, Kiew; Odessa = Odesa; Kharkiv = Kharkov; Lviv = Lvov, Lemberg; Dnipro = Dnipropetrovsk, Dnepr",
  US: "New York City = New York, NYC; Washington, D.C. = Washington, Washington DC; St. Louis = Saint Louis; St. Petersburg = Saint Petersburg; Los Angeles = LA; Philadelphia = Philly",
  UZ: "Tashkent = Toshkent",
  VN: "Ho Chi Minh City = Saigon, Hồ Chí Minh, HCMC; Hanoi = Hà Nội; Da Nang = Đà Nẵng, Danang; Haiphong = Hải Phòng",
};

/** The other names of a city, by country and GeoNames' name. */
export function otherNamesOf(countryCode: string): ReadonlyMap<string, readonly string[]> {
  const entries = (otherNames[countryCode] ?? "").split("; ").filter((entry) => entry !== "");
  return new Map(
    entries.map((entry) => {
      const [name = "", others = ""] = entry.split(" = ");
      return [name, others.split(", ")];
    }),
  );
}
