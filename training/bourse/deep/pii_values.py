"""Invented values for spans of personal data."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache

from faker import Faker

# Without it_IT, whose cities come in an order that changes from run to run.
LOCALES = ["en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "nl_NL", "sv_SE", "pl_PL", "cs_CZ", "en_IN", "pt_BR", "da_DK", "fi_FI"]
GROUPS = (
    "American British English Scottish Welsh Irish French German Spanish Italian Portuguese Dutch Belgian Swiss Austrian Danish Swedish "
    "Norwegian Finnish Icelandic Polish Czech Slovak Hungarian Romanian Bulgarian Greek Turkish Russian Ukrainian Serbian Croatian Canadian "
    "Mexican Brazilian Argentinian Chilean Peruvian Colombian Cuban Australian Chinese Japanese Korean Vietnamese Thai Indonesian Filipino "
    "Indian Pakistani Iranian Iraqi Israeli Egyptian Moroccan Nigerian Kenyan Ethiopian Ghanaian Catholic Protestant Muslim Jewish Hindu "
    "Buddhist Sikh Mormon Orthodox Democrat Republican Socialist Conservative Kurdish Catalan Basque Maori Europeans Americans Germans Swedes"
).split()
STARTS = ("Nor Vel Quan Ast Brix Cly Del Ever Fin Gra Hel Inno Jun Kel Lum Med Nex Omni Pay Quo Rel Syn Tri Uni Ver Wex Xen Yal Zen Blue Green "
          "Open Data Cloud Smart Red North Solar Micro Inter Trans").split()
ENDS = "lytics ify ora ium ant exa ade ella soft ware works gard metrics scope base wise link ster via tech nomics ence ica list hub point".split()
TAILS = ["", "", "", " Inc", " Inc.", " Ltd", " GmbH", " Group", " Bank", " Labs", " Systems", " Technologies", " Analytics", " University",
         " Foundation", " Consulting", " Media", " Airlines", " Holdings", " & Sons", " Institute", " Networks", " Partners", " Solutions"]


@cache
def _fakers() -> list[Faker]:
    made = [Faker(locale) for locale in LOCALES]
    for faker in made:
        faker.seed_instance(11)
    return made


def _organisation(faker: Faker, rng: random.Random) -> str:
    if rng.random() < 0.4:
        return str(faker.company())
    if rng.random() < 0.3:
        return faker.last_name() + rng.choice(["-" + faker.last_name(), ", " + faker.last_name() + " and " + faker.last_name(), rng.choice(TAILS)])
    stem = rng.choice(STARTS) + rng.choice(ENDS)
    return (stem if rng.random() < 0.7 else f"{rng.choice(STARTS)} {stem.capitalize()}") + rng.choice(TAILS)


def _person(faker: Faker, rng: random.Random) -> str:
    middle = rng.choice(["", "", f" {rng.choice('ABCDEFGHJKLMNPRST')}", f" {rng.choice('ABCDEFGHJKLMNPRST')}."])
    whole = f"{faker.first_name()}{middle} {faker.last_name()}"
    return rng.choice([whole, whole, faker.first_name(), faker.last_name()])


def _day(rng: random.Random) -> str:
    day = date(1930, 1, 1) + timedelta(days=rng.randrange(36_500))
    return day.strftime(rng.choice(["%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%B %d, %Y", "%Y", "%d %b %Y", "%Y-%m-%d %H:%M:%S"]))


def invented(kind: str, rng: random.Random) -> str | None:
    """A value of the type; none where only the data has values."""
    faker = rng.choice(_fakers())
    makers = {
        "PERSON": lambda: _person(faker, rng),
        "GPE": lambda: rng.choice([faker.city, faker.country, faker.city])(),
        "STREET_ADDRESS": lambda: rng.choice([faker.address, faker.street_address, faker.street_name, faker.address])(),
        "ORGANIZATION": lambda: _organisation(faker, rng),
        "NRP": lambda: rng.choice(GROUPS),
        "TITLE": lambda: rng.choice([faker.job, faker.job, lambda: rng.choice(["Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Miss"])])(),
        "PHONE_NUMBER": faker.phone_number,
        "ZIP_CODE": faker.postcode,
        "DATE_TIME": lambda: _day(rng),
        "AGE": lambda: str(rng.randint(1, 99)),
        "EMAIL_ADDRESS": faker.email,
        "DOMAIN_NAME": faker.url,
        "IBAN_CODE": faker.iban,
        "CREDIT_CARD": faker.credit_card_number,
    }
    maker = makers.get(kind)
    return str(maker()) if maker else None
