/**
 * Cities with the coordinates that they have by their articles in Wikipedia, rounded to a tenth of a degree or finer. The
 * names are spelt as people and directories do, in English or locally; the last column is latitude and longitude.
 */
const table = `
Paris; Texas; US; 33.66 -95.56
Paris; ; FR; 48.86 2.35
Paris; ON; CA; 43.2 -80.38
London; Ontario; CA; 42.98 -81.25
London; England; GB; 51.51 -0.13
London; KY; US; 37.13 -84.08
Birmingham; AL; US; 33.52 -86.8
Birmingham; ; GB; 52.48 -1.9
Portland; OR; US; 45.52 -122.68
Portland; Maine; US; 43.66 -70.26
Newcastle; ; GB; 54.98 -1.61
Newcastle; NSW; AU; -32.92 151.78
Hyderabad; Telangana; IN; 17.38 78.46
Hyderabad; ; PK; 25.38 68.37
Köln; Nordrhein-Westfalen; DE; 50.94 6.96
Cologne; ; DE; 50.94 6.96
Muenchen; BY; DE; 48.14 11.58
Munich; Bavaria; DE; 48.14 11.58
München; ; DE; 48.14 11.58
San José; ; CR; 9.93 -84.08
San Jose; CA; US; 37.34 -121.89
St Louis; MO; US; 38.63 -90.2
Saint Louis; Missouri; US; 38.63 -90.2
St. Paul; MN; US; 44.95 -93.1
Saint Petersburg; FL; US; 27.77 -82.64
St Petersburg; ; RU; 59.94 30.31
St. John's; NL; CA; 47.56 -52.71
Saint John; New Brunswick; CA; 45.27 -66.06
Springfield; IL; US; 39.8 -89.64
Springfield; MA; US; 42.1 -72.59
Springfield; MO; US; 37.21 -93.29
Columbus; OH; US; 39.96 -83
Columbus; GA; US; 32.49 -84.94
Kansas City; MO; US; 39.1 -94.58
Kansas City; KS; US; 39.11 -94.63
Charleston; SC; US; 32.78 -79.93
Charleston; WV; US; 38.35 -81.63
Arlington; TX; US; 32.71 -97.12
Arlington; VA; US; 38.88 -77.1
Aurora; CO; US; 39.71 -104.81
Aurora; IL; US; 41.76 -88.29
Richmond; VA; US; 37.54 -77.44
Richmond; BC; CA; 49.17 -123.14
Vancouver; BC; CA; 49.26 -123.11
Vancouver; WA; US; 45.63 -122.66
Cambridge; MA; US; 42.37 -71.11
Cambridge; ; GB; 52.21 0.12
Oxford; ; GB; 51.75 -1.26
Oxford; MS; US; 34.37 -89.52
Manchester; ; GB; 53.48 -2.24
Manchester; NH; US; 42.99 -71.46
Athens; ; GR; 37.98 23.73
Athens; GA; US; 33.96 -83.38
Rome; ; IT; 41.9 12.5
Roma; Lazio; IT; 41.9 12.5
Naples; ; IT; 40.85 14.27
Napoli; Campania; IT; 40.85 14.27
Naples; FL; US; 26.14 -81.79
Florence; ; IT; 43.77 11.26
Firenze; Toscana; IT; 43.77 11.26
Milano; Lombardia; IT; 45.47 9.19
Torino; ; IT; 45.08 7.68
Venezia; ; IT; 45.44 12.34
Genova; Liguria; IT; 44.41 8.93
Bologna; ; IT; 44.49 11.34
Palermo; Sicilia; IT; 38.12 13.36
Bari; Puglia; IT; 41.13 16.87
New York; NY; US; 40.71 -74.01
New York City; ; US; 40.71 -74.01
Brooklyn; NY; US; 40.65 -73.95
Los Angeles; California; US; 34.05 -118.24
San Francisco; CA; US; 37.78 -122.42
San Diego; CA; US; 32.72 -117.16
Seattle; WA; US; 47.61 -122.33
Chicago; IL; US; 41.88 -87.63
Houston; TX; US; 29.76 -95.36
Austin; TX; US; 30.27 -97.74
Dallas; TX; US; 32.78 -96.8
Boston; MA; US; 42.36 -71.06
Philadelphia; PA; US; 39.95 -75.16
Washington; DC; US; 38.9 -77.04
Washington DC; ; US; 38.9 -77.04
Atlanta; GA; US; 33.75 -84.39
Miami; FL; US; 25.76 -80.19
Orlando; FL; US; 28.54 -81.38
Denver; CO; US; 39.74 -104.99
Phoenix; AZ; US; 33.45 -112.07
Las Vegas; NV; US; 36.17 -115.14
Salt Lake City; UT; US; 40.76 -111.89
Minneapolis; MN; US; 44.98 -93.27
Detroit; MI; US; 42.33 -83.05
Cleveland; OH; US; 41.5 -81.69
Pittsburgh; PA; US; 40.44 -79.98
Nashville; TN; US; 36.16 -86.78
Memphis; TN; US; 35.15 -90.05
New Orleans; LA; US; 29.95 -90.07
Honolulu; HI; US; 21.31 -157.86
Anchorage; AK; US; 61.22 -149.9
Albuquerque; NM; US; 35.08 -106.65
Boise; ID; US; 43.62 -116.2
Omaha; NE; US; 41.26 -95.94
Milwaukee; WI; US; 43.04 -87.91
Indianapolis; IN; US; 39.77 -86.16
Raleigh; NC; US; 35.78 -78.64
Charlotte; NC; US; 35.23 -80.84
Fort Worth; TX; US; 32.76 -97.33
Ft. Lauderdale; FL; US; 26.12 -80.14
Burlington; VT; US; 44.48 -73.21
Providence; RI; US; 41.82 -71.41
Sioux Falls; SD; US; 43.54 -96.73
Fargo; ND; US; 46.88 -96.79
Cheyenne; WY; US; 41.14 -104.82
Toronto; ON; CA; 43.65 -79.38
Montreal; QC; CA; 45.5 -73.57
Montréal; Québec; CA; 45.5 -73.57
Quebec City; Quebec; CA; 46.81 -71.21
Ottawa; Ontario; CA; 45.42 -75.7
Calgary; Alberta; CA; 51.05 -114.07
Edmonton; AB; CA; 53.55 -113.49
Winnipeg; MB; CA; 49.88 -97.15
Halifax; Nova Scotia; CA; 44.65 -63.58
Regina; SK; CA; 50.45 -104.62
Victoria; BC; CA; 48.43 -123.37
Whitehorse; Yukon; CA; 60.72 -135.06
Yellowknife; NT; CA; 62.45 -114.37
Hamilton; ON; CA; 43.26 -79.87
Mexico City; ; MX; 19.43 -99.13
Ciudad de México; CDMX; MX; 19.43 -99.13
Guadalajara; Jalisco; MX; 20.67 -103.35
Guadalajara; ; ES; 40.63 -3.17
Monterrey; Nuevo León; MX; 25.67 -100.31
Tijuana; Baja California; MX; 32.53 -117.04
Puebla; Puebla; MX; 19.04 -98.2
Cancún; Quintana Roo; MX; 21.16 -86.85
León; Guanajuato; MX; 21.12 -101.68
León; ; ES; 42.6 -5.57
León; ; NI; 12.43 -86.88
Querétaro; Querétaro; MX; 20.59 -100.39
Mérida; Yucatán; MX; 20.97 -89.62
Mérida; ; ES; 38.92 -6.34
Guatemala City; ; GT; 14.61 -90.53
San Salvador; ; SV; 13.69 -89.22
Panama City; FL; US; 30.16 -85.66
Havana; ; CU; 23.14 -82.36
Kingston; ; JM; 17.97 -76.79
Kingston; ON; CA; 44.23 -76.48
Santo Domingo; ; DO; 18.48 -69.94
San Juan; ; PR; 18.47 -66.11
Bogota; ; CO; 4.71 -74.07
Bogotá; ; CO; 4.71 -74.07
Medellin; ; CO; 6.24 -75.57
Cali; ; CO; 3.42 -76.52
Cartagena; ; CO; 10.4 -75.5
Cartagena; ; ES; 37.6 -0.98
Quito; ; EC; -0.18 -78.47
Guayaquil; ; EC; -2.19 -79.89
Lima; ; PE; -12.05 -77.04
Lima; OH; US; 40.74 -84.11
La Paz; ; BO; -16.5 -68.15
Santiago; ; CL; -33.45 -70.67
Valparaíso; ; CL; -33.05 -71.62
Buenos Aires; ; AR; -34.6 -58.38
Córdoba; ; AR; -31.42 -64.18
Cordoba; Andalucía; ES; 37.89 -4.78
Rosario; ; AR; -32.95 -60.67
Montevideo; ; UY; -34.88 -56.18
Asunción; ; PY; -25.3 -57.64
Caracas; ; VE; 10.48 -66.9
São Paulo; SP; BR; -23.55 -46.63
Sao Paulo; ; BR; -23.55 -46.63
Rio de Janeiro; RJ; BR; -22.91 -43.17
Brasilia; DF; BR; -15.79 -47.88
Belo Horizonte; Minas Gerais; BR; -19.92 -43.94
Curitiba; Paraná; BR; -25.43 -49.27
Porto Alegre; RS; BR; -30.03 -51.23
Recife; PE; BR; -8.05 -34.9
Salvador; Bahia; BR; -12.97 -38.48
Fortaleza; CE; BR; -3.73 -38.52
Manaus; AM; BR; -3.1 -60.02
Berlin; ; DE; 52.52 13.41
Hamburg; ; DE; 53.55 9.99
Frankfurt; Hessen; DE; 50.11 8.68
Frankfurt am Main; ; DE; 50.11 8.68
Frankfurt (Oder); Brandenburg; DE; 52.34 14.55
Stuttgart; BW; DE; 48.78 9.18
Düsseldorf; NRW; DE; 51.23 6.78
Dortmund; ; DE; 51.51 7.47
Essen; ; DE; 51.45 7.01
Leipzig; Sachsen; DE; 51.34 12.37
Dresden; Saxony; DE; 51.05 13.74
Hannover; Niedersachsen; DE; 52.37 9.74
Hanover; Lower Saxony; DE; 52.37 9.74
Nuremberg; Bayern; DE; 49.45 11.08
Nürnberg; ; DE; 49.45 11.08
Bremen; ; DE; 53.08 8.81
Karlsruhe; Baden-Württemberg; DE; 49.01 8.4
Freiburg im Breisgau; BW; DE; 47.99 7.85
Mainz; Rheinland-Pfalz; DE; 50 8.27
Saarbrücken; Saarland; DE; 49.23 6.99
Rostock; Mecklenburg-Vorpommern; DE; 54.09 12.14
Kiel; Schleswig-Holstein; DE; 54.32 10.14
Erfurt; Thüringen; DE; 50.98 11.03
Magdeburg; Sachsen-Anhalt; DE; 52.13 11.63
Potsdam; Brandenburg; DE; 52.4 13.07
Wien; Wien; AT; 48.21 16.37
Vienna; ; AT; 48.21 16.37
Graz; Steiermark; AT; 47.07 15.44
Salzburg; ; AT; 47.8 13.05
Innsbruck; Tirol; AT; 47.27 11.39
Linz; Oberösterreich; AT; 48.31 14.29
Zürich; ZH; CH; 47.37 8.54
Zurich; Zürich; CH; 47.37 8.54
Geneva; GE; CH; 46.2 6.15
Genève; ; CH; 46.2 6.15
Basel; BS; CH; 47.56 7.59
Bern; BE; CH; 46.95 7.45
Lausanne; Vaud; CH; 46.52 6.63
Luzern; LU; CH; 47.05 8.31
Lugano; Ticino; CH; 46.01 8.96
St. Gallen; SG; CH; 47.42 9.37
Lyon; Auvergne-Rhône-Alpes; FR; 45.76 4.84
Marseille; PACA; FR; 43.3 5.37
Toulouse; Occitanie; FR; 43.6 1.44
Bordeaux; Nouvelle-Aquitaine; FR; 44.84 -0.58
Lille; Hauts-de-France; FR; 50.63 3.06
Nantes; Pays de la Loire; FR; 47.22 -1.55
Strasbourg; Grand Est; FR; 48.57 7.75
Nice; ; FR; 43.7 7.27
Rennes; Bretagne; FR; 48.11 -1.68
Saint-Étienne; ; FR; 45.43 4.39
Madrid; ; ES; 40.42 -3.7
Barcelona; Cataluña; ES; 41.39 2.17
Valencia; ; ES; 39.47 -0.38
Valencia; ; VE; 10.17 -68
Sevilla; Andalucía; ES; 37.39 -5.99
Seville; ; ES; 37.39 -5.99
Bilbao; País Vasco; ES; 43.26 -2.93
San Sebastián; ; ES; 43.32 -1.98
Zaragoza; Aragón; ES; 41.65 -0.88
Málaga; ; ES; 36.72 -4.42
Palma de Mallorca; ; ES; 39.57 2.65
La Coruña; Galicia; ES; 43.37 -8.4
Lisboa; ; PT; 38.72 -9.14
Lisbon; ; PT; 38.72 -9.14
Porto; ; PT; 41.15 -8.61
Braga; ; PT; 41.55 -8.43
Funchal; ; PT; 32.65 -16.91
Edinburgh; Scotland; GB; 55.95 -3.19
Glasgow; Scotland; GB; 55.86 -4.25
Cardiff; Wales; GB; 51.48 -3.18
Belfast; Northern Ireland; GB; 54.6 -5.93
Liverpool; ; GB; 53.41 -2.98
Leeds; ; GB; 53.8 -1.55
Bristol; England; GB; 51.45 -2.59
Hull; ; GB; 53.74 -0.33
Brighton; ; GB; 50.83 -0.14
Dublin; ; IE; 53.35 -6.26
Dublin; CA; US; 37.7 -121.94
Cork; ; IE; 51.9 -8.47
Amsterdam; ; NL; 52.37 4.9
Den Haag; ; NL; 52.08 4.31
The Hague; ; NL; 52.08 4.31
Rotterdam; ; NL; 51.92 4.48
Utrecht; ; NL; 52.09 5.12
Eindhoven; ; NL; 51.44 5.47
Brussels; ; BE; 50.85 4.35
Bruxelles; ; BE; 50.85 4.35
Antwerp; ; BE; 51.22 4.4
Ghent; ; BE; 51.05 3.72
Luxembourg; ; LU; 49.61 6.13
København; ; DK; 55.68 12.57
Copenhagen; ; DK; 55.68 12.57
Aarhus; ; DK; 56.16 10.2
Stockholm; ; SE; 59.33 18.07
Gothenburg; ; SE; 57.71 11.97
Göteborg; ; SE; 57.71 11.97
Malmö; ; SE; 55.6 13
Oslo; ; NO; 59.91 10.75
Bergen; ; NO; 60.39 5.32
Helsinki; ; FI; 60.17 24.94
Tampere; ; FI; 61.5 23.76
Reykjavik; ; IS; 64.15 -21.94
Warszawa; ; PL; 52.23 21.01
Warsaw; ; PL; 52.23 21.01
Krakow; ; PL; 50.06 19.94
Wrocław; ; PL; 51.11 17.03
Gdansk; ; PL; 54.35 18.65
Łódź; ; PL; 51.77 19.46
Praha; ; CZ; 50.09 14.42
Brno; ; CZ; 49.2 16.61
Bratislava; ; SK; 48.15 17.11
Budapest; ; HU; 47.5 19.04
București; ; RO; 44.43 26.1
Cluj-Napoca; ; RO; 46.77 23.59
Sofia; ; BG; 42.7 23.32
Beograd; ; RS; 44.82 20.46
Zagreb; ; HR; 45.81 15.98
Ljubljana; ; SI; 46.05 14.51
Kyiv; ; UA; 50.45 30.52
Kiev; ; UA; 50.45 30.52
Lviv; ; UA; 49.84 24.03
Moskva; ; RU; 55.76 37.62
Moscow; ; RU; 55.76 37.62
Moscow; ID; US; 46.73 -117
Novosibirsk; ; RU; 55.05 82.93
Tallinn; ; EE; 59.44 24.75
Riga; ; LV; 56.95 24.11
Vilnius; ; LT; 54.69 25.28
Istanbul; ; TR; 41.01 28.95
Ankara; ; TR; 39.93 32.86
Izmir; ; TR; 38.42 27.14
Thessaloniki; ; GR; 40.64 22.94
Tel Aviv; ; IL; 32.08 34.78
Jerusalem; ; IL; 31.78 35.22
Dubai; ; AE; 25.2 55.27
Abu Dhabi; ; AE; 24.45 54.38
Riyadh; ; SA; 24.63 46.72
Doha; ; QA; 25.29 51.53
Cairo; ; EG; 30.04 31.24
Alexandria; ; EG; 31.2 29.92
Alexandria; VA; US; 38.8 -77.05
Casablanca; ; MA; 33.57 -7.59
Marrakech; ; MA; 31.63 -8
Tunis; ; TN; 36.81 10.18
Lagos; ; NG; 6.46 3.39
Lagos; ; PT; 37.1 -8.67
Abuja; ; NG; 9.07 7.4
Accra; ; GH; 5.6 -0.19
Nairobi; ; KE; -1.29 36.82
Addis Ababa; ; ET; 9.03 38.74
Kampala; ; UG; 0.31 32.58
Johannesburg; ; ZA; -26.2 28.05
Cape Town; ; ZA; -33.93 18.42
Durban; ; ZA; -29.86 31.03
Dakar; ; SN; 14.69 -17.45
Mumbai; Maharashtra; IN; 19.08 72.88
Bombay; ; IN; 19.08 72.88
Delhi; Delhi; IN; 28.61 77.23
Bangalore; Karnataka; IN; 12.98 77.59
Bengaluru; KA; IN; 12.98 77.59
Chennai; Tamil Nadu; IN; 13.08 80.27
Kolkata; West Bengal; IN; 22.57 88.36
Pune; MH; IN; 18.52 73.86
Ahmedabad; Gujarat; IN; 23.02 72.57
Jaipur; Rajasthan; IN; 26.92 75.79
Gurugram; Haryana; IN; 28.46 77.03
Kochi; Kerala; IN; 9.93 76.26
Karachi; ; PK; 24.86 67.01
Lahore; ; PK; 31.55 74.34
Dhaka; ; BD; 23.76 90.39
Colombo; ; LK; 6.93 79.85
Kathmandu; ; NP; 27.71 85.32
Tokyo; ; JP; 35.68 139.69
Osaka; ; JP; 34.69 135.5
Kyoto; ; JP; 35.01 135.77
Nagoya; ; JP; 35.18 136.91
Sapporo; ; JP; 43.06 141.35
Fukuoka; ; JP; 33.59 130.4
Seoul; ; KR; 37.57 126.98
Busan; ; KR; 35.18 129.08
Beijing; ; CN; 39.9 116.4
Shanghai; ; CN; 31.23 121.47
Guangzhou; ; CN; 23.13 113.26
Shenzhen; ; CN; 22.54 114.06
Xi'an; ; CN; 34.27 108.95
Chengdu; ; CN; 30.66 104.06
Hong Kong; ; HK; 22.3 114.2
Taipei; ; TW; 25.04 121.56
Singapore; ; SG; 1.28 103.83
Kuala Lumpur; ; MY; 3.15 101.69
Jakarta; ; ID; -6.18 106.83
Bangkok; ; TH; 13.75 100.5
Manila; ; PH; 14.6 120.98
Cebu; ; PH; 10.3 123.9
Hanoi; ; VN; 21.03 105.85
Saigon; ; VN; 10.78 106.7
Ho Chi Minh City; ; VN; 10.78 106.7
Yangon; ; MM; 16.8 96.15
Almaty; ; KZ; 43.24 76.95
Tashkent; ; UZ; 41.31 69.28
Tbilisi; ; GE; 41.72 44.79
Baku; ; AZ; 40.4 49.88
Yerevan; ; AM; 40.18 44.51
Sydney; NSW; AU; -33.87 151.21
Sydney; NS; CA; 46.14 -60.19
Melbourne; VIC; AU; -37.81 144.96
Melbourne; FL; US; 28.08 -80.61
Brisbane; Queensland; AU; -27.47 153.03
Perth; WA; AU; -31.96 115.86
Perth; Scotland; GB; 56.4 -3.44
Adelaide; SA; AU; -34.93 138.6
Canberra; ACT; AU; -35.29 149.13
Hobart; Tasmania; AU; -42.88 147.33
Darwin; NT; AU; -12.44 130.84
Auckland; ; NZ; -36.85 174.76
Wellington; ; NZ; -41.29 174.78
Christchurch; ; NZ; -43.53 172.64
Hamilton; ; NZ; -37.78 175.28
Suva; ; FJ; -18.14 178.44
Port Moresby; ; PG; -9.48 147.15
`;

/** A city as people write it, and where it is. */
export interface Place {
  readonly city: string;
  readonly state: string | null;
  readonly countryCode: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** The table's rows. */
export const places: readonly Place[] = table
  .trim()
  .split("\n")
  .map((line) => {
    const [city = "", state = "", countryCode = "", coordinates = ""] = line.split("; ").map((part) => part.trim());
    const [latitude = Number.NaN, longitude = Number.NaN] = coordinates.split(" ").map(Number);
    return { city, state: state === "" ? null : state, countryCode, latitude, longitude };
  });
