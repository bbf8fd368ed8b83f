"""Turns the source files of the public packages into Arrow tables, and those into Parquet bytes.

Column types are those of the guest interface alone: boolean, int32, int64, float64, decimal128(38, 4), string, date32, timestamp[us]
without zone (UTC). Text is stripped of blanks at both ends; nothing else is changed but what PROVENANCE.md says.
"""

import csv
import datetime
import decimal
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

DECIMAL = pa.decimal128(38, 4)
ROW_GROUP_ROWS = 131_072


def parquet(table):
    """Parquet bytes: zstd, dictionaries, no Arrow schema in the metadata."""
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression="zstd",
        compression_level=19,
        row_group_size=ROW_GROUP_ROWS,
        store_schema=False,
        version="2.6",
        data_page_version="1.0",
    )
    return out.getvalue()


def table(columns):
    """A table of (name, type, nullable, values); refuses an absent value where none may be."""
    fields = [pa.field(name, kind, nullable) for name, kind, nullable, _ in columns]
    arrays = [pa.array(values, kind) for _, kind, _, values in columns]
    for field, array in zip(fields, arrays):
        if array.null_count and not field.nullable:
            raise ValueError(f"{field.name} has absent values")
    return pa.table(arrays, pa.schema(fields))


def integer(text):
    """An integer, or `None` for `NA` and nothing."""
    return None if text in ("NA", "") else int(text)


def number(text):
    """A float, or `None` for `NA` and nothing."""
    return None if text in ("NA", "") else float(text)


def money(text):
    """A decimal with four digits after the point, rounded half to even."""
    return decimal.Decimal(text).quantize(decimal.Decimal("0.0001"), decimal.ROUND_HALF_EVEN)


def hour_utc(text):
    """`2013-01-01T10:00:00Z` as a timestamp without zone, in UTC."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


# Position in the source file, which has no header → name of the column. Positions left out are left out of the table.
CENSUS_TEXT = {
    12: "sex",
    10: "race",
    7: "marital_status",
    4: "education",
    20: "previous_region",
    34: "birth_country",
    35: "citizenship",
    23: "household_role",
    15: "employment",
    1: "class_of_worker",
    8: "industry",
    9: "occupation",
}
CENSUS_NUMBERS = {39: "weeks_worked", 5: "hourly_wage_cents", 16: "capital_gains", 17: "capital_losses", 18: "dividends"}
CENSUS_INCOME = {"- 50000.": 0, "50000+.": 1}


def census(data):
    """US census income microdata 1994/95."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(data.decode("ascii")))]
    if {len(row) for row in rows} != {42}:
        raise ValueError("the census file has 42 columns")
    columns = [
        ("person", pa.int32(), False, range(1, len(rows) + 1)),
        ("survey_year", pa.int32(), False, [1900 + int(row[40]) for row in rows]),
        ("age", pa.int32(), False, [int(row[0]) for row in rows]),
    ]
    columns += [(name, pa.string(), False, [row[at] for row in rows]) for at, name in CENSUS_TEXT.items()]
    columns += [(name, pa.int32(), False, [int(row[at]) for row in rows]) for at, name in CENSUS_NUMBERS.items()]
    columns += [
        ("income_over_50k", pa.int32(), False, [CENSUS_INCOME[row[41]] for row in rows]),
        ("weight", pa.float64(), False, [float(row[24]) for row in rows]),
    ]
    return table(columns)


def flights(data):
    """Flights departing New York in 2013."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (inner,) = [name for name in archive.namelist() if name.endswith("flights.csv") and not name.startswith("__")]
        rows = list(csv.DictReader(io.StringIO(archive.read(inner).decode("ascii"))))

    def of(convert, name):
        return [convert(row[name]) for row in rows]

    dep, arr = of(integer, "dep_delay"), of(integer, "arr_delay")
    departed = [row["dep_time"] != "NA" for row in rows]
    aircraft = [f"unknown-{row['carrier']}" if row["tailnum"] == "NA" else row["tailnum"] for row in rows]
    dates = [datetime.date(int(row["year"]), int(row["month"]), int(row["day"])) for row in rows]
    return table([
        ("tailnum", pa.string(), False, aircraft),
        ("carrier", pa.string(), False, of(str, "carrier")),
        ("flight", pa.int32(), False, of(int, "flight")),
        ("flight_date", pa.date32(), False, dates),
        ("month", pa.int32(), False, of(int, "month")),
        ("hour", pa.int32(), False, of(int, "hour")),
        ("scheduled_hour", pa.timestamp("us"), False, of(hour_utc, "time_hour")),
        ("origin", pa.string(), False, of(str, "origin")),
        ("dest", pa.string(), False, of(str, "dest")),
        ("cancelled", pa.int32(), False, [int(not flew) for flew in departed]),
        ("diverted", pa.bool_(), False, [flew and late is None for flew, late in zip(departed, arr)]),
        ("dep_delay", pa.int32(), True, dep),
        ("dep_delay_minutes", pa.int32(), True, [None if late is None else max(late, 0) for late in dep]),
        ("dep_late_15", pa.int32(), True, [None if late is None else int(late >= 15) for late in dep]),
        ("arr_delay", pa.int32(), True, arr),
        ("arr_delay_minutes", pa.int32(), True, [None if late is None else max(late, 0) for late in arr]),
        ("air_time", pa.int32(), True, of(integer, "air_time")),
        ("distance", pa.int32(), False, of(int, "distance")),
    ])


# Column of the source → name here, and whether it may be absent.
WEATHER_NUMBERS = {
    "temp": ("temperature_fahrenheit", True),
    "dewp": ("dew_point_fahrenheit", True),
    "humid": ("humidity_percent", True),
    "wind_dir": ("wind_direction_degrees", True),
    "wind_speed": ("wind_speed_mph", True),
    "wind_gust": ("wind_gust_mph", True),
    "precip": ("precipitation_inches", False),
    "pressure": ("pressure_millibars", True),
    "visib": ("visibility_miles", False),
}


def weather(data):
    """Hourly weather at New York's airports in 2013."""
    rows = list(csv.DictReader(io.StringIO(data.decode("ascii"))))
    dates = [datetime.date(int(row["year"]), int(row["month"]), int(row["day"])) for row in rows]
    columns = [
        ("origin", pa.string(), False, [row["origin"] for row in rows]),
        ("observed_hour", pa.timestamp("us"), False, [hour_utc(row["time_hour"]) for row in rows]),
        ("observed_date", pa.date32(), False, dates),
        ("month", pa.int32(), False, [int(row["month"]) for row in rows]),
        ("hour", pa.int32(), False, [int(row["hour"]) for row in rows]),
    ]
    for source, (name, nullable) in WEATHER_NUMBERS.items():
        columns.append((name, pa.float64(), nullable, [number(row[source]) for row in rows]))
    return table(columns)


def rand_health(row):
    """Self-rated health from the source's three indicators; none of them means excellent."""
    for column, label in (("hlthp", "poor"), ("hlthf", "fair"), ("hlthg", "good")):
        if row[column] == "1":
            return label
    return "excellent"


RAND_MONEY = {
    "inpdol": "inpatient_dollars",
    "outpdol": "outpatient_dollars",
    "drugdol": "drug_dollars",
    "suppdol": "supply_dollars",
    "mentdol": "mental_dollars",
    "meddol": "medical_dollars",
}
RAND_COUNTS = {"totadm": "admissions", "mdvis": "doctor_visits", "notmdvis": "other_visits", "mentvis": "mental_visits"}


def rand(data):
    """RAND Health Insurance Experiment."""
    rows = list(csv.DictReader(io.StringIO(data.decode("ascii"))))

    def of(convert, name):
        return [convert(row[name]) for row in rows]

    columns = [
        ("person", pa.int32(), False, of(int, "zper")),
        ("study_year", pa.int32(), False, of(int, "year")),
        ("site", pa.int32(), False, of(int, "site")),
        ("plan", pa.int32(), False, of(int, "plan")),
        ("coinsurance_percent", pa.int32(), False, of(int, "coins")),
        ("deductible_plan", pa.bool_(), False, [row["idp"] == "1" for row in rows]),
        ("age", pa.float64(), False, of(float, "xage")),
        ("sex", pa.string(), False, [{"0": "male", "1": "female"}[row["female"]] for row in rows]),
        ("health", pa.string(), False, [rand_health(row) for row in rows]),
        ("family_size", pa.int32(), False, of(int, "num")),
        ("education_years", pa.float64(), True, of(number, "educdec")),
        ("income_dollars", DECIMAL, False, of(money, "income")),
        ("chronic_diseases", pa.float64(), False, of(float, "disea")),
        ("mental_health", pa.float64(), False, of(float, "mhi")),
    ]
    columns += [(name, DECIMAL, False, of(money, source)) for source, name in RAND_MONEY.items()]
    columns += [(name, pa.int32(), False, of(int, source)) for source, name in RAND_COUNTS.items()]
    return table(columns)


BUILDERS = {"census-income-1994": census, "nyc-flights-2013": flights, "nyc-weather-2013": weather, "rand-health-insurance": rand}
