"""Makes the synthetic bus rides: seven daily increments as an official would bring them, GB18030 CSV with CRLF line ends.

Everything here is made up: lines, stations, cards and rides; names of places serve as names of stations, without their geography. Only `random.Random.random()` is drawn from, whose sequence for a seed is
fixed across Python versions, so the bytes are the same everywhere.
"""

import csv
import datetime
import io
import random

SEED = 20260302
FIRST_DAY = datetime.date(2026, 3, 2)
DAYS = 7
ZONE = datetime.timezone(datetime.timedelta(hours=8))
# Rides started per day, Monday to Sunday.
RIDES = (8200, 8100, 8150, 8050, 8400, 6300, 5900)
# Share of a day's rows that are delivered one and two days late.
LATE_ONE, LATE_TWO = 0.012, 0.004

COLUMNS = (
    "card_id,card_type,line,direction,board_station,board_district,alight_station,"
    "ride_date,boarded_at,alighted_at,fare,transfer,recorded_date"
).split(",")

# Stations by district, in the order in which lines pass them; all made up. 㳇 has four bytes in GB18030 and none in GBK.
STATIONS = {
    "梁溪区": "运河古驿 崇宁路口 望湖门 槐古桥 学前广场 北仓口 惠龙新村 清名里".split(),
    "滨湖区": "蠡溪渡 青祁桥 梅梁湾 雪浪亭 军嶂山 华庄集 长广溪北 湖滨剧场".split(),
    "新吴区": "旺庄新城 硕放东 鸿山遗址 空港枢纽 新安花苑 梅村里 江溪桥 太科园".split(),
    "锡山区": "东亭市场 安镇站前 羊尖口 鹅湖渡 查桥集 云林苑 厚桥村 荡口古街".split(),
    "惠山区": "洛社北 前洲里 玉祁桥 阳山桃园 钱桥集 堰桥站前 西漳口 㳇泾桥".split(),
}
DISTRICT = {station: district for district, stations in STATIONS.items() for station in stations}

# Line → (weight, full fare in fen, whether passengers tap out, its stations).
LINES = {
    "1路": (20, 200, False, ("梁溪区", "滨湖区")),
    "2路": (17, 200, False, ("梁溪区", "新吴区")),
    "16路": (13, 200, False, ("梁溪区", "惠山区")),
    "27路": (11, 200, False, ("锡山区", "梁溪区")),
    "58路": (9, 200, False, ("滨湖区", "新吴区")),
    "88路": (8, 200, False, ("惠山区", "锡山区")),
    "快线1号": (10, 400, True, ("新吴区", "梁溪区", "滨湖区")),
    "快线3号": (7, 400, True, ("锡山区", "梁溪区", "惠山区")),
    "微循环6路": (4, 100, False, ("滨湖区",)),
    "夜间3路": (0.25, 300, True, ("梁溪区", "新吴区")),
}

# Card type → (share of cards, rides a day relative to an adult's, tenths of the full fare paid).
CARDS = {
    "普通卡": (0.62, 1.0, 9),
    "学生卡": (0.15, 1.1, 5),
    "老年卡": (0.16, 0.8, 0),
    "市民卡": (0.064, 0.9, 8),
    "爱心卡": (0.006, 0.6, 0),
}
CARD_COUNT = 5200

# Weight of each hour of the day for boarding, on working days and on days off.
WORKDAY = (0, 0, 0, 0, 0, 2, 9, 19, 15, 8, 6, 6, 6, 5, 5, 7, 11, 17, 12, 7, 5, 4, 2, 1)
DAY_OFF = (0, 0, 0, 0, 0, 1, 3, 6, 9, 11, 11, 10, 9, 9, 10, 10, 10, 9, 7, 6, 5, 3, 2, 1)


class Source:
    """Draws from weighted choices with `random()` alone."""

    def __init__(self, seed):
        self.draw = random.Random(seed).random

    def below(self, bound):
        """An integer from 0 below `bound`."""
        return int(self.draw() * bound)

    def pick(self, weighted):
        """A key of a list of (key, weight)."""
        at = self.draw() * sum(weight for _, weight in weighted)
        for key, weight in weighted:
            at -= weight
            if at < 0:
                return key
        return weighted[-1][0]


def cards(source):
    """Cards as (id, type, home line, rides relative to an adult's); most of a card's rides are on its home line."""
    kinds = [(kind, share) for kind, (share, _, _) in CARDS.items()]
    lines = [(line, weight) for line, (weight, _, _, _) in LINES.items()]
    made = {}
    while len(made) < CARD_COUNT:
        identifier = f"WX{source.below(10**10):010d}"
        kind = source.pick(kinds)
        # A few people ride much more than others.
        eager = 4.0 if source.draw() < 0.03 else 0.4 + source.draw()
        made[identifier] = (identifier, kind, source.pick(lines), eager * CARDS[kind][1])
    return list(made.values())


def ride(source, card, day):
    """One ride of a card on a day, as a row without its day of delivery."""
    identifier, kind, home, _ = card
    line = home if source.draw() < 0.7 else source.pick([(name, weight) for name, (weight, _, _, _) in LINES.items()])
    _, full, taps_out, districts = LINES[line]
    stations = [station for district in districts for station in STATIONS[district]]
    hours = DAY_OFF if day.weekday() >= 5 else WORKDAY
    hour = (21 + source.below(3)) if line == "夜间3路" else source.pick(list(enumerate(hours)))
    boarded = datetime.datetime(day.year, day.month, day.day, hour, source.below(60), source.below(60), tzinfo=ZONE)
    start = source.below(len(stations) - 1)
    stop = start + 1 + source.below(len(stations) - 1 - start)
    outward = source.draw() < 0.5
    if not outward:
        start, stop = stop, start
    transfer = source.draw() < 0.11
    fare = 0 if transfer else full * CARDS[kind][2] // 10
    minutes = 3 * abs(stop - start) + source.below(6)
    # One in forty forgets to tap out.
    alights = taps_out and source.draw() >= 0.025
    return {
        "card_id": identifier,
        "card_type": kind,
        "line": line,
        "direction": "上行" if outward else "下行",
        "board_station": stations[start],
        "board_district": DISTRICT[stations[start]],
        "alight_station": stations[stop] if alights else "",
        "ride_date": day.isoformat(),
        "boarded_at": boarded.isoformat(),
        "alighted_at": (boarded + datetime.timedelta(minutes=minutes)).isoformat() if alights else "",
        "fare": f"{fare // 100}.{fare % 100:02d}",
        "transfer": "true" if transfer else "false",
    }


def cumulative(weights):
    """Running sums."""
    total, sums = 0.0, []
    for weight in weights:
        total += weight
        sums.append(total)
    return sums


def at_random(source, sums):
    """Index drawn in proportion to the weights behind `sums`."""
    at, low, high = source.draw() * sums[-1], 0, len(sums) - 1
    while low < high:
        middle = (low + high) // 2
        if sums[middle] > at:
            high = middle
        else:
            low = middle + 1
    return low


def files():
    """The seven daily increments by file name; a row stands in the file of the day on which it was delivered."""
    source = Source(SEED)
    holders = cards(source)
    sums = cumulative(weight for _, _, _, weight in holders)
    delivered = {FIRST_DAY + datetime.timedelta(days=offset): [] for offset in range(DAYS)}
    for offset, count in enumerate(RIDES):
        day = FIRST_DAY + datetime.timedelta(days=offset)
        for _ in range(count):
            row = ride(source, holders[at_random(source, sums)], day)
            chance = source.draw()
            late = 1 if chance < LATE_ONE else 2 if chance < LATE_ONE + LATE_TWO else 0
            recorded = day + datetime.timedelta(days=late)
            if recorded in delivered:
                delivered[recorded].append({**row, "recorded_date": recorded.isoformat()})
    return {f"rides-{day.isoformat()}.csv": encoded(rows) for day, rows in delivered.items()}


def encoded(rows):
    """Rows as GB18030 CSV in the order of boarding, with CRLF line ends as spreadsheets write them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: (row["boarded_at"], row["card_id"])))
    return text.getvalue().encode("gb18030")
