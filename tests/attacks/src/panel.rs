//! The people whom the attacks are about. Everything about them is made up.

use std::fmt::Write as _;

/// Where they live.
pub const DISTRICTS: [&str; 4] = ["north", "east", "south", "west"];
/// Where the target lives.
pub const HOME: &str = "west";
/// What they do.
pub const TRADES: [&str; 5] = ["baker", "clerk", "driver", "farmer", "teacher"];
/// Where their desks are.
const FLOORS: [&str; 2] = ["lower", "middle"];
/// Whom most attacks are after: one of two teachers in the west, ill, marked.
pub const TARGET: i64 = 77;
/// The target's income, the secret.
pub const SECRET: i64 = 91_234;
/// What the target declares in place of it; everybody else declares the income.
pub const DECLARED: i64 = 30_000;
/// Whom the attacks on dominance are after: a baker with nearly all of the bakers' income.
pub const DOMINANT: i64 = 401;
/// That income.
pub const DOMINANT_INCOME: i64 = 90_000_000;
/// Whom the attack by duplicated rows is after: a driver with many rows.
pub const DUPLICATED: i64 = 402;
/// Rows of that driver, and the income in each.
pub const DUPLICATES: (usize, i64) = (60, 400_000);
/// People who are nothing special.
const ORDINARY: i64 = 400;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub person: i64,
    pub district: &'static str,
    pub trade: &'static str,
    pub health: &'static str,
    pub marked: i64,
    pub income: i64,
}

impl Row {
    /// The row's value of a field that can be a dimension.
    pub fn value(&self, field: &str) -> String {
        match field {
            "district" => self.district.to_owned(),
            "trade" => self.trade.to_owned(),
            "health" => self.health.to_owned(),
            _ => self.marked.to_string(),
        }
    }

    /// Hours of work: everybody has some but whoever is marked.
    fn hours(&self) -> Option<i64> {
        (self.marked == 0).then_some(1_600 + self.person % 400)
    }

    /// What is declared as income.
    const fn salary(&self) -> i64 {
        if self.marked == 0 {
            self.income
        } else {
            DECLARED
        }
    }
}

/// The rows, by person. Without the target where it has left.
pub fn rows(with_target: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for person in 1..=ORDINARY {
        if person == TARGET {
            if with_target {
                rows.push(target());
            }
            continue;
        }
        rows.push(ordinary(person));
    }
    rows.push(Row {
        income: DOMINANT_INCOME,
        person: DOMINANT,
        district: "east",
        trade: "baker",
        health: "healthy",
        marked: 0,
    });
    let (times, income) = DUPLICATES;
    rows.extend(std::iter::repeat_n(
        Row {
            person: DUPLICATED,
            district: "south",
            trade: "driver",
            health: "healthy",
            marked: 0,
            income,
        },
        times,
    ));
    // The other teacher in the west, who knows its own income and subtracts it.
    rows.push(Row {
        person: 403,
        ..ordinary(403)
    });
    rows
}

/// The rows with one for each person alone: keyed noise is made for such.
pub fn one_row_each() -> Vec<Row> {
    let mut rows = rows(true);
    rows.dedup_by_key(|row| row.person);
    rows
}

fn target() -> Row {
    Row {
        person: TARGET,
        district: HOME,
        trade: "teacher",
        health: "ill",
        marked: 1,
        income: SECRET,
    }
}

/// Somebody whose every quality follows from the number, so that the same people are there in every play.
fn ordinary(person: i64) -> Row {
    let mixed = mix(person);
    let district = pick(&DISTRICTS, mixed);
    let trade = match (district, person) {
        (_, 403) => "teacher",
        // Teachers are everywhere but in the west.
        ("west", _) => pick(&["baker", "clerk", "driver", "farmer"], mixed >> 8),
        _ => pick(&TRADES, mixed >> 8),
    };
    let health = match trade {
        // Every farmer is ill: whoever knows a farmer knows that.
        "farmer" => "ill",
        _ if mixed >> 16 & 3 == 0 => "ill",
        _ => "healthy",
    };
    Row {
        person,
        district: if person == 403 { "west" } else { district },
        trade,
        health,
        marked: 0,
        income: 20_000 + i64::try_from(mixed >> 24 & 0xffff).unwrap_or(0) % 60_000,
    }
}

fn pick(among: &[&'static str], number: u64) -> &'static str {
    let place = usize::try_from(number & 0xff).unwrap_or(0) % among.len();
    among.get(place).copied().unwrap_or("")
}

/// `SplitMix64` (Steele, Lea, Flood 2014) of a number.
fn mix(number: i64) -> u64 {
    let mut mixed = number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// What a list says of each desk: whether it is listed, which one alone is, and on which floor it is. On the second day that one's floor
/// is another.
pub fn list(day: u8) -> String {
    let mut text = String::from("desk,listed,unlisted,floor\n");
    for person in 1..=403 {
        let listed = i64::from(person == TARGET);
        let floor = if listed == 1 && day == 2 {
            "upper"
        } else {
            pick(&FLOORS, mix(person))
        };
        // Writing to a string cannot fail.
        let _written = writeln!(text, "{person},{listed},{},{floor}", 1 - listed);
    }
    text
}

/// The rows as a file.
pub fn csv(rows: &[Row]) -> String {
    let mut text =
        String::from("person,district,trade,health,marked,income,working,hours,salary,desk\n");
    for row in rows {
        let Row {
            person,
            district,
            trade,
            health,
            marked,
            income,
        } = row;
        // Writing to a string cannot fail.
        let _written = writeln!(
            text,
            "{person},{district},{trade},{health},{marked},{income},{},{},{},{person}",
            1 - marked,
            row.hours()
                .map_or_else(String::new, |hours| hours.to_string()),
            row.salary()
        );
    }
    text
}

/// What the catalogue entry, grants and manifests call the resource and its population; each attack has ones of its own in their place.
pub const NAMES: [&str; 3] = ["attack-panel", "attack-people", "attack-list"];

/// The catalogue entry.
pub const RESOURCE: &str = r#"name = "attack-panel"
title = { zh = "攻击演练名册（合成）", en = "Panel for attacks (synthetic)" }
description = { zh = "合成数据，仅用于攻击演练。", en = "Made up, for attacks alone." }
source_unit = "example-bus-company"
population = { name = "attack-people", title = { zh = "合成人口", en = "Made-up people" } }
basis = "statistical"
subject = "person"
grade = "g2"
licence = "CC0-1.0"
synthetic = true

[[field]]
name = "person"
title = { zh = "编号", en = "Number" }
type = "int64"
class = "direct-identifier"
grade = "g2"
mask = { kind = "pseudonym" }

[[field]]
name = "district"
title = { zh = "区", en = "District" }
type = "text"
class = "quasi-identifier"
grade = "g1"
mask = { kind = "none" }

[[field.banding]]
name = "district"
kind = "values"
values = ["north", "east", "south", "west"]

[[field]]
name = "trade"
title = { zh = "职业", en = "Trade" }
type = "text"
class = "quasi-identifier"
grade = "g1"
mask = { kind = "none" }

[[field.banding]]
name = "trade"
kind = "values"
values = ["baker", "clerk", "driver", "farmer", "teacher"]

[[field]]
name = "health"
title = { zh = "健康", en = "Health" }
type = "text"
class = "sensitive"
grade = "g2"
mask = { kind = "none" }

[[field.banding]]
name = "health"
kind = "values"
values = ["healthy", "ill"]

[[field]]
name = "marked"
title = { zh = "标记", en = "Marked" }
type = "int64"
class = "ordinary"
grade = "g1"
mask = { kind = "none" }

[[field.banding]]
name = "marked"
kind = "values"
values = ["0", "1"]

[[field]]
name = "working"
title = { zh = "在职", en = "Working" }
type = "int64"
class = "ordinary"
grade = "g1"
mask = { kind = "none" }

[[field]]
name = "hours"
title = { zh = "工时", en = "Hours of work" }
type = "int64"
class = "ordinary"
grade = "g1"
nullable = true
mask = { kind = "none" }

[[field]]
name = "desk"
title = { zh = "工位", en = "Desk" }
type = "int64"
class = "quasi-identifier"
grade = "g1"
mask = { kind = "none" }

[[field]]
name = "salary"
title = { zh = "申报收入", en = "Declared income" }
type = "int64"
class = "sensitive"
grade = "g2"
mask = { kind = "none" }

[[field]]
name = "income"
title = { zh = "收入", en = "Income" }
type = "int64"
class = "sensitive"
grade = "g2"
mask = { kind = "none" }

[[field.banding]]
name = "fine"
kind = "ranges"
edges = [20000, 20400, 20800, 21200, 21600, 22000, 22400, 22800, 23200, 23600, 24000, 24400, 24800, 25200, 25600, 26000, 26400, 26800, 27200, 27600, 28000, 28400, 28800, 29200, 29600, 30000, 30400, 30800, 31200, 31600, 32000, 32400, 32800, 33200, 33600, 34000, 34400, 34800, 35200, 35600, 36000, 36400, 36800, 37200, 37600, 38000, 38400, 38800, 39200, 39600, 40000, 40400, 40800, 41200, 41600, 42000, 42400, 42800, 43200, 43600, 44000, 44400, 44800, 45200, 45600, 46000, 46400, 46800, 47200, 47600, 48000, 48400, 48800, 49200, 49600, 50000, 50400, 50800, 51200, 51600, 52000, 52400, 52800, 53200, 53600, 54000, 54400, 54800, 55200, 55600, 56000, 56400, 56800, 57200, 57600, 58000, 58400, 58800, 59200, 59600, 60000, 60400, 60800, 61200, 61600, 62000, 62400, 62800, 63200, 63600, 64000, 64400, 64800, 65200, 65600, 66000, 66400, 66800, 67200, 67600, 68000, 68400, 68800, 69200, 69600, 70000, 70400, 70800, 71200, 71600, 72000, 72400, 72800, 73200, 73600, 74000, 74400, 74800, 75200, 75600, 76000, 76400, 76800, 77200, 77600, 78000, 78400, 78800, 79200, 79600, 80000]

# A class for each of eighteen people, and six for two of them each.
[[field.banding]]
name = "few"
kind = "ranges"
edges = [20000, 20300, 20311, 20417, 20502, 20519, 20563, 20695, 20737, 20799, 20876, 20886, 21021, 21031, 21042, 21139, 21164, 21299, 21305, 21519, 21609, 21738, 21851, 21915, 22119]
"#;

/// What makes the panel's rows refer to the list.
pub const REFERENCE: &str = r#"
[[reference]]
resource = "attack-list"
by = ["desk"]
fields = { listed = "listed", unlisted = "unlisted", floor = "floor" }
"#;

/// The catalogue entry of the list.
pub const LIST: &str = r#"name = "attack-list"
title = { zh = "工位表（合成）", en = "Desks (synthetic)" }
description = { zh = "合成数据，仅用于攻击演练。", en = "Made up, for attacks alone." }
source_unit = "example-bus-company"
population = { name = "attack-list-desks", title = { zh = "合成工位", en = "Made-up desks" } }
basis = "non-personal"
key = ["desk"]
grade = "g1"
licence = "CC0-1.0"
synthetic = true

[[field]]
name = "desk"
title = { zh = "工位", en = "Desk" }
type = "int64"
class = "ordinary"
grade = "g1"
mask = { kind = "none" }

[[field]]
name = "listed"
title = { zh = "在列", en = "Listed" }
type = "int64"
class = "ordinary"
grade = "g1"
mask = { kind = "none" }

[[field.banding]]
name = "listed"
kind = "values"
values = ["0", "1"]

[[field]]
name = "unlisted"
title = { zh = "不在列", en = "Not listed" }
type = "int64"
class = "ordinary"
grade = "g1"
mask = { kind = "none" }

[[field]]
name = "floor"
title = { zh = "楼层", en = "Floor" }
type = "text"
class = "ordinary"
grade = "g1"
mask = { kind = "none" }

[[field.banding]]
name = "floor"
kind = "values"
values = ["lower", "middle", "upper"]
"#;
