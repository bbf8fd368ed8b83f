"""Makes the clinic's microdata: synthetic, nobody's. Standard library only: `python3 make.py`."""

import csv
import random

random.seed(20260401)
COUNTS = {
    ("城东", "cardiology"): 64,
    ("城东", "oncology"): 41,
    ("城东", "psychiatry"): 33,
    ("城西", "cardiology"): 58,
    ("城西", "oncology"): 37,
    ("城西", "psychiatry"): 4,
    ("城南", "cardiology"): 72,
    ("城南", "oncology"): 46,
    ("城南", "psychiatry"): 29,
}

patients = []
for (district, ward), count in COUNTS.items():
    for _ in range(count):
        patients.append((district, ward))
random.shuffle(patients)
with open("microdata.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["patient", "household", "district", "ward", "age", "days", "cost"])
    for number, (district, ward) in enumerate(patients):
        age = random.randint(18, 92)
        days = random.randint(1, 21)
        cost = days * random.randint(300, 900)
        writer.writerow([f"p{number:04}", f"h{number * 7 % 331:03}", district, ward, age, days, cost])
