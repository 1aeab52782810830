/*
 * States, provinces and Länder by the names and codes that people write. GeoNames has its own codes of administrative
 * areas. This table names for each state a city that is the most populous of its name in the country, and the state's
 * code is that of the city. In the United States and Switzerland GeoNames' codes are the postal ones.
 */

/** `Name, other name, CODE = City`, one a line; by ISO 3166-1 alpha-2 code of the country. */
const statesByCity: Readonly<Record<string, string>> = {
  CA: `Alberta, AB = Calgary
British Columbia, BC, Colombie-Britannique = Vancouver
Manitoba, MB = Winnipeg
New Brunswick, NB, Nouveau-Brunswick = Moncton
Newfoundland and Labrador, NL, Newfoundland = St. John's
Northwest Territories, NT = Yellowknife
Nova Scotia, NS = Halifax
Nunavut, NU = Iqaluit
Ontario, ON = Toronto
Prince Edward Island, PE, PEI = Charlottetown
Quebec, QC, PQ = Montréal
Saskatchewan, SK = Saskatoon
Yukon, YT, Yukon Territory = Whitehorse`,
  DE: `Baden-Württemberg, BW = Stuttgart
Bayern, BY, Bavaria = Munich
Berlin, BE = Berlin
Brandenburg, BB = Potsdam
Bremen, HB = Bremen
Hamburg, HH = Hamburg
Hessen, HE, Hesse = Frankfurt am Main
Mecklenburg-Vorpommern, MV, Mecklenburg-Western Pomerania = Rostock
Niedersachsen, NI, Lower Saxony = Hannover
Nordrhein-Westfalen, NW, NRW, North Rhine-Westphalia = Köln
Rheinland-Pfalz, RP, Rhineland-Palatinate = Mainz
Saarland, SL = Saarbrücken
Sachsen, SN, Saxony = Dresden
Sachsen-Anhalt, ST, Saxony-Anhalt = Magdeburg
Schleswig-Holstein, SH = Kiel
Thüringen, TH, Thuringia = Erfurt`,
  AT: `Burgenland = Eisenstadt
Kärnten, Carinthia = Klagenfurt am Wörthersee
Niederösterreich, Lower Austria = Sankt Pölten
Oberösterreich, Upper Austria = Linz
Salzburg = Salzburg
Steiermark, Styria = Graz
Tirol, Tyrol = Innsbruck
Vorarlberg = Bregenz
Wien, Vienna = Vienna`,
  AU: `Australian Capital Territory, ACT = Canberra
New South Wales, NSW = Sydney
Northern Territory, NT = Darwin
Queensland, QLD = Brisbane
South Australia, SA = Adelaide
Tasmania, TAS = Hobart
Victoria, VIC = Melbourne
Western Australia, WA = Perth`,
  BR: `Amazonas, AM = Manaus
Bahia, BA = Salvador
Ceará, CE = Fortaleza
Distrito Federal, DF = Brasília
Espírito Santo, ES = Vila Velha
Goiás, GO = Goiânia
Minas Gerais, MG = Belo Horizonte
Pará, PA = Belém
Paraná, PR = Curitiba
Pernambuco, PE = Recife
Rio de Janeiro, RJ = Rio de Janeiro
Rio Grande do Sul, RS = Porto Alegre
Santa Catarina, SC = Florianópolis
São Paulo, SP = São Paulo`,
  IN: `Andhra Pradesh, AP = Visakhapatnam
Delhi, DL, NCT of Delhi = Delhi
Gujarat, GJ = Ahmedabad
Haryana, HR = Faridabad
Karnataka, KA = Bengaluru
Kerala, KL = Thiruvananthapuram
Madhya Pradesh, MP = Indore
Maharashtra, MH = Mumbai
Punjab, PB = Ludhiana
Rajasthan, RJ = Jaipur
Tamil Nadu, TN = Chennai
Telangana, TG, TS = Hyderabad
Uttar Pradesh, UP = Lucknow
West Bengal, WB = Kolkata`,
  MX: `Ciudad de México, CDMX, DF, Mexico City, Distrito Federal = Mexico City
Baja California, BC = Tijuana
Chihuahua = Chihuahua
Guanajuato = León de los Aldama
Jalisco = Guadalajara
Nuevo León, NL = Monterrey
Puebla = Puebla
Querétaro = Santiago de Querétaro
Quintana Roo = Cancún
Yucatán = Mérida`,
  GB: `England, ENG = London
Northern Ireland, NIR = Belfast
Scotland, SCT = Glasgow
Wales, WLS, Cymru = Cardiff`,
  ES: `Andalucía, Andalusia = Sevilla
Aragón = Zaragoza
Asturias = Gijón
Illes Balears, Islas Baleares, Balearic Islands = Palma
Canarias, Canary Islands = Las Palmas de Gran Canaria
Cantabria = Santander
Castilla y León = Valladolid
Cataluña, Catalunya, Catalonia = Barcelona
Comunidad Valenciana, Valencia = Valencia
Galicia = Vigo
Madrid, Comunidad de Madrid = Madrid
Murcia = Murcia
Navarra, Navarre = Pamplona
País Vasco, Euskadi, Basque Country = Bilbao`,
  IT: `Campania = Naples
Emilia-Romagna = Bologna
Friuli-Venezia Giulia = Trieste
Lazio = Rome
Liguria = Genoa
Lombardia, Lombardy = Milan
Piemonte, Piedmont = Turin
Puglia, Apulia = Bari
Sardegna, Sardinia = Cagliari
Sicilia, Sicily = Palermo
Toscana, Tuscany = Florence
Veneto = Verona`,
  FR: `Auvergne-Rhône-Alpes = Lyon
Bretagne, Brittany = Rennes
Grand Est = Strasbourg
Hauts-de-France = Lille
Île-de-France = Paris
Normandie, Normandy = Le Havre
Nouvelle-Aquitaine = Bordeaux
Occitanie = Toulouse
Pays de la Loire = Nantes
Provence-Alpes-Côte d'Azur, PACA = Marseille`,
};

/** Names of the states of the USA by their postal codes, which are GeoNames' codes as well. */
const unitedStates = `AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas, KY Kentucky,
LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, MT Montana,
NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, NC North Carolina, ND North Dakota, OH Ohio,
OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah,
VT Vermont, VA Virginia, WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming`;

/** Names of Swiss cantons by their codes, which are GeoNames' codes as well. */
const cantons = `AG Aargau, AR Appenzell Ausserrhoden, AI Appenzell Innerrhoden, BL Basel-Landschaft, BS Basel-Stadt, BE Bern,
FR Fribourg, GE Genève, GL Glarus, GR Graubünden, JU Jura, LU Luzern, NE Neuchâtel, NW Nidwalden, OW Obwalden, SH Schaffhausen,
SZ Schwyz, SO Solothurn, SG St. Gallen, TG Thurgau, TI Ticino, UR Uri, VS Valais, VD Vaud, ZG Zug, ZH Zürich`;

/** A state by its common name: with GeoNames' code, or a city in it. */
export interface State {
  readonly names: readonly string[];
  readonly code: string | null;
  readonly city: string | null;
}

function byCode(text: string): State[] {
  return text.split(/,\s+/).map((entry) => {
    const [code = "", ...name] = entry.split(" ");
    return { names: [code, name.join(" ")], code, city: null };
  });
}

function byCity(text: string): State[] {
  return text.split("\n").map((line) => {
    const [names = "", city = ""] = line.split(" = ");
    return { names: names.split(", "), code: null, city };
  });
}

/** The states that are known, by ISO 3166-1 alpha-2 code of the country. */
export const states: Readonly<Record<string, readonly State[]>> = {
  US: byCode(unitedStates),
  CH: byCode(cantons),
  ...Object.fromEntries(Object.entries(statesByCity).map(([country, text]) => [country, byCity(text)])),
};
