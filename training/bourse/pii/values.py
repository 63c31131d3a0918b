"""Made-up values of each type: by Faker (MIT) in many locales, and by formats written here."""

from __future__ import annotations

import random
import string
from functools import lru_cache

from faker import Faker

LOCALES = ["en_US", "en_GB", "en_AU", "en_CA", "en_IE", "en_IN", "en_NZ", "da_DK", "de_DE", "de_AT", "de_CH", "es_ES",
           "es_MX", "es_AR", "es_CL", "es_CO", "et_EE", "fi_FI", "fr_FR", "fr_CH", "fr_CA", "hr_HR", "hu_HU", "it_IT",
           "lt_LT", "lv_LV", "nl_NL", "nl_BE", "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "sk_SK", "sl_SI", "cs_CZ",
           "sv_SE", "tr_TR", "el_GR", "ru_RU", "uk_UA", "is_IS", "id_ID", "vi_VN", "fil_PH"]
ENGLISH = 7
STREET_LOCALES = [x for x in LOCALES if x not in ("ru_RU", "uk_UA", "is_IS", "vi_VN")]

LATIN_NAMES = {
    "japanese": "Haruto Yuto Sota Yuki Hayato Haruki Ryusei Koki Sora Hina Yui Aoi Yuna Sakura Hanako Kenji Takashi Akira "
                "Naoko Emi Kaori Mariko Hiroshi Satoshi Daisuke Ayumi Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto "
                "Nakamura Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Inoue Kimura Hayashi Shimizu Mori Abe Ikeda",
    "chinese": "Wei Fang Xiuying Na Min Jing Li Qiang Lei Yang Yong Yan Jie Juan Tao Ming Chao Ping Gang Guiying Xiaoming "
               "Wang Zhang Liu Chen Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo Lin He Gao Liang Zheng Luo Song Xie Tang",
    "arabic": "Mohammed Ahmed Ali Omar Hassan Hussein Ibrahim Khalid Youssef Mustafa Karim Tariq Fatima Aisha Maryam Zainab "
              "Layla Nour Salma Amina Huda Rania Samira Khadija Haddad Khoury Mansour Nasser Saleh Abadi Shamoun Bishara "
              "Najjar Said Aziz Farouk Rahman Hakimi Darwish Sayegh Kassab",
    "slavic": "Ivan Dmitry Sergei Alexei Nikolai Mikhail Andrei Vladimir Boris Oleg Pavel Igor Yuri Anton Olga Natalia "
              "Svetlana Irina Tatiana Ekaterina Galina Lyudmila Anastasia Ivanov Petrov Sidorov Smirnov Kuznetsov Popov "
              "Volkov Sokolov Lebedev Kozlov Novikov Morozov Orlov Ivanova Petrova Smirnova Kuznetsova Sokolova Volkova "
              "Abramov Bogdanov Zaytsev Pavlova Semyonova Akhmadov Dudayev Sadulayev Basayev",
    "african": "Kwame Kofi Ama Abena Chinedu Ngozi Emeka Ifeoma Oluwaseun Adebayo Folake Tunde Amara Thabo Sipho Nomsa Zanele "
               "Okafor Adeyemi Mensah Nkosi Dlamini Mwangi Otieno Kamau Wanjiku Eze Okonkwo Abiodun Tesfaye Haile Bekele Diallo",
    "indian": "Aarav Vivaan Aditya Arjun Rohan Priya Ananya Kavya Neha Pooja Rahul Amit Sanjay Deepak Sunita Lakshmi Sharma "
              "Patel Gupta Reddy Iyer Nair Mehta Chatterjee Banerjee Kapoor Malhotra Agarwal Desai Joshi Rao Singh Kaur",
}

HONORIFICS = ["Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Prof.", "Mr", "Mrs", "Ms", "Dr", "Sir", "Madam", "Professor"]

NATIONS = ("American British English Scottish Welsh Irish French German Italian Spanish Portuguese Dutch Belgian Swiss Austrian "
           "Danish Norwegian Swedish Finnish Icelandic Estonian Latvian Lithuanian Polish Czech Slovak Slovenian Croatian Serbian "
           "Bosnian Albanian Macedonian Bulgarian Romanian Hungarian Greek Turkish Cypriot Maltese Russian Ukrainian Belarusian "
           "Moldovan Georgian Armenian Azerbaijani Kazakh Uzbek Turkmen Kyrgyz Tajik Afghan Pakistani Indian Bangladeshi Nepalese "
           "Bhutanese Sri-Lankan Burmese Thai Laotian Cambodian Vietnamese Malaysian Singaporean Indonesian Filipino Bruneian "
           "Chinese Taiwanese Japanese Korean Mongolian Australian Fijian Samoan Tongan Canadian Mexican Guatemalan Belizean "
           "Honduran Salvadoran Nicaraguan Panamanian Cuban Jamaican Haitian Dominican Bahamian Barbadian Trinidadian Colombian "
           "Venezuelan Ecuadorian Peruvian Bolivian Chilean Argentinian Argentine Uruguayan Paraguayan Brazilian Guyanese "
           "Surinamese Egyptian Libyan Tunisian Algerian Moroccan Sudanese Ethiopian Eritrean Somali Kenyan Ugandan Tanzanian "
           "Rwandan Congolese Nigerian Ghanaian Ivorian Senegalese Malian Cameroonian Angolan Zambian Zimbabwean Mozambican "
           "Namibian Botswanan Malagasy Israeli Palestinian Jordanian Lebanese Syrian Iraqi Iranian Kuwaiti Saudi Emirati Qatari "
           "Bahraini Omani Yemeni European Asian African Arab Persian Kurdish Catalan Basque Chechen Tibetan Hispanic Latino "
           "Greenlandic Greenlander Scandinavian Mediterranean Caribbean Balkan Siberian").split()
FAITHS = ("Christian Catholic Protestant Orthodox Muslim Sunni Shia Jewish Hindu Buddhist Sikh Mormon Lutheran Baptist Methodist "
          "Anglican Quaker Amish Republican Democrat Conservative Labour Liberal Socialist Communist Libertarian").split()
PEOPLES = ("Swedes Danes Finns Poles Turks Serbs Croats Slovaks Czechs Scots Spaniards Britons Germans Italians Russians "
           "Americans Canadians Mexicans Brazilians Chileans Greeks Hungarians Romanians Indians Israelis Iraqis Saudis Kuwaitis "
           "Filipinos Thais Kenyans Nigerians Egyptians Tunisians Algerians Moroccans Bruneians Surinamese Paraguayans Ecuadoreans "
           "Belgians Austrians Norwegians Ukrainians Jews Muslims Christians Hindus Sikhs Buddhists Catholics Sunnis Shiites "
           "Democrats Republicans Socialists Englishman Frenchman Dutchman Irishman Scotsman Spaniard Dane Swede Finn Pole "
           "Turk Serb Croat Czech Briton Norseman Welshman").split()

REGIONS = ("Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois "
           "Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri Montana "
           "Nebraska Nevada Ohio Oklahoma Oregon Pennsylvania Tennessee Texas Utah Vermont Virginia Wisconsin Wyoming Ontario "
           "Quebec Alberta Manitoba Bavaria Saxony Tuscany Sicily Catalonia Andalusia Brittany Normandy Provence Scotland Wales "
           "England Queensland Tasmania Jutland Lapland Silesia Moravia Transylvania Flanders Wallonia Europe Asia Africa").split()
REGIONS += ["New York", "New Jersey", "New Mexico", "North Carolina", "South Carolina", "North Dakota", "South Dakota",
            "West Virginia", "Rhode Island", "New Hampshire", "British Columbia", "Nova Scotia", "New South Wales",
            "Los Angeles", "San Francisco", "Las Vegas", "San Diego", "New Orleans", "Hong Kong", "Tel Aviv", "Buenos Aires",
            "Rio de Janeiro", "Cape Town", "Addis Ababa", "Kuala Lumpur", "Abu Dhabi", "the Netherlands", "the United States",
            "the UK", "the US", "USA", "UK", "U.S.", "UAE", "EU"]
CITIES = ("London Paris Berlin Madrid Rome Vienna Prague Warsaw Budapest Lisbon Athens Dublin Oslo Stockholm Copenhagen Helsinki "
          "Brussels Amsterdam Rotterdam Zurich Geneva Munich Hamburg Cologne Frankfurt Milan Naples Turin Venice Florence "
          "Barcelona Seville Valencia Porto Lyon Marseille Nice Toulouse Bordeaux Manchester Liverpool Birmingham Leeds Glasgow "
          "Edinburgh Cardiff Belfast Bristol Moscow Kyiv Minsk Istanbul Ankara Cairo Tunis Algiers Casablanca Lagos Nairobi "
          "Johannesburg Durban Accra Dakar Tokyo Osaka Kyoto Seoul Beijing Shanghai Shenzhen Taipei Bangkok Hanoi Jakarta "
          "Manila Singapore Mumbai Delhi Bangalore Chennai Kolkata Karachi Lahore Dhaka Kabul Tehran Baghdad Riyadh Jeddah "
          "Dubai Doha Beirut Damascus Jerusalem Amman Sydney Melbourne Brisbane Perth Auckland Wellington Toronto Montreal "
          "Vancouver Ottawa Calgary Chicago Boston Houston Dallas Austin Seattle Denver Phoenix Atlanta Miami Orlando Detroit "
          "Cleveland Pittsburgh Philadelphia Baltimore Portland Sacramento Nashville Memphis Havana Bogota Lima Quito Caracas "
          "Santiago Montevideo Brasilia Reykjavik Tallinn Riga Vilnius Zagreb Ljubljana Bratislava Belgrade Sofia Bucharest "
          "Nicosia Limassol Larnaca Valletta Nuuk").split()

COMPANY_WORDS = ("Data Cloud Health Energy Capital Global Green Smart Digital Open Solar Urban Bio Med Pay Trust First Blue Red Nova "
                 "Peak Summit River Ocean Metro City Nation Civic Social Mobile Net Web Info Geo Map Loan Credit Bank Home House "
                 "Farm Food Crop Auto Car Fleet Air Sky Star Sun Moon Fire Stone Iron Gold Silver Bright Clear Fast Quick Live "
                 "Life Care Cure Gene Cell Brain Mind Think Idea Logic Code Byte Bit Pixel Sound Music Art Book Read Learn "
                 "Teach School Campus Legal Law Tax Audit Risk Safe Secure Shield Guard Lock Key Gate Bridge Road Way Path Ship "
                 "Rail Cargo Trade Market Shop Store Retail Brand Media News Press Post Mail Voice Talk Chat Link Connect Hub "
                 "Base Core Stack Works Labs Factory Forge Craft Build Power Grid Volt Water Earth Climate Weather Wind Storm").split()
COMPANY_TAILS = ("Inc LLC Ltd Ltd. Inc. Group Partners Solutions Systems Technologies Labs Media Networks Analytics Holdings "
                 "Corporation Corp Company Co. Services International Bank Insurance Software Consulting Ventures Foundation "
                 "Institute Association University Industries Enterprises Logistics Pharmaceuticals Motors Airlines GmbH AG "
                 "S.A. PLC and Sons Society Council Agency Studio Studios Records Pictures").split()
KNOWN_COMPANIES = ("Google Microsoft Apple Amazon Facebook Meta Netflix Oracle IBM Intel Nvidia Samsung Sony Toyota Honda Tesla Ford "
                   "Siemens Bosch SAP Volkswagen BMW Nestlé Novartis Roche Pfizer Bayer Merck AstraZeneca Unilever Shell BP "
                   "ExxonMobil Chevron Walmart Target Costco IKEA Nike Adidas Starbucks McDonald's Uber Airbnb Spotify PayPal "
                   "Visa Mastercard Citigroup JPMorgan HSBC Barclays Deloitte KPMG Accenture McKinsey Boeing Airbus Lufthansa "
                   "FedEx UPS DHL Verizon Vodafone Ericsson Nokia Huawei Alibaba Tencent Twitter LinkedIn Adobe Salesforce Zillow "
                   "Yelp Experian Equifax NATO UNESCO Greenpeace Reuters Bloomberg Harvard Stanford MIT").split()

OWN_JOBS = ("software engineer|data scientist|nurse|teacher|lawyer|accountant|project manager|plumber|electrician|carpenter|chef|"
            "waiter|bartender|pilot|flight attendant|truck driver|bus driver|taxi driver|journalist|editor|photographer|graphic "
            "designer|architect|civil engineer|mechanical engineer|surgeon|dentist|pharmacist|veterinarian|psychologist|"
            "physiotherapist|paramedic|firefighter|police officer|security guard|soldier|judge|paralegal|court clerk|librarian|"
            "museum curator|historian|translator|interpreter|sales manager|sales representative|marketing director|chief executive "
            "officer|chief financial officer|vice president|head of operations|human resources manager|recruiter|office clerk|"
            "receptionist|administrative assistant|bank teller|loan officer|financial analyst|insurance agent|real estate agent|"
            "tax inspector|auditor|farm worker|forest ranger|fisherman|butcher|baker|tailor|dressmaker|shoe repairer|welder|"
            "machine operator|assembly line worker|forklift driver|crane operator|warehouse clerk|stock clerk|shipping clerk|"
            "postal worker|file clerk|payroll clerk|billing clerk|data entry clerk|janitor|housekeeper|gardener|painter and "
            "decorator|roofer|bricklayer|mason|glazier|pipe fitter|boiler operator|power plant operator|mining engineer|geologist|"
            "chemist|biologist|physicist|mathematician|statistician|economist|sociologist|university professor|research "
            "assistant|laboratory technician|medical assistant|dental hygienist|radiologic technologist|optician|dietitian|"
            "social worker|child care worker|kindergarten teacher|special education teacher|school counselor|coach|referee|"
            "dancer|actor|musician|composer|conductor|film director|producer|sound technician|makeup artist|hairdresser|"
            "travel agent|tour guide|hotel manager|event planner|telephone operator|network administrator|database "
            "administrator|web developer|help desk technician|quality control inspector|safety inspector|surveyor|cartographer|"
            "drafter|textile worker|upholsterer|jeweler|watch repairer|locksmith|funeral director|embalmer|clergy member").split("|")


@lru_cache(maxsize=None)
def faker(locale: str) -> Faker:
    return Faker(locale)


class Values:
    """Draws one value per call; the same seed gives the same values."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.pools: dict[tuple[str, str], list[str]] = {}
        self.latin = [(n.split()[: len(n.split()) // 2], n.split()[len(n.split()) // 2 :]) for n in LATIN_NAMES.values()]

    def _pool(self, locale: str, what: str) -> list[str]:
        """400 values of one Faker provider, from which each call picks."""
        key = (locale, what)
        if key not in self.pools:
            fake = faker(locale)
            fake.seed_instance(f"{locale}/{what}")
            if not hasattr(fake, what):
                fake, what = faker("en_US"), what
            self.pools[key] = sorted({str(getattr(fake, what)()).replace("\n", ", ") for _ in range(400)})
        return self.pools[key]

    def fake(self, what: str, locales: list[str] = LOCALES) -> str:
        locale = self.r.choice(locales[:ENGLISH] if self.r.random() < 0.3 else locales)
        return self.r.choice(self._pool(locale, what))

    def first(self) -> str:
        if self.r.random() < 0.18:
            return self.r.choice(self.r.choice(self.latin)[0])
        return self.fake("first_name")

    def last(self) -> str:
        if self.r.random() < 0.18:
            return self.r.choice(self.r.choice(self.latin)[1])
        return self.fake("last_name")

    def person(self) -> str:
        x = self.r.random()
        if x < 0.12:
            return self.first()
        if x < 0.2:
            return self.last()
        middle = self.r.random()
        name = f"{self.first()} "
        if middle < 0.16:
            name += self.r.choice(string.ascii_uppercase) + self.r.choice(["", "."]) + " "
        elif middle < 0.2:
            name += self.first() + " "
        name += self.last()
        if self.r.random() < 0.03:
            name += self.r.choice([" Jr.", " II", " III", " Sr."])
        if self.r.random() < 0.03:
            name += "-" + self.last()
        return name

    def org(self) -> str:
        x = self.r.random()
        word = lambda: self.r.choice(COMPANY_WORDS)
        if x < 0.12:
            return f"{self.last()}, {self.last()} and {self.last()}"
        if x < 0.2:
            return f"{self.last()}-{self.last()}"
        if x < 0.28:
            return f"{self.last()} {self.r.choice(['Ltd', 'Inc', 'LLC', 'PLC', 'Group', 'and Sons', 'Ltd.'])}"
        if x < 0.42:
            return self.fake("company")
        if x < 0.52:
            return self.r.choice(KNOWN_COMPANIES)
        if x < 0.66:
            joined = word() + word().lower()
            return joined if self.r.random() < 0.7 else word() + self.r.choice(["ify", "ly", "io", "tics", "era", "ium", "ix", "ster", "sy"])
        if x < 0.72:
            return word() + word()
        if x < 0.86:
            return f"{word()} {self.r.choice(COMPANY_TAILS)}"
        return f"{word()} {word()} {self.r.choice(COMPANY_TAILS)}" if self.r.random() < 0.6 else f"{word()} {word()}"

    def city(self) -> str:
        x = self.r.random()
        name = self.r.choice(CITIES) if x < 0.3 else self.fake("city")
        if self.r.random() < 0.12:
            name = name.upper()
        return name

    def country(self) -> str:
        return self.r.choice(self._pool("en_US", "country"))

    def place(self) -> str:
        x = self.r.random()
        return self.city() if x < 0.5 else self.country() if x < 0.85 else self.r.choice(REGIONS)

    def nrp(self) -> str:
        return self.r.choice(NATIONS if self.r.random() < 0.85 else FAITHS)

    def people(self) -> str:
        if self.r.random() < 0.5:
            return self.r.choice(PEOPLES)
        return self.r.choice([n for n in NATIONS if n.endswith(("an", "i"))]) + "s"

    def job(self) -> str:
        job = self.r.choice(OWN_JOBS) if self.r.random() < 0.6 else self.r.choice(self._pool(self.r.choice(["en_US", "en_GB"]), "job"))
        if self.r.random() < 0.04:
            job = f"{job} and {self.r.choice(OWN_JOBS)}"
        return job if self.r.random() < 0.3 else job[0].upper() + job[1:]

    def honorific(self) -> str:
        return self.r.choice(HONORIFICS)

    def digits(self, count: int) -> str:
        return "".join(self.r.choice(string.digits) for _ in range(count))

    def number(self) -> str:
        return self.digits(self.r.choice([1, 2, 2, 2, 3, 3, 4, 5])).lstrip("0") or "7"

    def zip(self) -> str:
        d = self.digits
        return self.r.choice([d(5), d(5), d(5), d(4), d(4), f"{d(3)} {d(2)}", f"{d(2)}-{d(3)}", f"{d(4)}-{d(3)}", f"{d(5)}-{d(4)}",
                              f"{d(5)}-{d(3)}", d(6), d(3), "SW1A 2AA", "K1A 0B1", "1017 AB"])

    def street(self) -> str:
        x = self.r.random()
        if x < 0.25:
            return f"{self.last()} {self.r.choice('Street Road Avenue Lane Drive Way Court Square Place Boulevard Terrace Close Park Hill Crescent Union Pass Mews Circle Ridge Station Gateway Extensions Junction Parks Squares Courts'.split())}"
        if x < 0.33:
            return f"{self.r.choice(['Rua', 'Via', 'Calle', 'Rue', 'Avenida', 'Avenue', 'Plaza', 'Piazza', 'ul.', 'Carrer', 'Place', 'Viale', 'Strada', 'Camino', 'Boulevard', 'Impasse', 'Trg', 'Travessa', 'C/', 'Rue de la'])} {self.person()}"
        if x < 0.43:
            stem = self.last()
            return stem + self.r.choice(["straße", "strasse", "gatan", "vej", "gade", "straat", "weg", "laan", "katu", "tie", "veien", "gata", "kuja", "gasse", "allee", "platz", "vägen", "stræde", "ova ulica", " utca", " u.", " ulica", " tér", "bakken", "toften"])
        return self.fake("street_name", STREET_LOCALES)

    def street_number(self) -> str:
        x = self.r.random()
        street, n = self.street(), self.number()
        if x < 0.42:
            return f"{n} {street}"
        if x < 0.75:
            return f"{street} {n}"
        if x < 0.85:
            return f"{n} {street} {self.number()}"
        if x < 0.92:
            return self.fake("street_address", STREET_LOCALES)
        return self.r.choice(["P.O. Box ", "PO Box ", "Box ", "Postbox "]) + self.number()

    def unit(self) -> str:
        return f"{self.r.choice(['Apt.', 'Suite', 'Apt', 'Unit', 'Flat', 'Floor', 'Room', '#'])} {self.digits(3)}".replace("# ", "#")

    def state(self) -> str:
        return self.r.choice("AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY ON QC BC SH BZ".split() + ["nan", "32", "43"])

    def address(self) -> str:
        x = self.r.random()
        start = self.street_number()
        if self.r.random() < 0.35:
            start = f"{self.number()} {start}"
        if x < 0.08:
            return start
        if x < 0.14:
            return self.r.choice([
                f"PSC {self.digits(4)}, Box {self.digits(4)}\nAPO {self.r.choice(['AA', 'AE', 'AP'])} {self.digits(5)}",
                f"Unit {self.digits(4)} Box {self.digits(4)}\nDPO {self.r.choice(['AA', 'AE', 'AP'])} {self.digits(5)}",
                f"USNS {self.last()}\nFPO {self.r.choice(['AA', 'AE', 'AP'])} {self.digits(5)}",
                f"USCGC {self.last()}, FPO AE {self.digits(5)}"])
        if x < 0.2:
            return f"the {self.r.choice(['corner', 'corner', 'intersection', 'junction'])} of {self.street_number() if self.r.random() < 0.5 else self.street()} and {self.street()}"
        line = self.r.choice(["\n", "\n ", ", ", ", ", " ", "\n  "])
        parts = [start]
        if self.r.random() < 0.6:
            if self.r.random() < 0.5:
                parts[0] += " " + self.unit()
            else:
                parts.append(self.unit())
        city, country, code = self.city(), self.country(), self.zip()
        parts += self.r.choice([[f"{city}, {self.state()} {code}"], [f"{city}{line}, {self.state()}{line}{code}"], [city, f"{country} {code}"],
                                [f"{code} {city}"], [f"{code} {city}", country], [city, code], [city, country, code], [city, country],
                                [f"{city} {self.state()}"], [f"{city} {code}"], [city], [f"{city}{line}, {self.state()}", f"{country} {code}"]])
        return line.join(parts)

    def age(self) -> str:
        return str(self.r.randint(1, 99)) if self.r.random() < 0.97 else str(self.r.randint(100, 110))

    def year(self) -> str:
        return str(self.r.randint(1900, 2035))

    def date(self) -> str:
        r = self.r
        y, m, d = r.randint(1930, 2030), r.randint(1, 12), r.randint(1, 28)
        month = "January February March April May June July August September October November December".split()[m - 1]
        return r.choice([f"{m}/{d}/{y}", f"{d:02d}/{m:02d}/{y}", f"{y}-{m:02d}-{d:02d}", f"{d:02d}.{m:02d}.{y}", f"{month} {d}, {y}",
                         f"{d} {month} {y}", f"{month} {y}", f"{month} {d}", f"{d} {month}", f"{month[:3]} {d}, {y}", f"{d}th of {month}",
                         f"{y}-{m:02d}-{d:02d} {r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}", f"{y}"])

    def moment(self) -> str:
        r = self.r
        return r.choice([self.date(), self.date(), f"{r.randint(0, 23)}:{r.randint(0, 59):02d}", f"{r.randint(1, 12)}:{r.randint(0, 59):02d} {r.choice(['am', 'pm', 'AM', 'PM'])}"])

    def phone(self) -> str:
        d = self.digits
        a = self.r.choice("23456789") + d(2)
        return self.r.choice([
            f"{a}-{d(3)}-{d(4)}", f"({a}) {d(3)}-{d(4)}", f"{a}.{d(3)}.{d(4)}", f"+{self.r.choice(['1', '44', '49', '33', '972', '61', '47', '351'])} {d(3)} {d(3)} {d(4)}",
            f"0{d(3)} {d(3)} {d(2)} {d(2)}", f"0{d(3)} {d(2)} {d(2)} {d(2)}", f"0{d(2)} {d(3)} {d(2)} {d(2)}", f"{d(3)} {d(4)}", f"{d(4)} {d(4)}",
            f"{d(3)} {d(3)} {d(3)}", f"{d(2)} {d(3)} {d(3)}", f"{d(3)} {d(2)} {d(3)}", f"{d(2)}-{d(2)}-{d(2)}-{d(2)}", f"{d(2)}.{d(2)}.{d(2)}.{d(2)}.{d(2)}",
            f"0{d(3)} {d(7)}", f"0{d(2)} {d(4)} {d(4)}", f"({d(2)}) {d(4)} {d(4)}", f"({d(2)}) {d(4)}-{d(4)}", f"({d(3)}) {d(4)}-{d(3)}", f"{d(2)} {d(2)} {d(2)}",
            f"{d(3)} {d(3)} {d(2)} {d(2)}", f"0{d(10)}", f"{d(10)}", f"{d(8)}", f"{d(3)}-{d(3)}-{d(3)}", f"{d(2)} {d(3)} {d(3)} {d(4)}", f"{d(3)}-{d(4)}", f"{d(2)} {d(3)} {d(2)} {d(2)}"])

    def dl(self) -> str:
        d, u = self.digits, lambda: self.r.choice(string.ascii_uppercase)
        return self.r.choice([d(7), d(8), d(9), d(9), d(10), d(12), u() + d(7), u() + d(8), u() + d(12), u() + d(13), u() + d(14), u() + u() + d(6) + u(), u() + u() + d(6),
                              f"{d(4)}-{d(2)}-{d(4)}", f"{u()}{d(3)}-{d(4)}-{d(4)}", f"{u()}-{d(3)}-{d(3)}-{d(3)}-{d(3)}", f"{d(3)}-{d(2)}-{d(4)}"[1:], f"{d(2)}{u()}{u()}{d(5)}"])

    def card(self) -> str:
        if self.r.random() < 0.85:
            return faker("en_US").credit_card_number()
        return "4" + self.digits(15)

    def ssn(self) -> str:
        s = faker("en_US").ssn()
        return s if self.r.random() < 0.6 else s.replace("-", self.r.choice(["", " "]))

    def iban(self) -> str:
        return faker(self.r.choice(["en_GB", "de_DE", "fr_FR", "nl_NL", "es_ES"])).iban()

    def email(self) -> str:
        return faker(self.r.choice(["en_US", "de_DE", "fr_FR"])).email()

    def url(self) -> str:
        return self.r.choice([faker("en_US").url(), "www." + faker("de_DE").domain_name(), faker("en_US").domain_name(), faker("en_GB").uri()])

    def ip(self) -> str:
        return faker("en_US").ipv4() if self.r.random() < 0.7 else faker("en_US").ipv6()
